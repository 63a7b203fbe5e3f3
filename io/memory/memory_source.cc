#include "penstock/io/memory/memory_source.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

class MemoryReader final : public ByteReader {
 public:
  MemoryReader(const std::vector<std::string>& records, const SourceContext& context)
      : records_(records), next_(context.task_index), step_(context.task_count) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    for (; result.records < batch.size() && next_ < records_.size(); next_ += step_) {
      const std::string& record = records_[next_];
      batch[result.records++] = {{record.data(), record.size() - kRawPaddingBytes}, {SplitId{0}, next_}, now};
    }
    if (next_ >= records_.size()) result.state = SourceState::kEnded;
    return result;
  }

 private:
  const std::vector<std::string>& records_;
  std::size_t next_;
  std::size_t step_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::vector<std::string> records) : records_(std::move(records)) {
    for (std::string& record : records_) record.append(kRawPaddingBytes, '\0');
  }

  std::string name() const override { return "memory"; }
  std::uint32_t parallelism_max() const override { return ~0u; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    return std::unique_ptr<ByteReader>(std::make_unique<MemoryReader>(records_, context));
  }

 private:
  std::vector<std::string> records_;
};

}  // namespace

std::shared_ptr<const ByteSource> memory_source(std::vector<std::string> records) {
  return std::make_shared<MemorySource>(std::move(records));
}

}  // namespace penstock
