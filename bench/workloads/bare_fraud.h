// bench/workloads/bare_fraud.h -- the fraud rules without an engine, for the bare loops over records and over lines.
//
// A window of 60 s is the sum of six slices of 10 s. Per card and slice there is a sum and a count; when a slice is
// complete, one pass adds it to the cards' totals and takes the one off that is 60 s older.
// Rows       What becomes of a row: change(card, previous, current, time_ms) and window(card, end_ms, count, sum).
// Threads    One owner.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/fraud_rows.h"
#include "penstock/bench/workloads/window_clock.h"

namespace penstock::bench {

template <class Rows>
class FraudRulesInto {
 public:
  explicit FraudRulesInto(Rows rows = Rows{}) : rows_(std::move(rows)) {}

  // The three steps of a transaction with a positive amount. Each brings near what the next one touches, so a loop may
  // do a step for several transactions before it does the next. Transactions come in order of time in each step.
  [[gnu::always_inline]] void prefetch(std::uint32_t card) const noexcept { index_.prefetch(card); }
  // Gives the number that add() is called with.
  [[gnu::always_inline]] std::uint32_t find(std::uint32_t card, std::uint8_t country) {
    const std::uint32_t at = index_.find_or_insert(card);
    if (at == cards_.size()) [[unlikely]]
      add_card(card, country);
    __builtin_prefetch(&slices_[open_][at], 1);
    __builtin_prefetch(&countries_[at], 1);
    return at;
  }
  [[gnu::always_inline]] void add(std::uint32_t at, std::int32_t amount, std::uint8_t country,
                                  std::int64_t time_ms) {
    clock_.advance(time_ms, [this](std::int64_t end_ms) { close_slice(end_ms); });
    Figures& figures = slices_[open_][at];
    figures.sum += amount;
    ++figures.count;
    if (countries_[at] != country) {
      rows_.change(cards_[at], countries_[at], country, time_ms);
      countries_[at] = country;
    }
  }

  // The end of input.
  const Rows& finish() {
    clock_.finish([this](std::int64_t end_ms) { close_slice(end_ms); });
    return rows_;
  }

  Rows& rows() noexcept { return rows_; }

 private:
  struct Figures {
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  static constexpr std::size_t kSlices = kFraudWindowMillis / kFraudSlideMillis;
  static constexpr std::size_t kPlaces = 8;  // The open slice, those of a window, one to be filled.
  static_assert(kPlaces >= kSlices + 2);

  [[gnu::noinline]] void add_card(std::uint32_t card, std::uint8_t country) {
    cards_.push_back(card);
    countries_.push_back(country);
    totals_.emplace_back();
    for (auto& slice : slices_) slice.emplace_back();
  }

  [[gnu::noinline]] void close_slice(std::int64_t end_ms) {
    constexpr std::size_t kBlock =
        256;  // Cards whose totals stay in the nearest cache between the two loops.
    Figures* const newest = slices_[open_].data();
    Figures* const oldest = slices_[(open_ - kSlices) % kPlaces].data();
    Figures* const totals = totals_.data();
    for (std::size_t block = 0; block < cards_.size(); block += kBlock) {
      const std::size_t end = std::min(block + kBlock, cards_.size());
      for (std::size_t i = block; i < end; ++i) {
        totals[i].sum += newest[i].sum - oldest[i].sum;
        totals[i].count += newest[i].count - oldest[i].count;
        oldest[i] = Figures{};
      }
      for (std::size_t i = block; i < end; ++i) {
        if (is_suspicious(totals[i].count, totals[i].sum))
          rows_.window(cards_[i], end_ms, totals[i].count, totals[i].sum);
      }
    }
    open_ = (open_ + 1) % kPlaces;
  }

  FlatIndex<std::uint32_t> index_;
  // By the number that the index gives a card:
  std::vector<std::uint32_t> cards_;
  std::vector<std::uint8_t> countries_;  // Of the last transaction.
  std::vector<Figures> totals_;          // Of the last window that was closed.
  std::array<std::vector<Figures>, kPlaces> slices_;
  std::size_t open_ = 0;  // The slice that transactions go to.
  WindowClock<kFraudWindowMillis, kFraudSlideMillis, 0> clock_;
  Rows rows_;
};

// Rows into their checksum.
struct SummedFraudRows {
  RowSum sum;

  void change(std::uint32_t card, std::uint8_t previous, std::uint8_t current,
              std::int64_t time_ms) noexcept {
    add_fraud_change_row(card, previous, current, time_ms, sum);
  }
  void window(std::uint32_t card, std::int64_t end_ms, std::int64_t count,
              std::int64_t total) noexcept {
    add_fraud_window_row(card, end_ms, count, total, sum);
  }
};

using FraudRules = FraudRulesInto<SummedFraudRows>;

}  // namespace penstock::bench
