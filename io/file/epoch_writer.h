// io/file/epoch_writer.h -- a task's writer to an output that its readers see epoch by epoch.
//
// What is written goes to a file of the task's until its epoch is durable, as bytes that whoever derives from this
// chooses; EpochOutput and its target do the rest.
// Threads    The worker of the task.
// Cost       A copy per record, a system call per 64 KiB and flush.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "penstock/core/stream/sink.h"
#include "penstock/io/file/epoch_output.h"

namespace penstock {

class EpochWriter : public ByteWriter {
 public:
  EpochWriter(std::shared_ptr<EpochOutput> output, const SinkContext& context)
      : output_(std::move(output)), task_(context.task_index), notices_(*context.notices) {}

  // Not before the first flush it is known whether there is a snapshot to go on from.
  Instant wake_at() const noexcept override { return begun_ ? kNever : Instant{}; }
  Status flush() override;
  Status close() override { return flush(); }

  void capture(Epoch epoch, SnapshotWriter& out) override;
  Status restore(const SnapshotItem& item) override;
  Status restored() override { return begin(); }

 protected:
  // What is behind it is a record that was just added, and added() follows.
  std::string& buffer() noexcept { return buffer_; }
  Status added() { return buffer_.size() < kBufferBytes ? Status() : flush(); }

 private:
  static constexpr std::size_t kBufferBytes = 1 << 16;

  Status begin();

  const std::shared_ptr<EpochOutput> output_;
  const std::uint32_t task_;
  Notices& notices_;
  bool begun_ = false;
  std::vector<OutputState> restored_;
  std::string buffer_;
  std::unique_ptr<EpochOutput::Part> part_;  // Since the last cut, once there was something.
  std::uint64_t last_cut_ = 0;
};

}  // namespace penstock
