#include "penstock/tests/sql/analyzer/expression_kit.h"

#include "penstock/core/row/value_text.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock::sql {

std::string evaluated(std::string_view text, const expression::Settings& settings) {
  return evaluated(text, Schema(), {}, settings);
}

std::string evaluated(std::string_view text, const Schema& schema, const std::vector<Cell>& cells,
                      const expression::Settings& settings) {
  Result<expression::Program> program = compile(text, schema, settings);
  if (!program.ok()) return "error: " + std::string(program.status().message());
  expression::Evaluator evaluator(*program);
  Arena arena;
  const Cell cell = evaluator.evaluate(RowView(RowWriter(schema).write(cells, arena), schema));
  if (evaluator.failed()) return "error: " + std::string(evaluator.error().message());
  if (cell.null) return "null";
  std::string shown;
  append_text(cell, program->type(), TimeZone(), shown);
  return shown;
}

}  // namespace penstock::sql
