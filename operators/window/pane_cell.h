// operators/window/pane_cell.h -- an accumulator that knows whether it has taken anything in.
//
// Accumulators that can tell by themselves, by `bool empty() const noexcept`, are kept as they are; the others get a
// count beside them.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "penstock/operators/window/accumulator.h"

namespace penstock {

template <class Acc>
concept KnowsEmpty = requires(const Acc& acc) {
  { acc.empty() } -> std::same_as<bool>;
};

template <class Acc>
class PaneCell {
 public:
  bool empty() const noexcept {
    if constexpr (KnowsEmpty<Acc>) {
      return acc_.empty();
    } else {
      return filled_.count == 0;
    }
  }
  template <class Add>
  void add(Add& add) noexcept {
    add(acc_);
    if constexpr (!KnowsEmpty<Acc>) ++filled_.count;
  }
  void merge(const PaneCell& other) noexcept {
    acc_.merge(other.acc_);
    if constexpr (!KnowsEmpty<Acc>) filled_.count += other.filled_.count;
  }
  // False when the accumulator cannot tell; the cell must then be made anew.
  bool retract(const PaneCell& other) noexcept
    requires Retractable<Acc>
  {
    if constexpr (!KnowsEmpty<Acc>) filled_.count -= other.filled_.count;
    return acc_.retract(other.acc_);
  }
  const Acc& acc() const noexcept { return acc_; }

  friend constexpr auto penstock_state_fields(Tag<PaneCell>) {
    if constexpr (KnowsEmpty<Acc>) {
      return state_fields(state_field("value", &PaneCell::acc_));
    } else {
      return state_fields(state_field("value", &PaneCell::acc_),
                          state_field("filled", &PaneCell::filled_));
    }
  }

 private:
  struct Nothing {};
  struct Filled {
    std::uint64_t count = 0;  // Values taken in.
  };

  Acc acc_{};
  [[no_unique_address]] std::conditional_t<KnowsEmpty<Acc>, Nothing, Filled> filled_{};
};

}  // namespace penstock
