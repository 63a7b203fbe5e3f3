// bench/workloads/bare_fraud.h -- the fraud rules without an engine, for the bare loops over records and over lines.
//
// A window of 60 s is the sum of six slices of 10 s. Per card and slice there is a sum and a count; when a slice is
// complete, one pass adds it to the cards' totals and takes the one off that is 60 s older.
// Threads    One owner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/fraud_rows.h"
#include "penstock/bench/workloads/window_clock.h"

namespace penstock::bench {

class FraudRules {
 public:
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
      add_fraud_change_row(cards_[at], countries_[at], country, time_ms, out_);
      countries_[at] = country;
    }
  }

  // The end of input.
  const RowSum& finish() {
    clock_.finish([this](std::int64_t end_ms) { close_slice(end_ms); });
    return out_;
  }

 private:
  struct Figures {
    std::int64_t sum = 0;
    std::int64_t count = 0;
  };
  static constexpr std::size_t kSlices = kFraudWindowMillis / kFraudSlideMillis;
  static constexpr std::size_t kPlaces = 8;  // The open slice, those of a window, one to be filled.
  static_assert(kPlaces >= kSlices + 2);

  [[gnu::noinline]] void add_card(std::uint32_t card, std::uint8_t country);
  [[gnu::noinline]] void close_slice(std::int64_t end_ms);

  FlatIndex<std::uint32_t> index_;
  // By the number that the index gives a card:
  std::vector<std::uint32_t> cards_;
  std::vector<std::uint8_t> countries_;  // Of the last transaction.
  std::vector<Figures> totals_;          // Of the last window that was closed.
  std::array<std::vector<Figures>, kPlaces> slices_;
  std::size_t open_ = 0;  // The slice that transactions go to.
  WindowClock<kFraudWindowMillis, kFraudSlideMillis, 0> clock_;
  RowSum out_;
};

}  // namespace penstock::bench
