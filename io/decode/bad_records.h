// io/decode/bad_records.h -- applies a source's error policy to the records it cannot read, and counts every one.
//
// Threads    Owned by one task.
// Cost       Cold: nothing here runs for a good record.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/stream/task_context.h"
#include "penstock/io/decode/decode_options.h"

namespace penstock {

class DeadLetterFile;
class DeadLetterSink;

class BadRecords {
 public:
  BadRecords(std::string source_name, DecodeOptions options);
  ~BadRecords();
  BadRecords(const BadRecords&) = delete;
  BadRecords& operator=(const BadRecords&) = delete;

  Status open(const TaskContext& context);
  // `source` takes the place of the source's name, unless it is empty.
  void note(const RawRecord& raw, const std::string& reason, std::string_view source = {}) noexcept;
  // Hands dead letters on: before the batch counts as done. To be called at wake_at() too.
  void end_batch(Instant now) noexcept {
    if (dead_letters_ != nullptr || dead_letter_sink_ != nullptr) flush(now);
  }
  // Whether there is room for a batch, were every record of it bad. False: the worker is woken when there is.
  bool ready() noexcept { return dead_letter_sink_ == nullptr || sink_is_ready(); }
  Instant wake_at() const noexcept {
    return dead_letter_sink_ == nullptr ? kNever : sink_wakes_at();
  }
  // At the cut of an epoch: what was kept so far is on the disk before the epoch counts.
  void capture(Epoch epoch, SnapshotWriter& out) noexcept;
  bool captured() const noexcept;
  Status close();

 private:
  void flush(Instant now) noexcept;
  bool sink_is_ready() noexcept;
  Instant sink_wakes_at() const noexcept;
  Status add_to_file(const RawRecord& raw, const std::string& reason, std::string_view source);
  void keep(const RawRecord& raw, const std::string& reason, std::string_view source) noexcept;

  std::string source_name_;
  DecodeOptions options_;
  std::unique_ptr<DeadLetterFile> dead_letters_;
  std::unique_ptr<DeadLetterSink> dead_letter_sink_;
  bool unsynced_ = false;  // Something was added to the file since the last cut.
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
  FileSystem* file_system_ = nullptr;
};

}  // namespace penstock
