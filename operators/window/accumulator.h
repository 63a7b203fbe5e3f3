// operators/window/accumulator.h -- what a window adds up: the shape of an aggregate, and the usual ones.
//
// An accumulator is a small trivially copyable struct, empty when default-constructed, with
//   void add(const V&) noexcept          takes one value in
//   void merge(const Acc&) noexcept      takes in all that another has taken in
//   result() const                       what comes out; the accumulator itself where there is none
// and, where it can, `bool retract(const Acc&) noexcept`: takes out what another has put in, or returns false when that
// cannot be told without the rest. With it a sliding window costs the same for any number of slides; without it each
// firing merges the window's panes anew. `bool empty() const noexcept` saves the count that otherwise tells whether a
// pane has taken anything in. One that may change between two versions of a job names its members:
// state/state_fields.h.
// Exactness  `static constexpr bool kMergesExactly = true` says that what has been taken in, in this order, may be cut
//            into accumulators anywhere, which are merged in this order: the result is the same to the last bit. Keyed
//            windows then add records up before they go to their keys' owners (operators/window/key_partial.h). Sums of
//            floating-point numbers do not have it. `std::uint64_t records() const noexcept`, how many values have been
//            taken in, saves a count there. Who derives from one that has both says so anew, or that it has not.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "penstock/state/state_fields.h"

namespace penstock {

template <class Acc>
concept Accumulator = std::is_trivially_copyable_v<Acc> && std::default_initializable<Acc> &&
                      requires(Acc& into, const Acc& from) { into.merge(from); };

template <class Acc>
concept Retractable = requires(Acc& into, const Acc& from) {
  { into.retract(from) } -> std::same_as<bool>;
};

template <class Acc>
concept MergesExactly = Accumulator<Acc> && requires { requires Acc::kMergesExactly; };

// It knows how many values it has taken in.
template <class Acc>
concept TellsRecords = requires(const Acc& acc) {
  { acc.records() } -> std::same_as<std::uint64_t>;
};

// How many values.
struct Count {
  static constexpr bool kMergesExactly = true;

  std::uint64_t count = 0;

  bool empty() const noexcept { return count == 0; }
  template <class V>
  void add(const V&) noexcept {
    ++count;
  }
  void merge(const Count& other) noexcept { count += other.count; }
  bool retract(const Count& other) noexcept {
    count -= other.count;
    return true;
  }
  std::uint64_t result() const noexcept { return count; }
  std::uint64_t records() const noexcept { return count; }
};

constexpr auto penstock_state_fields(Tag<Count>) {
  return state_fields(state_field("count", &Count::count));
}

// Sums of integers wrap around; sums of floating-point numbers are not retracted, since their errors would add up.
template <class T>
struct Sum {
  static constexpr bool kMergesExactly = std::integral<T>;

  T sum{};

  void add(const T& value) noexcept { sum = static_cast<T>(plus(sum, value)); }
  void merge(const Sum& other) noexcept { sum = static_cast<T>(plus(sum, other.sum)); }
  bool retract(const Sum& other) noexcept
    requires std::integral<T>
  {
    using Wrapping = std::make_unsigned_t<T>;
    sum = static_cast<T>(
        static_cast<Wrapping>(static_cast<Wrapping>(sum) - static_cast<Wrapping>(other.sum)));
    return true;
  }
  T result() const noexcept { return sum; }

 private:
  static auto plus(T a, T b) noexcept {
    if constexpr (std::integral<T>) {
      using Wrapping = std::make_unsigned_t<T>;
      return static_cast<Wrapping>(static_cast<Wrapping>(a) + static_cast<Wrapping>(b));
    } else {
      return a + b;
    }
  }
};

template <class T>
constexpr auto penstock_state_fields(Tag<Sum<T>>) {
  return state_fields(state_field("sum", &Sum<T>::sum));
}

// The mean; 0 of nothing.
template <class T>
struct Average {
  static constexpr bool kMergesExactly = std::integral<T>;

  Sum<T> sum;
  Count count;

  bool empty() const noexcept { return count.empty(); }
  void add(const T& value) noexcept {
    sum.add(value);
    count.add(value);
  }
  void merge(const Average& other) noexcept {
    sum.merge(other.sum);
    count.merge(other.count);
  }
  bool retract(const Average& other) noexcept
    requires std::integral<T>
  {
    return sum.retract(other.sum) && count.retract(other.count);
  }
  std::uint64_t records() const noexcept { return count.count; }
  double result() const noexcept {
    return count.count == 0 ? 0.0 : static_cast<double>(sum.sum) / static_cast<double>(count.count);
  }
};

template <class T>
constexpr auto penstock_state_fields(Tag<Average<T>>) {
  return state_fields(state_field("sum", &Average<T>::sum),
                      state_field("count", &Average<T>::count));
}

// The best value by `Better(a, b)`: a strictly before b, in a strict weak order. Of equals the first stays.
template <class T, class Better>
struct Best {
  static constexpr bool kMergesExactly = !std::floating_point<T>;  // NaN has no place in an order.

  T value{};
  bool any = false;

  bool empty() const noexcept { return !any; }
  void add(const T& candidate) noexcept {
    if (any && !Better{}(candidate, value)) return;
    value = candidate;
    any = true;
  }
  void merge(const Best& other) noexcept {
    if (other.any) add(other.value);
  }
  // What was worse than the best takes nothing away with it.
  bool retract(const Best& other) noexcept { return !other.any || Better{}(value, other.value); }
  T result() const noexcept { return value; }
};

template <class T, class Better>
constexpr auto penstock_state_fields(Tag<Best<T, Better>>) {
  using Own = Best<T, Better>;
  return state_fields(state_field("value", &Own::value), state_field("any", &Own::any));
}

struct Less {
  template <class T>
  bool operator()(const T& a, const T& b) const noexcept {
    return a < b;
  }
};
struct Greater {
  template <class T>
  bool operator()(const T& a, const T& b) const noexcept {
    return b < a;
  }
};
template <class T>
using Min = Best<T, Less>;
template <class T>
using Max = Best<T, Greater>;

// What comes out of an accumulator.
template <class Acc>
auto result_of(const Acc& acc) noexcept {
  if constexpr (requires { acc.result(); }) {
    return acc.result();
  } else {
    return acc;
  }
}

}  // namespace penstock
