// operators/expression/functions/number.h -- values in cells by the C++ type that computes them, and the forms of an
// operation on two of them.
#pragma once

#include <bit>
#include <cstdint>
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
Cell read(const Instruction* at, const Frame& frame, std::uint32_t i, double carried) noexcept {
  if constexpr (kPlace == Place::kRegister) {
    return frame[i];
  } else if constexpr (kPlace == Place::kCarried) {
    return Cell::of_real(carried);
  } else if constexpr (kPlace == Place::kConstant) {
    return Cell::of_number(at->extra.constant);
  } else if constexpr (kPlace == Place::kScaledColumn) {
    return Cell::of_real(frame.row.inline_cell(i).real * std::bit_cast<double>(at->extra.constant));
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return frame.row.bytes_cell(i);
  } else {
    return frame.row.inline_cell(i);
  }
}

// A constant is no NaN: the compiler puts that into a register.
template <class Operation, class T, Place kSecond>
bool holds(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T> && kSecond == Place::kConstant)
    return Operation::holds_of_number(a, b);
  else
    return Operation::holds(a, b);
}

// One of two registers, without a branch: what conditions say of data cannot be foreseen.
inline std::uint32_t choose(bool first, std::uint32_t a, std::uint32_t b) noexcept {
  return b ^ ((a ^ b) & (0U - static_cast<std::uint32_t>(first)));
}

template <class Operation, class T, Use kUse, Place kFirst, Place kSecond>
const Instruction* run_form(const Instruction* at, Frame& frame, double carried) {
  const Cell a = read<T, kFirst>(at, frame, at->a, carried);
  const Cell b = read<T, kSecond>(at, frame, at->b, carried);
  if constexpr (kUse == Use::kValue) {
    store(frame[at->out],
          a.null || b.null ? Cell::of_null() : Operation::apply(get<T>(a), get<T>(b)));
  } else if constexpr (kUse == Use::kPresentValue) {
    store(frame[at->out], Operation::apply(get<T>(a), get<T>(b)));
  } else if constexpr (kUse == Use::kCarry) {
    return proceed(at + 1, frame, Operation::apply(get<T>(a), get<T>(b)).real);
  } else if constexpr (kUse == Use::kChoice) {
    const bool is_true = holds<Operation, T, kSecond>(get<T>(a), get<T>(b));
    const std::uint32_t otherwise = kSecond == Place::kConstant ? at->b : at->out;
    copy(frame[at->out], frame[choose(is_true, at->target, otherwise)]);
  } else {
    const bool is_true = holds<Operation, T, kSecond>(get<T>(a), get<T>(b));
    const bool so_far = frame[at->out].number != 0;
    if constexpr (kUse == Use::kAnd) store(frame[at->out], Cell::of_boolean(so_far & is_true));
    if constexpr (kUse == Use::kOr) store(frame[at->out], Cell::of_boolean(so_far | is_true));
    if constexpr (kUse == Use::kJumpUnless) {
      store(frame[at->out], Cell::of_boolean(is_true));
      if (!is_true) return proceed(at + at->target, frame);
    }
  }
  return proceed(at + 1, frame);
}

template <class Operation, class T, Use kUse, Place kSecond>
constexpr void fill(OperandForms& forms) {
  const auto set = [&forms]<Place kFirst>(std::integral_constant<Place, kFirst>) {
    forms.runs[static_cast<std::size_t>(kUse)][static_cast<std::size_t>(kFirst)]
              [static_cast<std::size_t>(kSecond)] = &run_form<Operation, T, kUse, kFirst, kSecond>;
  };
  set(std::integral_constant<Place, Place::kRegister>());
  set(std::integral_constant<Place, Place::kColumn>());
  if constexpr (std::is_same_v<T, double> && kUse != Use::kValue)
    set(std::integral_constant<Place, Place::kCarried>());
}
template <class Operation, class T, Use kUse>
constexpr void fill(OperandForms& forms) {
  fill<Operation, T, kUse, Place::kRegister>(forms);
  fill<Operation, T, kUse, Place::kColumn>(forms);
  if constexpr (!std::is_same_v<T, std::string_view>)
    fill<Operation, T, kUse, Place::kConstant>(forms);
}

}  // namespace internal

// The forms of an operation: a struct with static Cell apply(T, T). It may have
//   holds      bool holds(T, T), a comparison: its outcome can settle a jump or a choice; holds_of_number(T, T) is the
//              same of reals whose second is not NaN
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
  constexpr bool kCompares = requires { &Operation::template holds<T>; };
  if constexpr (kCompares) {
    internal::fill<Operation, T, Use::kJumpUnless>(forms);
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
