// bench/workloads/checksum.h -- what a result is compared by: the number of rows and a sum that ignores their order.
//
// Threads    A RowSum has one writer; sums of several are added afterwards.
// Cost       One multiplication per field and two per row.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {

inline constexpr std::size_t kRowFieldsMax = 5;
inline constexpr std::array<std::uint64_t, kRowFieldsMax> kRowFactors = {
    sm(7, 0) | 1, sm(7, 1) | 1, sm(7, 2) | 1, sm(7, 3) | 1, sm(7, 4) | 1};

// The checksum of one row; signed fields count as two's complement.
template <std::integral... Fields>
constexpr std::uint64_t row(Fields... fields) noexcept {
  static_assert(sizeof...(Fields) <= kRowFieldsMax);
  std::uint64_t sum = 0;
  std::size_t i = 0;
  ((sum += static_cast<std::uint64_t>(fields) * kRowFactors[i++]), ...);
  return fin(sum);
}

struct RowSum {
  std::uint64_t rows = 0;
  std::uint64_t sum = 0;

  template <std::integral... Fields>
  constexpr void add(Fields... fields) noexcept {
    ++rows;
    sum += row(fields...);
  }
  constexpr void add(const RowSum& other) noexcept {
    rows += other.rows;
    sum += other.sum;
  }
  friend constexpr bool operator==(const RowSum&, const RowSum&) = default;
};

}  // namespace penstock::bench
