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

class BadRecords {
 public:
  BadRecords(std::string source_name, DecodeOptions options);
  ~BadRecords();
  BadRecords(const BadRecords&) = delete;
  BadRecords& operator=(const BadRecords&) = delete;

  Status open(const TaskContext& context);
  // `source` takes the place of the source's name, unless it is empty.
  void note(const RawRecord& raw, const std::string& reason, std::string_view source = {}) noexcept;
  // Hands dead letters to the disk: before the batch counts as done.
  void end_batch() noexcept;
  Status close();

 private:
  void keep(const RawRecord& raw, const std::string& reason, std::string_view source) noexcept;

  std::string source_name_;
  DecodeOptions options_;
  std::unique_ptr<DeadLetterFile> dead_letters_;
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
  FileSystem* file_system_ = nullptr;
};

}  // namespace penstock
