// io/memory/memory_sink.h -- a list of records as a sink: for tests.
//
// Threads    records() may be called by any thread, while the job runs and after. Writers take the
//            lock once per flush.
// Snapshots  At least once, as far as the sink outlives its job.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/core/stream/sink.h"

namespace penstock {

class MemorySink final : public ByteSink, public std::enable_shared_from_this<MemorySink> {
 public:
  static std::shared_ptr<MemorySink> make() { return std::make_shared<MemorySink>(); }

  // What has been flushed so far; in order per task.
  std::vector<std::string> records() const;

  std::string name() const override { return "memory"; }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override;

 private:
  class Writer;
  mutable std::mutex mutex_;
  mutable std::vector<std::string> records_;
};

}  // namespace penstock
