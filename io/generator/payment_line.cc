// What payment number i looks like.
#include <cmath>
#include <cstring>

#include "penstock/core/base/hash.h"
#include "penstock/core/base/random.h"
#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/iso8601.h"

namespace penstock {
namespace {

constexpr std::uint64_t kBlock = 128;
constexpr std::uint64_t kEpisodeStride =
    4;  // Every fourth payment of a fraudulent block is the culprit's.
constexpr std::int64_t kMeanGapMicros = 600'000'000;
constexpr char kCountries[][3] = {"DE", "FR", "US", "GB", "IT", "ES", "NL", "PL", "SE", "AT",
                                  "CH", "BE", "DK", "NO", "FI", "PT", "CZ", "IE", "JP", "BR"};
constexpr std::uint64_t kCountryCount = sizeof kCountries / sizeof kCountries[0];

enum class Episode : std::uint8_t { kNone, kBurst, kAmount, kTravel };

struct Payment {
  std::uint64_t card;
  std::int64_t cents;
  std::uint64_t country;
  std::uint64_t merchant;
  EventTime at;
};

struct Block {
  Episode episode;
  std::uint64_t card;
};

// base to the power of `exponent`, which counts in steps of 1/256: by products and square roots, which are rounded the
// same way everywhere; std::pow is not. REQUIRES: 0 <= base < 1, exponent >= 1.
double power(double base, double exponent) noexcept {
  const auto steps = static_cast<unsigned>(exponent * 256);
  double result = base;
  for (unsigned whole = steps / 256; whole > 1; --whole) result *= base;
  double root = base;
  for (unsigned rest = steps % 256; rest != 0; rest = rest * 2 % 256) {
    root = std::sqrt(root);
    if (rest >= 128) result *= root;
  }
  return result;
}

std::uint64_t draw_card(Random& random, const PaymentGeneratorOptions& options) noexcept {
  const double place = power(random.uniform(), options.skew);
  return static_cast<std::uint64_t>(place * options.cards);
}

Block block_of(const PaymentGeneratorOptions& options, std::uint64_t number) noexcept {
  Random random(hash_bits(options.seed ^ 0x6a09e667f3bcc908) + number / kBlock);
  if (!random.chance(options.fraud_share)) return {Episode::kNone, 0};
  const auto episode = static_cast<Episode>(1 + random.below(3));
  return {episode, draw_card(random, options)};
}

// A card's habits, the same in every payment.
std::uint64_t home_of(std::uint64_t card) noexcept { return hash_bits(card + 1) % kCountryCount; }
std::int64_t usual_cents(std::uint64_t card) noexcept {
  return 500 + static_cast<std::int64_t>(hash_bits(card + 0x9e37) % 9'500);
}

Payment payment_of(const PaymentGeneratorOptions& options, std::uint64_t number) noexcept {
  Random random(hash_bits(options.seed) + number);
  const Block block = block_of(options, number);
  const std::uint64_t place = number % kBlock;
  const bool culprit = block.episode != Episode::kNone && place % kEpisodeStride == 0;
  Payment payment{};
  payment.card = draw_card(random, options);
  if (culprit && (block.episode == Episode::kBurst || place <= kEpisodeStride))
    payment.card = block.card;
  payment.country = home_of(payment.card);
  payment.cents = usual_cents(payment.card) * random.between(60, 140) / 100;
  payment.merchant = random.below(1000);
  if (random.chance(options.refund_share)) payment.cents = -payment.cents;
  // The second payment of an episode is the one that stands out from the first.
  if (culprit && place == kEpisodeStride) {
    if (block.episode == Episode::kAmount) payment.cents = usual_cents(payment.card) * 40;
    if (block.episode == Episode::kTravel) payment.country = (payment.country + 1) % kCountryCount;
  }
  const auto step = kMeanGapMicros / options.cards;
  const std::int64_t back = std::chrono::microseconds(options.disorder).count();
  payment.at = options.start + std::chrono::microseconds(static_cast<std::int64_t>(number) * step);
  if (back > 0) payment.at.micros -= random.between(0, back) / 1000 * 1000;
  return payment;
}

class LineWriter {
 public:
  explicit LineWriter(char* out) noexcept : begin_(out), at_(out) {}

  LineWriter& text(std::string_view text) noexcept {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }
  // `digits_min` pads with zeros in front.
  LineWriter& number(std::uint64_t value, int digits_min = 1) noexcept {
    char digits[20];
    int count = 0;
    for (; value != 0 || count < digits_min; value /= 10)
      digits[count++] = static_cast<char>('0' + value % 10);
    while (count > 0) *at_++ = digits[--count];
    return *this;
  }
  LineWriter& cents(std::int64_t cents) noexcept {
    if (cents < 0) text("-");
    const std::uint64_t size = static_cast<std::uint64_t>(cents < 0 ? -cents : cents);
    return number(size / 100).text(".").number(size % 100, 2);
  }
  LineWriter& time(EventTime time) noexcept {
    at_ += json::format_iso8601(time, at_);
    return *this;
  }
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

}  // namespace

std::size_t write_payment(const PaymentGeneratorOptions& options, std::uint64_t number,
                          char* out) noexcept {
  const Payment payment = payment_of(options, number);
  LineWriter line(out);
  line.text(R"({"tx":)").number(number).text(R"(,"card":"4000-)");
  line.number(payment.card / 100'000'000 % 10'000, 4)
      .text("-")
      .number(payment.card / 10'000 % 10'000, 4)
      .text("-");
  line.number(payment.card % 10'000, 4).text(R"(","amount":)").cents(payment.cents);
  line.text(R"(,"country":")").text({kCountries[payment.country], 2});
  line.text(R"(","merchant":"m)")
      .number(payment.merchant)
      .text(R"(","ts":")")
      .time(payment.at)
      .text("\"}");
  if (options.bad_share <= 0) return line.size();
  Random random(hash_bits(options.seed ^ 0xbb67ae8584caa73b) + number);
  return random.chance(options.bad_share) ? line.size() / 2 : line.size();
}

}  // namespace penstock
