// operators/row/row_generator.h -- generators: what makes several rows of one (explode, posexplode, inline, stack,
// json_tuple), beside columns that are the same in each.
//
// The program of a selection has as results the columns before the generator, its arguments, the columns behind it.
// Nulls       explode, posexplode and inline of a null or of nothing make no row, their _outer kinds one of nulls.
// Cost        A few instructions per value; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "penstock/core/row/row.h"
#include "penstock/operators/expression/program.h"

namespace penstock {

struct RowGenerator {
  enum class Kind : std::uint8_t {
    kExplode,  // A row per element of an array or entry of a map.
    kInline,   // A row per struct of an array.
    kStack,    // The arguments in `rows` rows.
    kTuple,    // The arguments as one row.
  };
  Kind kind = Kind::kTuple;
  bool with_position = false;  // A column with 0, 1, 2, ... comes first.
  bool outer = false;
  DataType type;              // Of the one argument of kExplode and kInline.
  std::size_t rows = 1;       // Of kStack.
  std::size_t before = 0;     // Columns before it.
  std::size_t arguments = 0;  // Results that it takes.
  std::size_t columns = 0;    // Columns that it makes.

  // Calls emit() for each row that the run of `evaluator` makes; its values are then in `cells`, one per column of the
  // selection.
  template <class Emit>
  void for_each_row(const expression::Evaluator& evaluator, std::span<Cell> cells,
                    Emit&& emit) const {
    for (std::size_t i = 0; i < before; ++i) cells[i] = evaluator.result(i);
    for (std::size_t i = before + columns; i < cells.size(); ++i)
      cells[i] = evaluator.result(i - columns + arguments);
    const std::span<Cell> own = cells.subspan(before, columns);
    const std::size_t count = row_count(evaluator);
    for (std::size_t i = 0; i < count; ++i) {
      write_row(evaluator, i, own);
      emit();
    }
  }

 private:
  std::size_t row_count(const expression::Evaluator& evaluator) const noexcept;
  void write_row(const expression::Evaluator& evaluator, std::size_t row,
                 std::span<Cell> own) const noexcept;
  void write_element(const Cell& collection, std::size_t i, std::span<Cell> own) const noexcept;
};

}  // namespace penstock
