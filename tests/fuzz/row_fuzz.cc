// Rows, types, JSON and time patterns from strangers: nothing may crash, and what check_row() accepts can be read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/check.h"
#include "penstock/core/row/json_path.h"
#include "penstock/core/row/json_row.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/time_pattern.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/row/value_order.h"
#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

const Schema& wide_schema() {
  static const Schema kSchema =
      parse_schema(
          "a INT, b STRING, c DECIMAL(30,2), d ARRAY<STRING>, e MAP<STRING, INT>, "
          "f STRUCT<x: DOUBLE, y: INTERVAL>, g TIMESTAMP, h BINARY, i DATE")
          .value();
  return kSchema;
}

void read_row(std::string_view bytes) {
  if (!check_row(bytes, wide_schema()).ok()) return;
  std::string text;
  append_text(Cell::of_bytes(bytes), wide_schema().type(), TimeZone(), text);
  PENSTOCK_CHECK(equal_rows(bytes, bytes, wide_schema()));
  hash_row(bytes, wide_schema());
}

void read_json(std::string_view text) {
  static const JsonRowReader kReader = JsonRowReader::make(wide_schema().type(), {}).value();
  Arena arena;
  Cell out;
  std::string_view fault;
  kReader.read(text, arena, out, fault);
  if (!out.null) PENSTOCK_CHECK(check_row(out.bytes(), wide_schema()).ok());
  std::string found;
  if (const auto path = JsonPath::parse("$.d[*]")) path->extract(text, found);
}

void read_text(std::string_view text) {
  const auto type = parse_type(text);
  if (type.ok()) PENSTOCK_CHECK(parse_type(type->to_sql()).ok());
  Arena arena;
  Cell out;
  for (const Field& field : wide_schema().fields())
    cell_of_text(text, field.type, TimeZone(), arena, out);
  const auto pattern = TimePattern::compile(text, TimePattern::Use::kReading);
  std::int64_t micros = 0;
  if (pattern.ok()) pattern->read("2024-03-01T10:20:30.5", TimeZone(), micros);
}

}  // namespace
}  // namespace penstock

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) penstock::read_row(rest);
  if (data[0] % 3 == 1) penstock::read_json(rest);
  if (data[0] % 3 == 2) penstock::read_text(rest);
  return 0;
}
