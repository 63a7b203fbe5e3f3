// state/value_state.h -- one value of type T for each key: a handle that acts on the current key.
//
// Pointers   References stay valid until the operator clears state, or returns.
// Cost       An addition to the current entry's address; writes compare its stamp.
#pragma once

#include <cstdint>
#include <new>

#include "penstock/state/current_key.h"

namespace penstock {
template <class T>
class ValueState {
 public:
  ValueState() noexcept = default;  // Of no store: may only be assigned to.
  // Made by KeyedStateStore::value_state().
  ValueState(CurrentKey* current, std::uint32_t index) noexcept
      : current_(current), slot_(&current->slot(index)) {
    internal::check_state_type<T>();
  }

  // Null when the current key has no value.
  const T* get() const noexcept {
    const StateEntry* entry = current_->entry();
    const StateSlot& slot = *slot_;
    if (entry == nullptr || (entry->present & slot.bit) == 0) return nullptr;
    return entry->at<T>(slot.offset);
  }

  // The value to change; T{} when there was none.
  T& get_or_create() noexcept {
    StateEntry* entry = current_->entry_for_write();
    if (entry == nullptr) [[unlikely]]
      return *new (current_->scratch()) T{};
    const StateSlot& slot = *slot_;
    T* value = entry->at<T>(slot.offset);
    if ((entry->present & slot.bit) == 0) {
      new (value) T{};
      entry->present |= slot.bit;
    }
    return *value;
  }

  void set(const T& value) noexcept { get_or_create() = value; }

  void clear() noexcept {
    const StateEntry* entry = current_->entry();
    const StateSlot& slot = *slot_;
    if (entry != nullptr && (entry->present & slot.bit) != 0) current_->drop(slot);
  }

 private:
  CurrentKey* current_ = nullptr;
  const StateSlot* slot_ = nullptr;  // Has its offset once the store is sealed.
};

}  // namespace penstock
