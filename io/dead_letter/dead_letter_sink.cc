#include "penstock/io/dead_letter/dead_letter_sink.h"

#include <string>

namespace penstock {

Result<std::unique_ptr<DeadLetterSink>> DeadLetterSink::open(const ByteSink& sink,
                                                             const TaskContext& context) {
  Result<std::unique_ptr<ByteWriter>> writer =
      sink.open({context.task_index, context.task_count, context.file_system, context.waker,
                 context.notices, context.clock, context.counters});
  if (!writer.ok()) return writer.status().with_place("dead letters");
  return std::unique_ptr<DeadLetterSink>(new DeadLetterSink(std::move(*writer)));
}

Status DeadLetterSink::add(std::string_view source, std::string_view error, const RawRecord& raw) {
  const std::string split = std::to_string(raw.origin.split.value);
  const std::string offset = std::to_string(raw.origin.offset);
  std::string partition;
  std::string timestamp;
  headers_.clear();
  headers_.push_back({"penstock.source", source});
  headers_.push_back({"penstock.split", split});
  headers_.push_back({"penstock.offset", offset});
  headers_.push_back({"penstock.error", error});
  RawMessage letter{raw.bytes, {}};
  if (const Message* message = raw.message) {
    letter.message.key = message->key;
    letter.message.tombstone = message->tombstone;
    partition = std::to_string(message->partition);
    headers_.push_back({"penstock.partition", partition});
    if (message->timestamp != kMinEventTime) {
      timestamp = std::to_string(message->timestamp.micros / 1000);
      headers_.push_back({"penstock.timestamp", timestamp});
    }
    headers_.insert(headers_.end(), message->headers.begin(), message->headers.end());
  }
  letter.message.headers = headers_;
  written_ = true;
  return writer_->write_message(letter).with_place("dead letters");
}

Status DeadLetterSink::end_batch(Instant now) {
  if (!std::exchange(written_, false) && now < writer_->wake_at()) return Status();
  return writer_->flush().with_place("dead letters");
}

}  // namespace penstock
