// io/dead_letter/dead_letter_sink.h -- records that could not be read, as messages of a sink.
//
// A message has the raw bytes as its value and the key that the record had, so that it can be mended and sent again.
// Its headers say where it is from, and behind them come those of the record itself:
//   penstock.source     the topic, or the source's name
//   penstock.split      the part of the source, by the job's number
//   penstock.offset
//   penstock.error      why it could not be read
//   penstock.partition  of the topic: of a source of messages only
//   penstock.timestamp  of the message, in ms, where its source has one
// Cost       Cold: runs for records that cannot be read. In between it only serves its writer.
// Errors     As the sink's: one that cannot be kept fails the job, it is not dropped.
// Threads    Owned by one task.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/stream/sink.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

class DeadLetterSink {
 public:
  static Result<std::unique_ptr<DeadLetterSink>> open(const ByteSink& sink,
                                                      const TaskContext& context);

  Status add(std::string_view source, std::string_view error, const RawRecord& raw);
  // Whether there is room for a batch in which every record is bad.
  bool ready() noexcept { return writer_->ready(); }
  Instant wake_at() const noexcept { return writer_->wake_at(); }
  // Flushes where something was added, or the writer asks for it.
  Status end_batch(Instant now);
  // At the cut of an epoch. Dead letters are at least once.
  void capture(Epoch epoch, SnapshotWriter& out) noexcept { writer_->capture(epoch, out); }
  bool captured() const noexcept { return writer_->captured(); }
  // Waits until all is kept.
  Status close() { return writer_->close(); }

 private:
  explicit DeadLetterSink(std::unique_ptr<ByteWriter> writer) : writer_(std::move(writer)) {}

  std::unique_ptr<ByteWriter> writer_;
  std::vector<MessageHeader> headers_;
  bool written_ = false;
};

}  // namespace penstock
