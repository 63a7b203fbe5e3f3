// state/expiring_value.h -- one value of type T for each key that is forgotten some time after its last use.
//
// Time       Processing time, as of the step: the time of day that the task gives the store (KeyedStateStore::set_now).
// Expiry     A value is gone for its readers once `after` has passed since it was written, or with kOnReadAndWrite
//            since it was used. Its memory becomes free for other keys at most about a quarter of `after` later: the
//            store walks over all keys that often, in slices (KeyedStateStore::sweep).
// Pointers   References stay valid until the operator clears state, or returns.
#pragma once

#include <chrono>
#include <cstdint>

#include "penstock/core/base/time.h"
#include "penstock/state/value_state.h"

namespace penstock {

enum class TtlRefresh : std::uint8_t { kOnWrite, kOnReadAndWrite };

struct Ttl {
  std::chrono::microseconds after{};
  TtlRefresh refresh = TtlRefresh::kOnWrite;
};

template <class T>
class ExpiringValue {
 public:
  struct Cell {
    std::int64_t used_micros = 0;  // First, where the sweep looks for it.
    T value{};
  };

  ExpiringValue() noexcept = default;  // Of no store: may only be assigned to.
  // Made by KeyedStateStore::value_state().
  ExpiringValue(ValueState<Cell> cells, const EventTime* now, const Ttl& ttl) noexcept
      : cells_(cells), now_(now), after_(ttl.after), refresh_(ttl.refresh) {}

  // Null when the current key has no value, or it has expired.
  const T* get() noexcept {
    const Cell* cell = cells_.get();
    if (cell == nullptr || expired(*cell)) return nullptr;
    if (refresh_ == TtlRefresh::kOnReadAndWrite && cell->used_micros != now_->micros)
      cells_.get_or_create().used_micros = now_->micros;
    return &cell->value;
  }
  // The value to change; T{} when there was none, or it has expired.
  T& get_or_create() noexcept {
    Cell& cell = cells_.get_or_create();
    if (expired(cell)) cell.value = T{};
    cell.used_micros = now_->micros;
    return cell.value;
  }
  void set(const T& value) noexcept { get_or_create() = value; }
  void clear() noexcept { cells_.clear(); }

 private:
  bool expired(const Cell& cell) const noexcept {
    return *now_ - EventTime{cell.used_micros} >= after_;
  }

  ValueState<Cell> cells_;
  const EventTime* now_ = nullptr;
  std::chrono::microseconds after_{};
  TtlRefresh refresh_ = TtlRefresh::kOnWrite;
};

}  // namespace penstock
