// operators/expression/functions/number.h -- values in cells by the C++ type that computes them, and the forms of an
// operation on two of them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

template <class T>
T get(const Cell& cell) noexcept {
  if constexpr (std::is_same_v<T, double>) {
    return cell.real;
  } else if constexpr (std::is_same_v<T, float>) {
    return cell.single;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return cell.bytes();
  } else {
    return static_cast<T>(cell.number);
  }
}

template <class T>
Cell put(T value) noexcept {
  if constexpr (std::is_same_v<T, double>) {
    return Cell::of_real(value);
  } else if constexpr (std::is_same_v<T, float>) {
    return Cell::of_single(value);
  } else {
    return Cell::of_number(value);
  }
}

namespace internal {

template <class T, Place kPlace>
Cell read(const Instruction* at, const Frame& frame, Cell* registers, const char* cells,
          std::uint32_t i, double carried) noexcept {
  if constexpr (kPlace == Place::kRegister) {
    return registers[i];
  } else if constexpr (kPlace == Place::kCarried) {
    return Cell::of_real(carried);
  } else if constexpr (kPlace == Place::kConstant) {
    return Cell::of_number(at->extra.constant);
  } else if constexpr (kPlace == Place::kScaledColumn) {
    return Cell::of_real(frame.inline_column(cells, i).real *
                         std::bit_cast<double>(at->extra.constant));
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return frame.bytes_column(cells, i);
  } else {
    return frame.inline_column(cells, i);
  }
}

// Whether the text in a column is that in the instruction: its bytes in `extra`, how many in b, 1 to 8. A row has
// zeroes behind a text up to a whole word, and a word in front of all texts to read where there is none.
inline bool is_short_text(const Instruction* at, const Frame& frame, const char* cells) noexcept {
  std::uint32_t place[2];
  std::memcpy(place, cells + at->a * sizeof(place), sizeof place);
  const bool same_size = place[1] == at->b;
  std::int64_t word;
  std::memcpy(&word, frame.row.bytes().data() + (same_size ? place[0] : 0), sizeof word);
  return same_size & (word == at->extra.constant);
}

// The outcome of a comparison. A constant is no NaN: the compiler puts that into a register.
template <class Operation, class T, Place kFirst, Place kSecond>
bool holds(const Instruction* at, const Frame& frame, Cell* registers, const char* cells,
           double carried) noexcept {
  if constexpr (std::is_same_v<T, std::string_view> && kSecond == Place::kConstant) {
    return Operation::holds_of_equality(is_short_text(at, frame, cells));
  } else {
    const Cell a = read<T, kFirst>(at, frame, registers, cells, at->a, carried);
    const Cell b = read<T, kSecond>(at, frame, registers, cells, at->b, carried);
    if constexpr (std::is_floating_point_v<T> && kSecond == Place::kConstant)
      return Operation::holds_of_number(get<T>(a), get<T>(b));
    else
      return Operation::holds(get<T>(a), get<T>(b));
  }
}

// One of two registers, without a branch: what conditions say of data cannot be foreseen.
inline std::uint32_t choose(bool first, std::uint32_t a, std::uint32_t b) noexcept {
  return b ^ ((a ^ b) & (0U - static_cast<std::uint32_t>(first)));
}

// What compares, and promises that no operand is null.
template <class Operation, class T, Use kUse, Place kFirst, Place kSecond>
const Instruction* run_comparison(const Instruction* at, Frame& frame, Cell* registers,
                                  const char* cells, Carried carried) {
  const bool is_true =
      holds<Operation, T, kFirst, kSecond>(at, frame, registers, cells, carried.real);
  if constexpr (kUse == Use::kHold) carried.truth = is_true;
  if constexpr (kUse == Use::kAndHold || kUse == Use::kAnd) carried.truth &= is_true;
  if constexpr (kUse == Use::kOrHold || kUse == Use::kOr) carried.truth |= is_true;
  if constexpr (kUse == Use::kAnd || kUse == Use::kOr)
    store(registers[at->out], Cell::of_number(static_cast<std::int64_t>(carried.truth)));
  if constexpr (kUse == Use::kPresentValue || kUse == Use::kJumpUnless)
    store(registers[at->out], Cell::of_boolean(is_true));
  if constexpr (kUse == Use::kChoice) {
    const std::uint32_t otherwise = kSecond == Place::kConstant ? at->b : at->out;
    copy(registers[at->out], registers[choose(is_true, at->target, otherwise)]);
  }
  if constexpr (kUse == Use::kJumpUnless) {
    if (!is_true) return proceed(at + at->target, frame, registers, cells, carried);
  }
  return proceed(at + 1, frame, registers, cells, carried);
}

template <class Operation, class T, Use kUse, Place kFirst, Place kSecond>
const Instruction* run_computation(const Instruction* at, Frame& frame, Cell* registers,
                                   const char* cells, Carried carried) {
  const Cell a = read<T, kFirst>(at, frame, registers, cells, at->a, carried.real);
  const Cell b = read<T, kSecond>(at, frame, registers, cells, at->b, carried.real);
  if constexpr (kUse == Use::kCarry) {
    carried.real = Operation::apply(get<T>(a), get<T>(b)).real;
  } else {
    const bool is_null = kUse == Use::kValue && (a.null || b.null);
    store(registers[at->out], is_null ? Cell::of_null() : Operation::apply(get<T>(a), get<T>(b)));
  }
  return proceed(at + 1, frame, registers, cells, carried);
}

template <class Operation, class T>
inline constexpr bool compares = requires { &Operation::template holds<T>; };

template <class Operation, class T, Use kUse, Place kFirst, Place kSecond>
constexpr void set(OperandForms& forms) {
  Run& run = forms.runs[static_cast<std::size_t>(kUse)][static_cast<std::size_t>(kFirst)]
                       [static_cast<std::size_t>(kSecond)];
  if constexpr (compares<Operation, T> && kUse != Use::kValue)
    run = &run_comparison<Operation, T, kUse, kFirst, kSecond>;
  else
    run = &run_computation<Operation, T, kUse, kFirst, kSecond>;
}
template <class Operation, class T, Use kUse, Place kSecond>
constexpr void fill(OperandForms& forms) {
  set<Operation, T, kUse, Place::kRegister, kSecond>(forms);
  set<Operation, T, kUse, Place::kColumn, kSecond>(forms);
  if constexpr (std::is_same_v<T, double> && kUse != Use::kValue)
    set<Operation, T, kUse, Place::kCarried, kSecond>(forms);
}
template <class Operation, class T, Use kUse>
constexpr void fill(OperandForms& forms) {
  fill<Operation, T, kUse, Place::kRegister>(forms);
  fill<Operation, T, kUse, Place::kColumn>(forms);
  constexpr bool kText = std::is_same_v<T, std::string_view>;
  if constexpr (!kText) fill<Operation, T, kUse, Place::kConstant>(forms);
  constexpr bool kShortTexts = requires { &Operation::holds_of_equality; };
  if constexpr (kText && kShortTexts && kUse != Use::kValue && kUse != Use::kChoice)
    set<Operation, T, kUse, Place::kColumn, Place::kConstant>(forms);
}

}  // namespace internal

