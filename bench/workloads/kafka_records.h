// bench/workloads/kafka_records.h -- the purchases that go through Kafka, and what a query must make of them.
//
//   {"seq":17,"due":123456789,"card":"4000-0000-0000-0017","amount":12.34,"merchant":"m123","country":"DE"}
//
// A purchase follows from its number alone; `due` is the moment at which it was to be sent, in nanoseconds of this
// machine's monotonic clock. Of ten amounts, nine are above kAmountLimit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/tag.h"
#include "penstock/core/base/time.h"
#include "penstock/io/json/json.h"

namespace penstock::bench {

inline constexpr double kAmountLimit = 100;
inline constexpr std::uint64_t kCards = 10'000;

struct Purchase {
  std::uint64_t seq = 0;
  std::int64_t due = 0;
  InlineString<19> card;
  double amount = 0;
  InlineString<15> merchant;
  InlineString<2> country;
};
constexpr auto penstock_json_fields(Tag<Purchase>) {
  return json::fields(
      json::field("seq", &Purchase::seq), json::field("due", &Purchase::due),
      json::field("card", &Purchase::card), json::field("amount", &Purchase::amount),
      json::field("merchant", &Purchase::merchant), json::field("country", &Purchase::country));
}

// Query A: a purchase above the limit, with a field more.
struct LargePurchase {
  std::uint64_t seq = 0;
  std::int64_t due = 0;
  InlineString<19> card;
  double amount = 0;
  InlineString<15> merchant;
  InlineString<2> country;
  double amount_with_fee = 0;
};
constexpr auto penstock_json_fields(Tag<LargePurchase>) {
  return json::fields(
      json::field("seq", &LargePurchase::seq), json::field("due", &LargePurchase::due),
      json::field("card", &LargePurchase::card), json::field("amount", &LargePurchase::amount),
      json::field("merchant", &LargePurchase::merchant),
      json::field("country", &LargePurchase::country),
      json::field("amount_with_fee", &LargePurchase::amount_with_fee));
}

// Query B: how many purchases of the card so far.
struct CardCount {
  std::uint64_t seq = 0;
  std::int64_t due = 0;
  InlineString<19> card;
  std::uint64_t count = 0;
};
constexpr auto penstock_json_fields(Tag<CardCount>) {
  return json::fields(json::field("seq", &CardCount::seq), json::field("due", &CardCount::due),
                      json::field("card", &CardCount::card),
                      json::field("count", &CardCount::count));
}

constexpr bool is_large(std::uint64_t seq) noexcept { return seq % 10 != 0; }
// How many of the purchases 0 .. count - 1 are.
constexpr std::uint64_t large_among(std::uint64_t count) noexcept {
  return count - (count + 9) / 10;
}

// Replaces the content of `out`, without a newline.
void write_purchase(std::uint64_t seq, Instant due, std::string& out);

// What a result tells of the purchase that it came from; nothing when `line` is none of ours.
struct Stamp {
  std::uint64_t seq = 0;
  Instant due;
};
std::optional<Stamp> read_stamp(std::string_view line) noexcept;

// Tells lost from doubled results: each seq comes once, in order, as there is one partition.
class SequenceCheck {
 public:
  void seen(std::uint64_t seq) noexcept {
    ++count_;
    if (count_ > 1 && seq <= last_) ++out_of_order_;
    last_ = seq;
  }
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t out_of_order() const noexcept { return out_of_order_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace penstock::bench
