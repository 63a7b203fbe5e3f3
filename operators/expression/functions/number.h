// operators/expression/functions/number.h -- numbers in cells, by the C++ type that computes them.
#pragma once

#include <cstdint>
#include <type_traits>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

template <class T>
T get(const Cell& cell) noexcept {
  if constexpr (std::is_same_v<T, double>) {
    return cell.real;
  } else if constexpr (std::is_same_v<T, float>) {
    return cell.single;
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

// A binary operation Cell Operation::apply(T, T), null when an operand is; operands are registers or columns.
template <class Operation, class T, bool FirstIsColumn, bool SecondIsColumn>
const Instruction* run_binary(const Instruction* at, Frame& frame) {
  const Cell a = FirstIsColumn ? frame.row.inline_cell(at->a) : frame[at->a];
  const Cell b = SecondIsColumn ? frame.row.inline_cell(at->b) : frame[at->b];
  frame[at->out] = a.null || b.null ? Cell::of_null() : Operation::apply(get<T>(a), get<T>(b));
  return at + 1;
}

template <class Operation, class T>
inline constexpr Run binary_runs[2][2] = {
    {&run_binary<Operation, T, false, false>, &run_binary<Operation, T, false, true>},
    {&run_binary<Operation, T, true, false>, &run_binary<Operation, T, true, true>}};

}  // namespace penstock::expression