// The forms of an operation: a struct with static Cell apply(T, T). It may have
//   holds      bool holds(T, T), a comparison: its outcome can settle a jump or a choice; holds_of_number(T, T) is the
//              same of reals whose second is not NaN, holds_of_equality(bool) the same where equality alone counts
//   Mirrored   the operation that is the same with its operands exchanged
//   Scaled     the multiplication whose product it takes as its second operand
// and is total, so never null of operands that are not, unless it says kPartial.
template <class Operation, class T>
constexpr OperandForms make_forms();
template <class Operation, class T>
inline constexpr OperandForms operand_forms = make_forms<Operation, T>();

template <class Operation, class T>
constexpr OperandForms make_forms() {
  OperandForms forms;
  forms.total = !requires { Operation::kPartial; };
  internal::fill<Operation, T, Use::kValue>(forms);
  internal::fill<Operation, T, Use::kPresentValue>(forms);
  if constexpr (internal::compares<Operation, T>) {
    internal::fill<Operation, T, Use::kJumpUnless>(forms);
    internal::fill<Operation, T, Use::kHold>(forms);
    internal::fill<Operation, T, Use::kAndHold>(forms);
    internal::fill<Operation, T, Use::kOrHold>(forms);
    internal::fill<Operation, T, Use::kAnd>(forms);
    internal::fill<Operation, T, Use::kOr>(forms);
    internal::fill<Operation, T, Use::kChoice>(forms);
  } else if constexpr (std::is_same_v<T, double> && !requires { Operation::kPartial; }) {
    internal::fill<Operation, T, Use::kCarry>(forms);
  }
  if constexpr (requires { typename Operation::Mirrored; })
    forms.mirrored = &operand_forms<typename Operation::Mirrored, T>;
  if constexpr (std::is_same_v<T, double> && requires { typename Operation::Scaled; }) {
    forms.scaled = &operand_forms<typename Operation::Scaled, T>;
    internal::fill<Operation, T, Use::kPresentValue, Place::kScaledColumn>(forms);
    internal::fill<Operation, T, Use::kCarry, Place::kScaledColumn>(forms);
  }
  return forms;
}

}  // namespace penstock::expression
