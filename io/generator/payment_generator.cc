#include "penstock/io/generator/payment_generator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace penstock {
namespace {

constexpr std::size_t kLineStride = kPaymentBytesMax + kRawPaddingBytes;
constexpr std::size_t kLinesMax = 256;  // Lent by one poll.

std::uint64_t end_of(const PaymentGeneratorOptions& options) noexcept {
  const std::uint64_t count = payment_count(options);
  return count == 0 ? std::numeric_limits<std::uint64_t>::max() : count;
}

// When payment `number` is due, relative to the first.
std::chrono::nanoseconds due_after(const PaymentGeneratorOptions& options,
                                   std::uint64_t number) noexcept {
  if (options.rate <= 0) return std::chrono::nanoseconds(0);
  const double at = static_cast<double>(number) / options.rate;
  if (options.burst_factor <= 1)
    return std::chrono::nanoseconds(static_cast<std::int64_t>(at * 1e9));
  // In each second the share that belongs to the burst comes within its first tenth, the rest in the other nine.
  const double second = std::floor(at);
  const double done = at - second;
  const double burst = std::min(1.0, options.burst_factor / 10);
  const double within =
      done < burst ? done / burst * 0.1 : 0.1 + (done - burst) / (1 - burst) * 0.9;
  return std::chrono::nanoseconds(static_cast<std::int64_t>((second + within) * 1e9));
}

class PaymentReader final : public ByteReader {
 public:
  PaymentReader(const PaymentGeneratorOptions& options, const SourceContext& context)
      : options_(options),
        next_(context.task_index),
        step_(context.task_count),
        end_(end_of(options)),
        lines_(kLinesMax * kLineStride) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    if (start_ == kNever) start_ = now;
    if (runs_by_clock() && now - start_ >= std::chrono::duration<double>(options_.seconds)) {
      end_ = 0;
    }
    PollResult result;
    const std::size_t room = std::min(batch.size(), kLinesMax);
    while (result.records < room && next_ < end_) {
      const Instant due = options_.rate > 0 ? start_ + due_after(options_, next_) : now;
      if (due > now) {
        result.state = SourceState::kWaiting;
        result.wake_at = due;
        return result;
      }
      batch[result.records] = record(lines_.data() + result.records * kLineStride, due);
      ++result.records;
      next_ += step_;
    }
    if (next_ >= end_) result.state = SourceState::kEnded;
    return result;
  }

 private:
  // Without a rate there is no schedule whose payments `seconds` could count.
  bool runs_by_clock() const noexcept { return options_.rate <= 0 && options_.seconds > 0; }

  RawRecord record(char* line, Instant due) const noexcept {
    return {{line, write_payment(options_, next_, line)}, {SplitId{0}, next_}, due};
  }

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
  std::uint32_t parallelism_max() const override {
    return std::numeric_limits<std::uint32_t>::max();
  }
  Result<std::unique_ptr<ByteReader>> open(const SourceContext& context) const override {
    PENSTOCK_RETURN_IF_ERROR(check_payment_options(options_));
    return std::unique_ptr<ByteReader>(std::make_unique<PaymentReader>(options_, context));
  }

 private:
  PaymentGeneratorOptions options_;
};

}  // namespace

std::shared_ptr<const ByteSource> payment_generator(const PaymentGeneratorOptions& options) {
  return std::make_shared<PaymentGenerator>(options);
}

Status write_payments(const PaymentGeneratorOptions& options, WritableFile& file) {
  constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
  PENSTOCK_RETURN_IF_ERROR(check_payment_options(options));
  const std::uint64_t count = payment_count(options);
  if (count == 0) {
    return Status::invalid_argument(
        "payment generator: neither count nor rate and seconds say how many payments to write");
  }
  std::string chunk;
  char line[kPaymentBytesMax];
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
