// Any text as an expression, over a row that the first byte chooses: no crash, no value that check_row() refuses, and a
// second evaluation gives the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/check.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/generators.h"

namespace penstock {
namespace {

constexpr std::size_t kTextBytesMax = 512;

struct Example {
  Schema schema =
      parse_schema(
          "i INT, l BIGINT, d DOUBLE, s STRING, b BOOLEAN, c DECIMAL(12,2), t TIMESTAMP, "
          "day DATE, a ARRAY<STRING>, m MAP<STRING, INT>, r STRUCT<x: INT, y: STRING>")
          .value();
  std::vector<std::string> rows;

  Example() {
    Arena arena;
    std::vector<Cell> cells(schema.size(), Cell::of_null());
    add(cells);
    const Cell texts[] = {Cell::of_bytes("a"), Cell::of_null(), Cell::of_bytes("2024-02-29")};
    const Cell numbers[] = {Cell::of_number(1), Cell::of_number(-7), Cell::of_null()};
    const Cell members[] = {Cell::of_number(5), Cell::of_bytes("y")};
    const CellForm forms[] = {CellForm::kInline, CellForm::kBytes};
    const Cell keys[] = {texts[0], texts[2], Cell::of_bytes("")};
    cells = {Cell::of_number(3),
             Cell::of_number(INT64_MIN),
             Cell::of_real(-0.5),
             Cell::of_bytes("ab\xc5\xbe, \xff{\"a\":[1,null]}"),
             Cell::of_boolean(true),
             Cell::of_number(-12345),
             Cell::of_number(1'709'287'200'000'001),
             Cell::of_number(-719162),
             make_array(texts, CellForm::kBytes, arena),
             make_map(keys, CellForm::kBytes, numbers, CellForm::kInline, arena),
             make_struct(members, forms, arena)};
    add(cells);
  }

 private:
  void add(const std::vector<Cell>& cells) {
    Arena arena;
    rows.emplace_back(RowWriter(schema).write(cells, arena));
  }
};

// All rows of a selection, in one text.
std::string rows_of(const sql::Selection& selection, expression::Evaluator& evaluator,
                    const RowView& row) {
  std::string all;
  evaluator.run(row);
  if (evaluator.failed()) return std::string(evaluator.error().message());
  const RowWriter writer(selection.output);
  std::vector<Cell> cells(selection.output.size());
  const auto add = [&] {
    Arena arena;
    const std::string_view bytes = writer.write(cells, arena);
    PENSTOCK_CHECK(check_row(bytes, selection.output).ok());
    all += bytes;
  };
  if (selection.generator) {
    selection.generator->for_each_row(evaluator, cells, add);
  } else {
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = evaluator.result(i);
    add();
  }
  return all;
}

// What differs from evaluation to evaluation.
bool is_random(std::string_view text) {
  for (const char* word : {"rand", "uuid", "shuffle", "RAND", "UUID", "SHUFFLE"}) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

void evaluate(std::uint8_t choice, std::string_view text) {
  static const Example kExample;
  const expression::Settings settings{.ansi = (choice & 1) != 0, .zone = {}};
  const std::string texts[] = {std::string(text)};
  const Result<sql::Selection> selection = sql::compile_selection(texts, kExample.schema, settings);
  if (!selection.ok()) {
    PENSTOCK_CHECK(!selection.status().message().empty());
    return;
  }
  expression::Evaluator evaluator(selection->program);
  const RowView row(kExample.rows[choice / 2 % 2], kExample.schema);
  const std::string first = rows_of(*selection, evaluator, row);
  if (!is_random(text)) PENSTOCK_CHECK(rows_of(*selection, evaluator, row) == first);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > penstock::kTextBytesMax) return 0;
  penstock::evaluate(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
