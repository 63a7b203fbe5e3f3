// operators/row/key_rows.h -- gives each row the hash by which the next exchange spreads it: Spark's, of some values.
//
// Rows of equal values get equal hashes; nulls are equal, and so are 0.0 and -0.0, and all NaN.
// Errors      A row that the expressions fail on is refused: operators/row/row_program.h.
// Cost        That of the program; nothing is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "penstock/core/row/row.h"
#include "penstock/core/stream/collector.h"
#include "penstock/operators/row/row_program.h"

namespace penstock {

class KeyRows {
 public:
  using Output = Row;

  // `hash`: its one result is an INT. `columns`: of the rows that come.
  KeyRows(PlannedProgram hash, std::size_t columns)
      : hash_("repartition", std::move(hash)), columns_(columns) {}

  Status open(const TaskContext& context) { return hash_.open(context); }
  void begin_batch(Instant now) noexcept { hash_.begin_batch(now); }
  void on_record(const Record<Row>& record, CollectorOf<Row> auto&& out) noexcept {
    const Cell& hash = hash_.evaluator().evaluate(RowView(record.value.bytes, columns_));
    if (hash_.failed_on(record.value)) [[unlikely]]
      return;
    Record<Row> keyed = record;
    keyed.value.key_hash = static_cast<std::uint32_t>(hash.number);
    out.collect(keyed);
  }

 private:
  RowProgram hash_;
  std::size_t columns_;
};

}  // namespace penstock
