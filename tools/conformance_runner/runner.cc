#include "penstock/tools/conformance_runner/runner.h"

#include <simdjson.h>

#include <fstream>
#include <ostream>
#include <string_view>
#include <vector>

#include "penstock/core/row/row.h"
#include "penstock/core/row/type_text.h"
#include "penstock/sql/analyzer/generators.h"
#include "penstock/tools/conformance_runner/case_value.h"

namespace penstock::conformance {
namespace {

using simdjson::dom::element;

std::string member_text(element value, const char* name) {
  std::string_view text;
  return value[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

struct Input {
  Schema schema;
  std::vector<Cell> cells;
};

Result<Input> read_columns(element one, Arena& arena) {
  std::vector<Field> fields;
  Input input;
  simdjson::dom::array columns;
  if (one["columns"].get(columns) == simdjson::SUCCESS) {
    for (const element column : columns) {
      const std::string type_text(std::string_view(column.at(1)));
      Result<DataType> type = parse_type(type_text);
      if (!type.ok()) return type.status();
      Result<Cell> cell = read_value(column.at(2), *type, arena);
      if (!cell.ok()) return cell.status();
      fields.push_back({std::string(std::string_view(column.at(0))), *type, true});
      input.cells.push_back(*cell);
    }
  }
  input.schema = Schema(std::move(fields));
  return input;
}

// Cases whose answer depends on the day on which Spark was asked.
bool depends_on_today(element one) {
  const std::string expression = member_text(one, "expr");
  simdjson::dom::array columns;
  if (one["columns"].get(columns) != simdjson::SUCCESS || columns.size() == 0) return false;
  std::string_view value;
  if (columns.at(0).at(2).get(value) != simdjson::SUCCESS) return false;
  const bool cast = expression == "cast(s as timestamp)" || expression == "to_timestamp(s)";
  return cast && (value == "T10:20:30" || value == "12:30");
}

// What an expression gives: rows of one schema.
struct Answer {
  Schema output;
  std::vector<std::vector<Cell>> rows;
};

// "" when it is as Spark has it.
std::string compare_one(element one, const Answer& answer) {
  const std::string wanted = member_text(one, "result_type");
  if (answer.output.size() != 1)
    return "gives " + std::to_string(answer.output.size()) + " columns";
  if (answer.rows.size() != 1) return "gives " + std::to_string(answer.rows.size()) + " rows";
  const DataType& type = answer.output[0].type;
  const Cell& value = answer.rows[0][0];
  bool flag = false;
  const bool unordered = one["unordered"].get(flag) == simdjson::SUCCESS && flag;
  std::string difference;
  if (type.to_string() != wanted) difference = "type " + type.to_string() + ", expected " + wanted;
  element result;
  if (one["result"].get(result) != simdjson::SUCCESS)
    return "gives " + show(value, type) + ", expected other things";
  if (difference.empty() && same_value(value, type, result, unordered)) return "";
  return difference + (difference.empty() ? "" : "; ") + "gives " + show(value, type) +
         ", expected " + simdjson::minify(result);
}

std::string compare_row(const Schema& output, const std::vector<Cell>& cells, element expected) {
  simdjson::dom::array row;
  if (expected.get(row) != simdjson::SUCCESS || row.size() != output.size())
    return "gives " + std::to_string(output.size()) + " columns";
  for (size_t i = 0; i < output.size(); ++i) {
    if (!same_value(cells[i], output[i].type, row.at(i), false))
      return "column " + output[i].name + " is " + show(cells[i], output[i].type);
  }
  return "";
}

std::string compare_rows(element one, const Answer& answer) {
  simdjson::dom::array rows;
  if (one["rows"].get(rows) != simdjson::SUCCESS) return compare_one(one, answer);
  if (rows.size() != answer.rows.size())
    return "gives " + std::to_string(answer.rows.size()) + " rows, expected " +
           std::to_string(rows.size());
  simdjson::dom::array types;
  if (one["result_type"].get(types) != simdjson::SUCCESS || types.size() != answer.output.size())
    return "gives " + std::to_string(answer.output.size()) + " columns";
  for (size_t i = 0; i < types.size(); ++i) {
    if (std::string_view(types.at(i)) != answer.output[i].type.to_string())
      return "column " + answer.output[i].name + " has the type " +
             answer.output[i].type.to_string();
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string difference = compare_row(answer.output, answer.rows[i], rows.at(i));
    if (!difference.empty()) return "row " + std::to_string(i) + ": " + difference;
  }
  return "";
}

void add_rows(const sql::Selection& selection, const expression::Evaluator& evaluator,
              Answer& answer) {
  std::vector<Cell> cells(answer.output.size());
  if (selection.generator) {
    selection.generator->for_each_row(evaluator, cells, [&] { answer.rows.push_back(cells); });
    return;
  }
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = evaluator.result(i);
  answer.rows.push_back(std::move(cells));
}

// "" when it is as Spark has it.
std::string run_case(element one) {
  Arena arena;
  Result<Input> input = read_columns(one, arena);
  if (!input.ok()) return "the input cannot be read: " + input.status().to_string();
  element error;
  const bool wants_error = one["error"].get(error) == simdjson::SUCCESS;
  const std::string texts[] = {member_text(one, "expr")};
  Result<sql::Selection> selection = sql::compile_selection(texts, input->schema, {});
  if (!selection.ok()) return wants_error ? "" : selection.status().to_string();
  expression::Evaluator evaluator(selection->program);
  evaluator.set_now(1'700'000'000'000'000);
  const std::string_view row = RowWriter(input->schema).write(input->cells, arena);
  evaluator.run(RowView(row, input->schema));
  if (evaluator.failed()) return wants_error ? "" : evaluator.error().to_string();
  Answer answer{selection->output, {}};
  add_rows(*selection, evaluator, answer);
  if (!wants_error) return compare_rows(one, answer);
  return "gives " +
         (answer.rows.empty() ? "no row" : show(answer.rows[0][0], answer.output[0].type)) +
         ", expected the error " + std::string(std::string_view(error));
}

}  // namespace

Result<KnownDifferences> read_known(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return Status::data_error(path +
                              ": cannot be read; give a file with a line \"ID REASON\" per case");
  KnownDifferences known;
  for (std::string line; std::getline(file, line);) {
    const size_t blank = line.find(' ');
    if (!line.empty() && line[0] != '#')
      known[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
  }
  return known;
}

Status run_file(const std::string& path, const KnownDifferences& known, std::ostream& out,
                Counts& counts) {
  simdjson::dom::parser parser;
  element document;
  if (const auto error = parser.load(path).get(document)) {
    return Status::data_error(path + ": " + simdjson::error_message(error) +
                              "; give a file of conformance cases");
  }
  simdjson::dom::array cases;
  if (document["cases"].get(cases) != simdjson::SUCCESS)
    return Status::data_error(path + ": there is no array \"cases\"");
  for (const element one : cases) {
    const std::string id = member_text(one, "id");
    element expression;
    const bool stream = one["expr"].get(expression) != simdjson::SUCCESS;
    if (stream || depends_on_today(one)) {
      ++counts.skipped;
      out << "SKIPPED " << id << ": "
          << (stream ? "a case of streams, which this tool does not run yet"
                     : "its answer depends on the day")
          << "\n";
      continue;
    }
    std::string difference = run_case(one);
    if (const auto listed = known.find(id); listed != known.end()) {
      if (!difference.empty()) {
        ++counts.skipped;
        out << "SKIPPED " << id << ": " << listed->second << "\n";
        continue;
      }
      difference = "is listed as a difference, but is as Spark has it; remove it from the list";
    }
    ++(difference.empty() ? counts.passed : counts.failed);
    if (difference.empty()) continue;
    element columns;
    out << "FAILED " << id << " " << member_text(one, "area") << ": " << member_text(one, "expr");
    if (one["columns"].get(columns) == simdjson::SUCCESS)
      out << "  over " << simdjson::minify(columns);
    out << "\n    " << difference << "\n";
  }
  return {};
}

}  // namespace penstock::conformance
