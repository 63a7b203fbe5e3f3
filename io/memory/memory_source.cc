#include "penstock/io/memory/memory_source.h"

#include <limits>
#include <string_view>
#include <utility>

#include "penstock/io/decode/dealt_numbers.h"

namespace penstock {
namespace {

using PaddedRecords = std::shared_ptr<const std::vector<std::string>>;

class MemoryReader final : public ByteReader {
 public:
  MemoryReader(PaddedRecords records, const SourceContext& context)
      : records_(std::move(records)), numbers_(context.task_index, context.task_count) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    PollResult result;
    numbers_.settle();
    for (; result.records < batch.size() && numbers_.next() < records_->size();
         numbers_.advance()) {
      const std::string& record = (*records_)[numbers_.next()];
      batch[result.records++] = {
          {record.data(), record.size() - kRawPaddingBytes}, {SplitId{0}, numbers_.next()}, now};
    }
    if (numbers_.next() >= records_->size()) result.state = SourceState::kEnded;
    return result;
  }

  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    std::string item;
    ByteAppender bytes(item);
    numbers_.capture(unread, bytes);
    out.section(kSection, 1);
    out.add(item);
  }
  Status restore(const SnapshotItem& item) override {
    if (item.section != kSection) return ByteReader::restore(item);
    ByteCursor bytes(item.bytes);
    return numbers_.restore(bytes, item);
  }
  Status restored() override { return numbers_.restored(); }

 private:
  static constexpr std::string_view kSection = "memory";

  PaddedRecords records_;
  DealtNumbers numbers_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(PaddedRecords records) : records_(std::move(records)) {}

  std::string name() const override { return "memory"; }
  std::uint32_t parallelism_max() const override {
    return std::numeric_limits<std::uint32_t>::max();
  }
  std::string what_may_be_lost() const override { return ""; }
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
