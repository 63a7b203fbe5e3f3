#include "penstock/tools/conformance_runner/evaluate.h"

#include <fstream>
#include <istream>
#include <ostream>
#include <string_view>
#include <vector>

#include "penstock/core/row/json_row.h"
#include "penstock/core/row/json_text.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock::conformance {
namespace {

void append_error(const Status& status, std::string& out) {
  out += "{\"error\":";
  append_json_string(status.message(), out);
  out += '}';
}

// The value as JSON, which to_json writes inside of a struct or an array only.
void append_value(const Cell& cell, const DataType& type, std::string& out) {
  if (cell.null) {
    out += "null";
    return;
  }
  Arena arena;
  const DataType array = DataType::array(type);
  std::string text;
  append_json(make_array({&cell, 1}, cell_form(type), arena), array, {}, text);
  out.append(text, 1, text.size() - 2);
}

Result<std::vector<std::string>> read_rows(const Schema& schema, const std::string& path) {
  JsonRowOptions options;
  options.mode = BadRecordMode::kFailFast;
  Result<JsonRowReader> reader = JsonRowReader::make(schema.type(), options);
  if (!reader.ok()) return reader.status();
  std::ifstream file(path);
  if (!file) return Status::data_error(path + ": cannot be read; give a file of JSON lines");
  std::vector<std::string> rows;
  for (std::string line; std::getline(file, line);) {
    Arena arena;
    Cell row;
    std::string_view fault;
    if (reader->read(line, arena, row, fault) == JsonRowReader::Outcome::kBad || row.null)
      return Status::data_error(path + ": " + line + ": " + std::string(fault));
    rows.emplace_back(row.bytes());
  }
  return rows;
}

std::string answer(const std::string& text, const Schema& schema,
                   const std::vector<std::string>& rows, const expression::Settings& settings) {
  std::string out;
  Result<expression::Program> program = sql::compile(text, schema, settings);
  if (!program.ok()) {
    append_error(program.status(), out);
    return out;
  }
  expression::Evaluator evaluator(*program);
  out = "{\"type\":\"" + program->type().to_string() + "\",\"values\":[";
  for (const std::string& row : rows) {
    if (out.back() != '[') out += ',';
    const Cell cell = evaluator.evaluate(RowView(row, schema));
    if (evaluator.failed()) {
      append_error(evaluator.error(), out);
    } else {
      append_value(cell, program->type(), out);
    }
  }
  return out + "]}";
}

}  // namespace

Status evaluate_lines(const std::string& schema, const std::string& rows_path,
                      const expression::Settings& settings, std::istream& expressions,
                      std::ostream& out) {
  Result<Schema> columns = parse_schema(schema);
  if (!columns.ok()) return columns.status();
  Result<std::vector<std::string>> rows = read_rows(*columns, rows_path);
  if (!rows.ok()) return rows.status();
  for (std::string text; std::getline(expressions, text);)
    out << answer(text, *columns, *rows, settings) << "\n";
  return {};
}

}  // namespace penstock::conformance
