// operators/row/row_columns.h -- functions of a row for the operators that want one: its time, a view of it.
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/row/row.h"
#include "penstock/core/stream/row_record.h"

namespace penstock {

// The time in a TIMESTAMP column. Null is no moment of history, and so misdated.
struct RowTime {
  std::size_t column = 0;
  std::size_t columns = 0;  // Of the rows.

  EventTime operator()(const Row& row) const noexcept {
    const Cell cell = RowView(row.bytes, columns).inline_cell(column);
    return cell.null ? kMinEventTime : EventTime{cell.number};
  }
};

// Calls a function of a view.
template <class Function>
struct OfRowView {
  Function function;
  std::size_t columns = 0;

  decltype(auto) operator()(const Row& row) noexcept(
      std::is_nothrow_invocable_v<Function&, const RowView&>) {
    return std::invoke(function, RowView(row.bytes, columns));
  }
};

}  // namespace penstock
