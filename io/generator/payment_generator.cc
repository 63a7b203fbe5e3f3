#include "penstock/io/generator/payment_generator.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace penstock {
namespace {

constexpr std::size_t kLineStride = kPaymentBytesMax + kRawPaddingBytes;
constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

// When payment `number` is due, relative to the first.
std::chrono::nanoseconds due_after(const PaymentGeneratorOptions& options, std::uint64_t number) noexcept {
  if (options.rate <= 0) return std::chrono::nanoseconds(0);
  const double at = static_cast<double>(number) / options.rate;
  if (options.burst_factor <= 1) return std::chrono::nanoseconds(static_cast<std::int64_t>(at * 1e9));
  // In each second the share that belongs to the burst comes within its first tenth, the rest in the other nine.
  const double second = std::floor(at);
  const double done = at - second;
  const double burst = std::min(1.0, options.burst_factor / 10);
  const double within = done < burst ? done / burst * 0.1 : 0.1 + (done - burst) / (1 - burst) * 0.9;
  return std::chrono::nanoseconds(static_cast<std::int64_t>((second + within) * 1e9));
}

class PaymentReader final : public ByteReader {
 public:
  PaymentReader(const PaymentGeneratorOptions& options, const SourceContext& context)
      : options_(options),
        next_(context.task_index),
        step_(context.task_count),
        end_(payment_count(options) == 0 ? kNoEnd : payment_count(options)) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    if (start_ == kNever) start_ = now;
    if (lines_.size() < batch.size() * kLineStride) lines_.resize(batch.size() * kLineStride);
    PollResult result;
    while (result.records < batch.size() && next_ < end_) {
      const Instant due = options_.rate > 0 ? start_ + due_after(options_, next_) : now;
      if (due > now) {
        result.state = SourceState::kWaiting;
        result.wake_at = due;
        return result;
      }
      char* line = lines_.data() + result.records * kLineStride;
      batch[result.records++] = {{line, write_payment(options_, next_, line)}, {SplitId{0}, next_}, due};
      next_ += step_;
    }
    if (next_ >= end_) result.state = SourceState::kEnded;
    return result;
  }

 private:
  PaymentGeneratorOptions options_;
  std::uint64_t next_;
  std::uint64_t step_;
  std::uint64_t end_;
  Instant start_ = kNever;
  std::vector<char> lines_;
};

class PaymentGenerator final : public ByteSource {
 public:
  explicit PaymentGenerator(const PaymentGeneratorOptions& options) : options_(options) {}

  std::string name() const override { return "payment generator"; }
  std::uint32_t parallelism_max() const override { return ~0u; }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    if (options_.cards < 1 || options_.cards > 600'000'000) {
      return Status::invalid_argument("payment generator: option cards is " + std::to_string(options_.cards) +
                                      ": choose 1 to 600000000");
    }
    return std::unique_ptr<ByteReader>(std::make_unique<PaymentReader>(options_, context));
  }

 private:
  PaymentGeneratorOptions options_;
};

}  // namespace

std::uint64_t payment_count(const PaymentGeneratorOptions& options) noexcept {
  const auto by_time = static_cast<std::uint64_t>(std::max(0.0, options.rate * options.seconds));
  if (options.count == 0) return by_time;
  return by_time == 0 ? options.count : std::min(options.count, by_time);
}

std::shared_ptr<const ByteSource> payment_generator(const PaymentGeneratorOptions& options) {
  return std::make_shared<PaymentGenerator>(options);
}

Status write_payments(const PaymentGeneratorOptions& options, WritableFile& file) {
  constexpr std::size_t kChunkBytes = 1 << 16;
  std::string chunk;
  char line[kPaymentBytesMax];
  const std::uint64_t count = payment_count(options);
  for (std::uint64_t number = 0; number < count; ++number) {
    chunk.append(line, write_payment(options, number, line));
    chunk += '\n';
    if (chunk.size() < kChunkBytes) continue;
    PENSTOCK_RETURN_IF_ERROR(file.append(chunk));
    chunk.clear();
  }
  return file.append(chunk);
}

}  // namespace penstock
