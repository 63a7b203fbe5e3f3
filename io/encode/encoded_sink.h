// io/encode/encoded_sink.h -- the end of a chain that leaves as bytes: encodes each record and hands it to a writer.
//
// An Encoder is copyable and has `void encode(const T&, std::string& out)`, which appends. One that has a message to
// give, with a key or headers, also has `void encode_message(const T&, EventTime, MessageBuffer& out)`, and is asked
// for that instead. The buffer is reused, so a steady state allocates nothing. The system call comes once per polled
// batch, with the flush.
// Threads    Owned by one task.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/record.h"
#include "penstock/core/stream/sink.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/io/encode/message_buffer.h"

namespace penstock {

template <class T, class Encoder>
class EncodedSink {
 public:
  using Output = T;

  EncodedSink(std::shared_ptr<const ByteSink> sink, Encoder encoder)
      : sink_(std::move(sink)), encoder_(std::move(encoder)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    Result<std::unique_ptr<ByteWriter>> writer =
        sink_->open({context.task_index, context.task_count, context.file_system, context.waker,
                     context.notices, context.clock, context.counters, context.takes_snapshots});
    if (!writer.ok()) return writer.status();
    writer_ = std::move(*writer);
    return Status();
  }

  void on_record(const Record<T>& record, auto&&) noexcept {
    buffer_.clear();
    if constexpr (kIsMessage) {
      encoder_.encode_message(record.value, record.time, buffer_);
      note(writer_->write_message(buffer_.message()));
    } else {
      encoder_.encode(record.value, buffer_);
      note(writer_->write(buffer_));
    }
    written_ = true;
  }

  void end_batch(Instant now, auto&&) noexcept {
    if (!std::exchange(written_, false) && now < writer_->wake_at()) return;
    note(writer_->flush());
  }
  bool ready() noexcept { return writer_->ready(); }
  Instant wake_at() const noexcept { return writer_->wake_at(); }

  void capture(Epoch epoch, SnapshotWriter& out) noexcept {
    note(writer_->flush());
    written_ = false;
    writer_->capture(epoch, out);
  }
  bool captured() const noexcept { return writer_->captured(); }
  void cancel_capture() noexcept { writer_->cancel_capture(); }
  Status restore(const SnapshotItem& item) {
    return writer_->restore(item).with_place(sink_->name());
  }
  Status restored() { return writer_->restored().with_place(sink_->name()); }
  void committed(Epoch epoch) noexcept { writer_->committed(epoch); }

  Status close(auto&&) { return writer_ == nullptr ? Status() : writer_->close(); }

 private:
  static constexpr bool kIsMessage =
      requires(Encoder& encoder, const T& value, MessageBuffer& out) {
        encoder.encode_message(value, EventTime{}, out);
      };

  void note(Status status) noexcept {
    if (!status.ok()) failure_->set(std::move(status));
  }

  std::shared_ptr<const ByteSink> sink_;
  Encoder encoder_;
  std::shared_ptr<ByteWriter>
      writer_;  // Shared only so that the prototype can be copied; it has none.
  std::conditional_t<kIsMessage, MessageBuffer, std::string> buffer_;
  TaskFailure* failure_ = nullptr;
  bool written_ = false;
};

}  // namespace penstock
