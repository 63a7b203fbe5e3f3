#include "penstock/io/memory/memory_source.h"

#include <limits>
#include <utility>

namespace penstock {
namespace {

using PaddedRecords = std::shared_ptr<const std::vector<std::string>>;

class MemoryReader final : public ByteReader {
 public:
  MemoryReader(PaddedRecords records, const SourceContext& context)
      : records_(std::move(records)), next_(context.task_index), step_(context.task_count) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    for (; result.records < batch.size() && next_ < records_->size(); next_ += step_) {
      const std::string& record = (*records_)[next_];
      batch[result.records++] = {
          {record.data(), record.size() - kRawPaddingBytes}, {SplitId{0}, next_}, now};
    }
    if (next_ >= records_->size()) result.state = SourceState::kEnded;
    return result;
  }

 private:
  PaddedRecords records_;
  std::size_t next_;
  std::size_t step_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(PaddedRecords records) : records_(std::move(records)) {}

  std::string name() const override { return "memory"; }
  std::uint32_t parallelism_max() const override {
    return std::numeric_limits<std::uint32_t>::max();
  }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<MemoryReader>(records_, context));
  }

 private:
  PaddedRecords records_;
};

}  // namespace

std::shared_ptr<const ByteSource> memory_source(std::vector<std::string> records) {
  for (std::string& record : records) record.append(kRawPaddingBytes, '\0');
  return std::make_shared<MemorySource>(
      std::make_shared<const std::vector<std::string>>(std::move(records)));
}

}  // namespace penstock
