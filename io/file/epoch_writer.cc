#include "penstock/io/file/epoch_writer.h"

#include <utility>

#include "penstock/core/base/crc32c.h"

namespace penstock {

Status EpochWriter::begin() {
  if (begun_) [[likely]]
    return Status();
  PENSTOCK_RETURN_IF_ERROR(output_->begin(restored_, notices_));
  begun_ = true;
  return Status();
}

Status EpochWriter::flush() {
  PENSTOCK_RETURN_IF_ERROR(begin());
  if (buffer_.empty()) return output_->lost();
  if (part_ == nullptr) {
    Result<EpochOutput::Part> part = output_->open_part(task_);
    if (!part.ok()) return part.status();
    part_ = std::make_unique<EpochOutput::Part>(std::move(*part));
  }
  PENSTOCK_RETURN_IF_ERROR(part_->file->append(buffer_));
  part_->about.bytes += buffer_.size();
  part_->about.crc = crc32c(buffer_, part_->about.crc);
  buffer_.clear();
  return output_->lost();
}

void EpochWriter::capture(Epoch epoch, SnapshotWriter& out) {
  if (Status status = flush(); !status.ok()) {
    out.before_ack([status] { return status; });
    return;
  }
  last_cut_ = output_->capture({epoch, task_, last_cut_}, std::move(part_), out, output_);
}

Status EpochWriter::restore(const SnapshotItem& item) {
  Result<OutputState> state = output_state_of(item);
  if (!state.ok()) return state.status();
  restored_.push_back(std::move(*state));
  return Status();
}

}  // namespace penstock
