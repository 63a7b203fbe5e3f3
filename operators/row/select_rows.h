// operators/row/select_rows.h -- makes rows of the values of several expressions over another row: one, or as many as a
// generator among them says.
//
// Ownership   The row that it lends lives until the next.
// Cost        That of the program, and one pass over the values. No allocation once the buffer is as long as the rows.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "penstock/core/row/row.h"
#include "penstock/core/stream/collector.h"
#include "penstock/operators/row/row_generator.h"
#include "penstock/operators/row/row_program.h"

namespace penstock {

class SelectRows {
 public:
  using Output = Row;
  // Offsets inside of a row have 32 bits.
  static constexpr std::size_t kRowBytesMax = std::size_t{1} << 30;

  // `columns`: of the rows that come. `output`: those of the selection; without a generator one per result.
  SelectRows(PlannedProgram values, std::size_t columns, const Schema& output,
             std::optional<RowGenerator> generator = std::nullopt)
      : values_("select", std::move(values)),
        columns_(columns),
        generator_(std::move(generator)),
        writer_(output),
        cells_(output.size()) {}

  Status open(const TaskContext& context) { return values_.open(context); }
  void begin_batch(Instant now) noexcept { values_.begin_batch(now); }
  void on_record(const Record<Row>& record, CollectorOf<Row> auto&& out) noexcept {
    expression::Evaluator& evaluator = values_.evaluator();
    evaluator.run(RowView(record.value.bytes, columns_));
    if (values_.failed_on(record.value)) [[unlikely]]
      return;
    if (generator_) {
      bool refused = false;  // Once at most.
      generator_->for_each_row(evaluator, cells_, [&]() noexcept {
        if (!refused) refused = !lend(record, out);
      });
      return;
    }
    for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = evaluator.result(i);
    lend(record, out);
  }

 private:
  // False when the row has been refused.
  bool lend(const Record<Row>& from, auto& out) noexcept {
    const std::size_t bytes = writer_.bytes(cells_);
    if (bytes > kRowBytesMax) [[unlikely]] {
      values_.refuse(from.value, "the row would be longer than 1 GiB; select less of it");
      return false;
    }
    if (bytes > row_.size()) [[unlikely]]
      row_.resize(bytes);
    writer_.write(cells_, row_.data());
    out.collect(Record<Row>{Row({row_.data(), bytes}, from.value.origin), from.time});
    return true;
  }

  RowProgram values_;
  std::size_t columns_;
  std::optional<RowGenerator> generator_;
  RowWriter writer_;
  std::vector<Cell> cells_;
  std::vector<char> row_;
};

}  // namespace penstock
