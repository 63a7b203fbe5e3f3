#include "penstock/core/row/csv_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

Status compile_pattern(const std::string& text, std::string_view otherwise,
                       std::optional<TimePattern>& pattern) {
  Result<TimePattern> compiled =
      TimePattern::compile(text.empty() ? otherwise : text, TimePattern::Use::kWriting);
  if (!compiled.ok()) return compiled.status();
  pattern = std::move(*compiled);
  return {};
}

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= ' '; }

}  // namespace

Result<CsvRowWriter> CsvRowWriter::make(Schema schema, CsvOptions options) {
  CsvRowWriter writer(std::move(schema), std::move(options));
  for (const Field& field : writer.schema_.fields()) {
    if (!field.type.is_nested() && !field.type.is(TypeKind::kBinary)) continue;
    return Status::invalid_argument("column " + field.name + " is " + field.type.to_sql() +
                                    ", which CSV has no text for; write to_json(" +
                                    quoted_name(field.name) + ") or base64() of it");
  }
  const CsvOptions& given = writer.options_;
  PENSTOCK_RETURN_IF_ERROR(
      compile_pattern(given.timestamp_format, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", writer.timestamp_));
  PENSTOCK_RETURN_IF_ERROR(compile_pattern(given.timestamp_ntz_format, "yyyy-MM-dd'T'HH:mm:ss.SSS",
                                           writer.timestamp_ntz_));
  PENSTOCK_RETURN_IF_ERROR(compile_pattern(given.date_format, "yyyy-MM-dd", writer.date_));
  return writer;
}

void CsvRowWriter::write(std::string_view row, std::string& out) const {
  const RowView view(row, schema_);
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (i > 0) out += options_.separator;
    const Cell cell = view.cell(i, schema_[i].type);
    if (cell.null) {
      out += options_.null_value;
    } else {
      write_value(cell, schema_[i].type, out);
    }
  }
}

void CsvRowWriter::write_value(const Cell& cell, const DataType& type, std::string& out) const {
  const std::size_t from = out.size();
  const double real = type.is(TypeKind::kDouble)  ? cell.real
                      : type.is(TypeKind::kFloat) ? static_cast<double>(cell.single)
                                                  : 0;
  if (std::isnan(real)) {
    out += options_.nan_value;
  } else if (std::isinf(real)) {
    out += real > 0 ? options_.positive_infinity : options_.negative_infinity;
  } else if (type.is(TypeKind::kTimestamp)) {
    write_time(*timestamp_, cell, options_.zone, out);
  } else if (type.is(TypeKind::kTimestampNtz)) {
    write_time(*timestamp_ntz_, cell, TimeZone(), out);
  } else if (type.is(TypeKind::kDate) && std::abs(cell.number) <= INT64_MAX / kMicrosPerDay) {
    // A pattern writes times; a date further off than they reach is written without it.
    write_time(*date_, Cell::of_number(cell.number * kMicrosPerDay), TimeZone(), out);
  } else {
    append_text(cell, type, options_.zone, out);
  }
  drop_blanks(from, out);
  if (out.size() == from) {
    out += options_.empty_value.value_or("\"\"");
  } else {
    quote_where_needed(from, out);
  }
}

void CsvRowWriter::write_time(const TimePattern& pattern, const Cell& cell, const TimeZone& zone,
                              std::string& out) const {
  const std::size_t from = out.size();
  out.resize(from + pattern.text_bytes_max());
  out.resize(from + pattern.write(cell.number, zone, out.data() + from));
}

void CsvRowWriter::drop_blanks(std::size_t from, std::string& out) const {
  if (options_.ignore_trailing_blanks.value_or(true)) {
    while (out.size() > from && is_blank(out.back())) out.pop_back();
  }
  if (!options_.ignore_leading_blanks.value_or(true)) return;
  std::size_t blanks = 0;
  while (from + blanks < out.size() && is_blank(out[from + blanks])) ++blanks;
  out.erase(from, blanks);
}

void CsvRowWriter::quote_where_needed(std::size_t from, std::string& out) const {
  const char quote = options_.quote;
  if (quote == '\0') return;
  const std::string_view text = std::string_view(out).substr(from);
  const char special[] = {quote, '\n', '\r'};
  const bool needed = options_.quote_all ||
                      text.find_first_of({special, sizeof special}) != std::string_view::npos ||
                      text.find(options_.separator) != std::string_view::npos ||
                      (options_.comment != '\0' && text.starts_with(options_.comment));
  if (!needed) return;
  const auto is_escaped = [&](char c) { return c == quote || (c == options_.escape && c != '\0'); };
  const auto escaped =
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_escaped));
  // From behind, so that each character moves once.
  std::size_t read = out.size();
  out.resize(out.size() + escaped + 2);
  std::size_t write = out.size();
  out[--write] = quote;
  while (read > from) {
    const char c = out[--read];
    out[--write] = c;
    if (is_escaped(c)) out[--write] = options_.escape != '\0' ? options_.escape : quote;
  }
  out[--write] = quote;
}

}  // namespace penstock
