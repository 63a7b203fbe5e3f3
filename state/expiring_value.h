// state/expiring_value.h -- one value of type T for each key that is forgotten some time after its last use.
//
// Expiry     By the time of day or by the watermark: see state/ttl.h. What has expired is absent for its readers.
// Pointers   References stay valid until the operator clears state, or returns.
// Cost       As a ValueState, and a comparison.
#pragma once

#include <chrono>

#include "penstock/state/ttl.h"
#include "penstock/state/value_state.h"

namespace penstock {

template <class T>
class ExpiringValue {
 public:
  using Cell = ExpiringCell<T>;

  ExpiringValue() noexcept = default;  // Of no store: may only be assigned to.
  // Made by KeyedStateStore::value_state().
  ExpiringValue(ValueState<Cell> cells, const TtlClock* clock, const Ttl& ttl) noexcept
      : cells_(cells), clock_(clock), after_(ttl.after), refresh_(ttl.refresh) {}

  // Null when the current key has no value, or it has expired.
  const T* get() noexcept {
    const Cell* cell = cells_.get();
    if (cell == nullptr || expired(*cell)) return nullptr;
    if (refresh_ == TtlRefresh::kOnReadAndWrite && cell->used_micros != clock_->used.micros)
      clock_->refresh(cells_.get_or_create().used_micros);
    return &cell->value;
  }
  // The value to change; T{} when there was none, or it has expired.
  T& get_or_create() noexcept {
    Cell& cell = cells_.get_or_create();
    if (expired(cell)) cell = Cell{};
    clock_->refresh(cell.used_micros);
    return cell.value;
  }
  void set(const T& value) noexcept { get_or_create() = value; }
  void clear() noexcept { cells_.clear(); }

 private:
  bool expired(const Cell& cell) const noexcept { return clock_->past(cell.used_micros, after_); }

  ValueState<Cell> cells_;
  const TtlClock* clock_ = nullptr;
  std::chrono::microseconds after_{};
  TtlRefresh refresh_ = TtlRefresh::kOnWrite;
};

}  // namespace penstock
