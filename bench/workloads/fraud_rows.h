// bench/workloads/fraud_rows.h -- the rules of the fraud workload and the rows they give.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/checksum.h"

namespace penstock::bench {

inline constexpr std::int64_t kFraudWindowMillis = 60'000;
inline constexpr std::int64_t kFraudSlideMillis = 10'000;

// Whether a card's window has too many transactions or too high a sum, in cents.
constexpr bool is_suspicious(std::int64_t count, std::int64_t sum) noexcept {
  return count > 10 || sum > 500'000;
}

// Adds the row of a card's window, if it is suspicious.
constexpr void add_fraud_window_row(std::uint32_t card, std::int64_t end_ms, std::int64_t count,
                                    std::int64_t sum, RowSum& out) noexcept {
  if (is_suspicious(count, sum)) out.add(1, card, end_ms, count, sum);
}

// Adds the row of a transaction in another country than the one before.
constexpr void add_fraud_change_row(std::uint32_t card, std::uint8_t previous, std::uint8_t current,
                                    std::int64_t time_ms, RowSum& out) noexcept {
  out.add(2, card, previous, current, time_ms);
}

}  // namespace penstock::bench
