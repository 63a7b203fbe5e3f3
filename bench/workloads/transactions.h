// bench/workloads/transactions.h -- the card transactions of the fraud workload, computed from their number.
//
// 100,000 cards, few of them in most of the transactions; five transactions a millisecond. Any transaction can be had
// without those before it. Card number modulo 8 is the transaction's, so with 1, 2, 4 or 8 sources all transactions of
// a card come from one source, in order.
// Cost       About 4 ns.
#pragma once

#include <cstdint>
#include <type_traits>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {

inline constexpr std::uint64_t kTransactionsPerMilli = 5;  // Of event time.

struct Transaction {
  std::int64_t time_ms = 0;
  std::uint32_t card = 0;
  std::int32_t amount = 0;  // In cents; one in 64 is negative: money back.
  std::uint16_t merchant = 0;
  std::uint8_t country = 0;  // 0..59
};
static_assert(sizeof(Transaction) == 24);
static_assert(std::is_trivially_copyable_v<Transaction>);

// Transaction number i, from 0.
[[gnu::always_inline]] constexpr Transaction transaction(std::uint64_t i) noexcept {
  const std::uint64_t r = sm(200, i);
  const std::uint64_t q = sm(201, i);
  const std::uint64_t u = r & 0x1fffff;
  const std::uint64_t rank = (((u * u * u) >> 31) * 12'500) >> 32;
  const std::uint64_t card = rank * 8 + (i & 7);
  const auto cents = static_cast<std::int32_t>(1 + ((q & 0x3ffff) >> ((q >> 18) & 15)));
  const bool is_refund = ((q >> 22) & 63) == 0;
  const bool is_abroad = ((q >> 28) & 31) == 0;
  const std::uint64_t abroad = (((q >> 33) & 0xffff) * 60) >> 16;
  return {.time_ms = static_cast<std::int64_t>(i / kTransactionsPerMilli),
          .card = static_cast<std::uint32_t>(card),
          .amount = is_refund ? -cents : cents,
          .merchant = static_cast<std::uint16_t>((r >> 32) & 0xffff),
          .country = static_cast<std::uint8_t>(is_abroad ? abroad : card * 7 % 60)};
}

// The transactions first, first + step, first + 2 step, ...: source s of W starts at s and steps by W.
class TransactionGenerator {
 public:
  constexpr TransactionGenerator(std::uint64_t first, std::uint64_t step) noexcept
      : number_(first), step_(step) {}

  constexpr std::uint64_t next_number() const noexcept { return number_; }
  constexpr std::uint64_t step() const noexcept { return step_; }

  [[gnu::always_inline]] constexpr Transaction next() noexcept { return next_by(step_); }
  // The same where whoever calls knows step() as a constant. REQUIRES: step == step().
  [[gnu::always_inline]] constexpr Transaction next_by(std::uint64_t step) noexcept {
    const Transaction made = transaction(number_);
    number_ += step;
    return made;
  }

 private:
  std::uint64_t number_;
  std::uint64_t step_;
};

}  // namespace penstock::bench
