#include "penstock/io/generator/payment_generator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/hash.h"
#include "penstock/io/decode/dealt_numbers.h"

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

// Of which payments there are, whenever they are due.
std::uint64_t kind_of(const PaymentGeneratorOptions& options) noexcept {
  std::uint64_t kind = hash_combine(options.seed, options.cards);
  for (const double each :
       {options.skew, options.fraud_share, options.refund_share, options.bad_share}) {
    kind = hash_combine(kind, std::bit_cast<std::uint64_t>(each));
  }
  kind = hash_combine(kind, static_cast<std::uint64_t>(options.disorder.count()));
  return hash_combine(kind, static_cast<std::uint64_t>(options.start.micros));
}

class PaymentReader final : public ByteReader {
 public:
  PaymentReader(const PaymentGeneratorOptions& options, const SourceContext& context)
      : options_(options),
        numbers_(context.task_index, context.task_count),
        end_(end_of(options)),
        lines_(kLinesMax * kLineStride) {}

  Result<PollResult> poll(std::span<RawRecord> batch, Instant now) override {
    if (start_ == kNever) begin(now);
    now_ = now;
    numbers_.settle();
    if (runs_by_clock() && now - start_ >= std::chrono::duration<double>(options_.seconds)) {
      end_ = 0;
    }
    PollResult result;
    const std::size_t room = std::min(batch.size(), kLinesMax);
    while (result.records < room && numbers_.next() < end_) {
      const Instant due = options_.rate > 0 ? start_ + due_after(options_, numbers_.next()) : now;
      if (due > now) {
        result.state = SourceState::kWaiting;
        result.wake_at = due;
        return result;
      }
      batch[result.records] = record(lines_.data() + result.records * kLineStride, due);
      ++result.records;
      numbers_.advance();
    }
    if (numbers_.next() >= end_) result.state = SourceState::kEnded;
    return result;
  }

  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const override {
    std::string item;
    ByteAppender bytes(item);
    numbers_.capture(unread, bytes);
    bytes.number(kind_of(options_));
    bytes.number(start_ == kNever ? elapsed_ : (now_ - start_).count());
    out.section(kSection, kVersion);
    out.add(item);
  }
  Status restore(const SnapshotItem& item) override {
    if (item.section != kSection) return ByteReader::restore(item);
    ByteCursor bytes(item.bytes);
    PENSTOCK_RETURN_IF_ERROR(numbers_.restore(bytes, item));
    std::uint64_t kind = 0;
    if (item.version != kVersion || !bytes.number(kind) || !bytes.number(elapsed_) ||
        !bytes.at_end() || elapsed_ < 0 || elapsed_ > kElapsedMax) {
      return Status(StatusCode::kDataError, "the position in the snapshot is not one of payments");
    }
    if (kind == kind_of(options_)) return Status();
    return Status(
        StatusCode::kFailedPrecondition,
        "the snapshot is of other payments: give it the same seed, cards, skew, disorder, "
        "start and shares again");
  }
  Status restored() override {
    PENSTOCK_RETURN_IF_ERROR(numbers_.restored());
    restored_ = true;
    if (options_.rate <= 0 ||
        static_cast<double>(numbers_.next()) / options_.rate <= kElapsedMax / 1e9)
      return Status();
    return Status(StatusCode::kDataError, "payment " + std::to_string(numbers_.next()) +
                                              " of the snapshot is due after the end of time at " +
                                              std::to_string(options_.rate) + " a second");
  }

 private:
  static constexpr std::int64_t kElapsedMax = 1'000'000'000'000'000'000;

  // Without a rate there is no schedule whose payments `seconds` could count.
  bool runs_by_clock() const noexcept { return options_.rate <= 0 && options_.seconds > 0; }

  RawRecord record(char* line, Instant due) const noexcept {
    const std::uint64_t number = numbers_.next();
    return {{line, write_payment(options_, number, line)}, {SplitId{0}, number}, due};
  }

  // The next payment of a restored run is due now: the time in which nothing ran has not passed.
  void begin(Instant now) noexcept {
    start_ = now - (options_.rate > 0 && restored_ ? due_after(options_, numbers_.next())
                                                   : std::chrono::nanoseconds(elapsed_));
  }

  static constexpr std::string_view kSection = "payments";
  static constexpr std::uint32_t kVersion = 1;

  PaymentGeneratorOptions options_;
  DealtNumbers numbers_;
  std::uint64_t end_;
  Instant start_ = kNever;
  Instant now_;               // Of the last poll.
  std::int64_t elapsed_ = 0;  // Nanoseconds, before a restore.
  bool restored_ = false;
  std::vector<char> lines_;
};

class PaymentGenerator final : public ByteSource {
 public:
  explicit PaymentGenerator(const PaymentGeneratorOptions& options) : options_(options) {}

  std::string name() const override { return "payment generator"; }
  std::uint32_t parallelism_max() const override {
    return std::numeric_limits<std::uint32_t>::max();
  }
  std::string what_may_be_lost() const override { return ""; }
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
