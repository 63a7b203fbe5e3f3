#include "penstock/core/runtime/task_capture.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "penstock/core/base/crash_point.h"

namespace penstock {
namespace {

constexpr std::string_view kWatermarks = "watermarks";

}  // namespace

void TaskCapture::begin(Epoch epoch, EventTime watermark, bool ended) noexcept {
  port_->begin(epoch);
  writer_.emplace(*port_);
  writer_->select_operator(kOperator);
  writer_->section(kWatermarks, 1);
  const Watermarks watermarks{watermark, body_.sent_watermark()};
  std::memcpy(writer_->add_room(sizeof(watermarks)), &watermarks, sizeof(watermarks));
  body_.capture(epoch, *writer_);
  PENSTOCK_CRASH_POINT("task.capture_begun");
  running_ = more_ = true;
  ended_ = ended;
}

bool TaskCapture::advance() noexcept {
  if (!running_ || !port_->has_room()) return false;
  if (more_) {
    more_ = body_.capture_more(kSlice, *writer_);
    if (more_) return true;
    writer_->flush();
  }
  if (!body_.captured()) return false;
  running_ = false;
  port_->finish(ended_);
  PENSTOCK_CRASH_POINT("task.captured");
  return true;
}

void TaskCapture::cancel() noexcept {
  if (!running_) return;
  running_ = false;
  body_.cancel_capture();
}

Status TaskCapture::restore(const SnapshotItem& item) {
  Watermarks seen;
  if (item.section != kWatermarks || item.version != 1 || item.bytes.size() != sizeof(seen)) {
    return Status::data_error("the watermarks of a task have " + std::to_string(item.bytes.size()) +
                              " bytes; they should have " + std::to_string(sizeof(seen)));
  }
  std::memcpy(&seen, item.bytes.data(), sizeof(seen));
  if (!restored_) restored_ = seen;
  restored_->in = std::min(restored_->in, seen.in);
  restored_->out = std::min(restored_->out, seen.out);
  return Status();
}

}  // namespace penstock
