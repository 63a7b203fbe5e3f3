// bench/workloads/fraud_operator.h -- the rules of the fraud workload as one keyed operator, for records and for lines.
#pragma once

#include <cstdint>
#include <tuple>

#include "penstock/bench/workloads/fraud_rows.h"
#include "penstock/operators/operator_context.h"
#include "penstock/operators/window/window_panes.h"

namespace penstock::bench {

// What crosses to the owner of a card: the time travels in the record's header.
struct CardUse {
  std::uint32_t card = 0;
  std::int32_t amount = 0;
  std::uint8_t country = 0;
};

enum class FraudRowKind : std::uint8_t { kWindow = 1, kChange = 2 };

struct FraudRow {
  FraudRowKind kind = FraudRowKind::kWindow;
  std::uint8_t previous = 0;  // Of a change.
  std::uint8_t current = 0;
  std::uint32_t card = 0;
  std::int64_t time_ms = 0;  // Of a window: its end.
  std::int64_t count = 0;    // Of a window.
  std::int64_t sum = 0;
};

inline void add_fraud_row(const FraudRow& row, RowSum& out) noexcept {
  if (row.kind == FraudRowKind::kWindow) {
    out.add(1, row.card, row.time_ms, row.count, row.sum);
  } else {
    add_fraud_change_row(row.card, row.previous, row.current, row.time_ms, out);
  }
}

struct Spending {
  std::int64_t sum = 0;
  std::int64_t count = 0;

  bool empty() const noexcept { return count == 0; }
  void add(std::int32_t amount) noexcept {
    sum += amount;
    ++count;
  }
  void merge(const Spending& other) noexcept {
    sum += other.sum;
    count += other.count;
  }
  bool retract(const Spending& other) noexcept {
    sum -= other.sum;
    count -= other.count;
    return true;
  }
};

class FraudOperator {
 public:
  using Output = FraudRow;

  void open(OperatorContext& context) { country_ = context.value_state<std::uint8_t>("country"); }
  auto windows() noexcept { return std::tie(spending_); }

  void on_record(const Record<CardUse>& use, auto&& out) noexcept {
    static_cast<void>(spending_.add(use.time, use.value.amount));  // The workload has no late ones.
    const std::uint8_t* last = country_.get();
    const std::uint8_t current = use.value.country;
    if (last != nullptr && *last == current) return;
    if (last != nullptr) {
      out.collect(Record<FraudRow>{{.kind = FraudRowKind::kChange,
                                    .previous = *last,
                                    .current = current,
                                    .card = use.value.card,
                                    .time_ms = use.time.micros / 1000},
                                   use.time});
    }
    country_.set(current);
  }
  bool wants_window(const Spending& spending) const noexcept {
    return is_suspicious(spending.count, spending.sum);
  }
  void on_window(const Window<Spending>& window, const KeyContext<std::uint32_t>& key,
                 auto&& out) noexcept {
    const Spending& spending = window.value;
    out.collect(Record<FraudRow>{{.kind = FraudRowKind::kWindow,
                                  .card = key.key(),
                                  .time_ms = window.end.micros / 1000,
                                  .count = spending.count,
                                  .sum = spending.sum},
                                 window.time()});
  }

 private:
  WindowPanes<Spending> spending_{"spending",
                                  sliding(std::chrono::milliseconds(kFraudWindowMillis),
                                          std::chrono::milliseconds(kFraudSlideMillis))};
  ValueState<std::uint8_t> country_;
};

}  // namespace penstock::bench
