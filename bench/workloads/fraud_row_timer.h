// bench/workloads/fraud_row_timer.h -- where the rows of a fraud load end: their sums, and how long after being due.
//
// Clock      Rows wait in front of the clock, 32 of them at most, and until the end of the batch: then it is read once,
//            and that is when all of them were there. A row's figure is never too low.
// Threads    One owner.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "penstock/bench/harness/open_loop.h"
#include "penstock/bench/workloads/fraud_load.h"
#include "penstock/bench/workloads/fraud_rows.h"
#include "penstock/bench/workloads/transactions.h"
#include "penstock/core/base/clock.h"

namespace penstock::bench {

class FraudRowTimer {
 public:
  // `clock` must outlive it.
  FraudRowTimer(const FraudLoad& load, const Clock& clock)
      : clock_(&clock),
        events_(load.events()),
        schedule_(Instant{}, load.rate_per_second),
        changes_(warm_until(load)),
        windows_(warm_until(load)) {}

  // T0. REQUIRES: before the first flush.
  void start(Instant at) noexcept { start_ = at; }

  // A change that transaction `number` made.
  void change(std::uint64_t number, std::uint32_t card, std::uint8_t previous, std::uint8_t current,
              std::int64_t time_ms) noexcept {
    add_fraud_change_row(card, previous, current, time_ms, change_rows_);
    add(&changes_, schedule_.due(number));
  }
  void window(std::uint32_t card, std::int64_t end_ms, std::int64_t count,
              std::int64_t sum) noexcept {
    window_rows_.add(1, card, end_ms, count, sum);  // What comes is a row, whatever is in it.
    if (end_ms != end_ms_) [[unlikely]]
      close(end_ms);
    if (is_closed_) add(&windows_, window_due_);
  }
  void flush() noexcept {
    if (waiting_ == 0) return;
    const Instant seen{(clock_->now() - start_).count()};
    for (std::size_t i = 0; i < waiting_; ++i) rows_[i].recorder->record(rows_[i].due, seen);
    waiting_ = 0;
  }

  FraudLatency latency() const {
    const std::uint64_t measured = changes_.histogram().count() + windows_.histogram().count();
    return {.changes = change_rows_,
            .windows = window_rows_,
            .unmeasured = change_rows_.rows + window_rows_.rows - measured,
            .change_ns = changes_.histogram(),
            .window_ns = windows_.histogram()};
  }

 private:
  static constexpr std::size_t kRowsPerReading = 32;

  // Times here count from T0.
  struct Row {
    LatencyRecorder* recorder;
    Instant due;
  };

  static Instant warm_until(const FraudLoad& load) noexcept {
    return Instant{static_cast<std::int64_t>(load.warm_seconds * 1e9)};
  }
  void close(std::int64_t end_ms) noexcept {
    end_ms_ = end_ms;
    const auto closer = static_cast<std::uint64_t>(end_ms) * kTransactionsPerMilli;
    is_closed_ = closer < events_;
    window_due_ = schedule_.due(closer);
  }
  void add(LatencyRecorder* recorder, Instant due) noexcept {
    rows_[waiting_++] = {recorder, due};
    if (waiting_ == kRowsPerReading) flush();
  }

  const Clock* clock_;
  std::uint64_t events_;
  OpenLoopSchedule schedule_;
  Instant start_;
  RowSum change_rows_;
  RowSum window_rows_;
  LatencyRecorder changes_;
  LatencyRecorder windows_;
  // Of the window whose row came last:
  std::int64_t end_ms_ = -1;
  bool is_closed_ = false;  // By a transaction, not by the end of input.
  Instant window_due_;
  std::array<Row, kRowsPerReading> rows_{};
  std::size_t waiting_ = 0;
};

}  // namespace penstock::bench
