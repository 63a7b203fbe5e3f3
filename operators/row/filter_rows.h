// operators/row/filter_rows.h -- passes the rows for which an expression is true; false and null do not pass.
#pragma once

#include <cstddef>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/row/row_program.h"

namespace penstock {

class FilterRows {
 public:
  using Output = Row;

  // `columns`: of the rows that come.
  FilterRows(PlannedProgram condition, std::size_t columns)
      : condition_("filter", std::move(condition)), columns_(columns) {}

  Status open(const TaskContext& context) { return condition_.open(context); }
  void begin_batch(Instant now) noexcept { condition_.begin_batch(now); }
  void on_record(const Record<Row>& record, CollectorOf<Row> auto&& out) noexcept {
    if (condition_.evaluator().test(RowView(record.value.bytes, columns_))) {
      out.collect(record);
    } else {
      condition_.failed_on(record.value);
    }
  }

 private:
  RowProgram condition_;
  std::size_t columns_;
};

}  // namespace penstock
