#include "penstock/io/memory/memory_sink.h"

#include <utility>

namespace penstock {

class MemorySink::Writer final : public ByteWriter {
 public:
  explicit Writer(std::shared_ptr<const MemorySink> sink) : sink_(std::move(sink)) {}

  Status write(std::string_view record) override {
    batch_.emplace_back(record);
    return Status();
  }
  Status flush() override {
    const std::lock_guard lock(sink_->mutex_);
    for (std::string& record : batch_) sink_->records_.push_back(std::move(record));
    batch_.clear();
    return Status();
  }
  Status close() override { return flush(); }

 private:
  std::shared_ptr<const MemorySink> sink_;
  std::vector<std::string> batch_;
};

std::vector<std::string> MemorySink::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

Result<std::unique_ptr<ByteWriter>> MemorySink::open(const SinkContext&) const {
  return std::unique_ptr<ByteWriter>(std::make_unique<Writer>(shared_from_this()));
}

}  // namespace penstock
