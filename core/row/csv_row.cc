#include "penstock/core/row/csv_row.h"

#include <charconv>
#include <limits>
#include <utility>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

DataType nullable_type(const DataType& type) {
  if (type.is(TypeKind::kArray)) return DataType::array(nullable_type(type.element()));
  if (type.is(TypeKind::kMap)) return DataType::map(type.key(), nullable_type(type.value()));
  if (!type.is(TypeKind::kStruct)) return type;
  std::vector<Field> fields;
  for (const Field& field : type.fields())
    fields.push_back({field.name, nullable_type(field.type)});
  return DataType::structure(std::move(fields));
}

Status compile_pattern(std::string_view text, std::optional<TimePattern>& pattern) {
  return text.empty() ? Status() : set_reading_pattern(text, pattern);
}

// As Java's parseLong: digits with a sign, nothing else.
bool strict_integer(std::string_view text, const DataType& type, std::int64_t& out) noexcept {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() &&
         out >= integer_min(type.kind()) && out <= integer_max(type.kind());
}

void describe(std::string& fault, const Field& field, std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  if (!fault.empty()) return;
  fault = "cannot read column \"" + field.name + "\" (" + field.type.to_sql() + ") from \"" +
          std::string(text.substr(0, kShownMax)) + (text.size() > kShownMax ? "\"..." : "\"");
}

}  // namespace

Schema nullable_schema(const Schema& schema) {
  const DataType type = nullable_type(schema.type());
  const auto fields = type.fields();
  return Schema(std::vector<Field>(fields.begin(), fields.end()));
}

CsvRowReader::CsvRowReader(Schema schema, CsvOptions options)
    : schema_(std::move(schema)), options_(std::move(options)), writer_(schema_) {}

Result<CsvRowReader> CsvRowReader::make(const Schema& schema, CsvOptions options) {
  CsvRowReader reader(nullable_schema(schema), std::move(options));
  PENSTOCK_RETURN_IF_ERROR(reader.compile());
  return reader;
}

Status CsvRowReader::compile() {
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    const Field& field = schema_[i];
    if (field.type.is_nested() || field.type.is(TypeKind::kBinary) ||
        field.type.is(TypeKind::kNull)) {
      return Status::invalid_argument("column " + field.name + " is " + field.type.to_sql() +
                                      ", which CSV has no text for; read it as STRING");
    }
    if (field.name != options_.corrupt_column) continue;
    if (!field.type.is(TypeKind::kString)) {
      return Status::invalid_argument("column " + field.name +
                                      " takes the text of bad records, so it must be a STRING, "
                                      "not " +
                                      field.type.to_string());
    }
    corrupt_ = i;
  }
  PENSTOCK_RETURN_IF_ERROR(compile_pattern(options_.timestamp_format, timestamp_));
  PENSTOCK_RETURN_IF_ERROR(compile_pattern(options_.timestamp_ntz_format, timestamp_ntz_));
  return compile_pattern(options_.date_format, date_);
}

bool CsvRowReader::passes_over(std::string_view line) const noexcept {
  return trim_blanks(line).empty() ||
         (options_.comment != '\0' && line.starts_with(options_.comment));
}

bool CsvRowReader::read(std::string_view line, Arena& arena, std::string_view& row,
                        std::string& fault, const RowProjection& projection) const {
  fault.clear();
  Cell* cells = arena.allocate_array<Cell>(schema_.size());
  CsvLine values(line, options_, arena);
  CsvValue value;
  bool missing = false;
  const bool all = projection.is_all();
  const std::size_t end = all ? schema_.size() : projection.end();
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    cells[i] = Cell::of_null();
    if (corrupt_ == i || i >= end) continue;
    missing = missing || !values.next(value);
    if (!missing && projection.wants(i) && !convert(value, schema_[i].type, arena, cells[i]))
      describe(fault, schema_[i], value.text);
  }
  if (all && fault.empty() && (missing || values.next(value))) {
    fault = std::string("the line has ") + (missing ? "fewer" : "more") +
            " values than the schema has columns";
  }
  if (!fault.empty()) {
    if (options_.mode != BadRecordMode::kPermissive) return false;
    if (corrupt_) cells[*corrupt_] = Cell::of_bytes(values.record());
  }
  row = writer_.write({cells, schema_.size()}, arena);
  return true;
}

bool CsvRowReader::convert(const CsvValue& value, const DataType& type, Arena& arena,
                           Cell& out) const {
  out = Cell::of_null();
  if (value.text.empty() && !value.quoted) return true;
  const std::string_view text =
      value.text.empty() && options_.empty_value ? *options_.empty_value : value.text;
  if (text == options_.null_value) return true;
  std::int64_t number = 0;
  switch (type.kind()) {
    case TypeKind::kString:
      out = Cell::of_bytes(text);
      return true;
    case TypeKind::kBoolean:
      if (!same_name(text, "true") && !same_name(text, "false")) return false;
      out = Cell::of_boolean(same_name(text, "true"));
      return true;
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz:
      if (!convert_time(text, type, number)) return false;
      out = Cell::of_number(number);
      return true;
    default:
      return type.is_numeric() ? convert_number(text, type, arena, out)
                               : cell_of_text(text, type, options_.zone, arena, out);
  }
}

bool CsvRowReader::convert_number(std::string_view text, const DataType& type, Arena& arena,
                                  Cell& out) const {
  if (type.is(TypeKind::kDecimal)) {
    Int128 value = 0;
    if (!parse_decimal(text, type, value)) return false;
    out = cell_of_decimal(value, type, arena);
    return true;
  }
  std::int64_t number = 0;
  if (type.is_integral()) {
    if (!strict_integer(text, type, number)) return false;
    out = Cell::of_number(number);
    return true;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double value = 0;
  float single = 0;
  if (text == options_.nan_value) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == options_.positive_infinity) {
    value = kInfinity;
  } else if (text == options_.negative_infinity) {
    value = -kInfinity;
  } else if (type.is(TypeKind::kFloat)) {
    if (!parse_float(text, single)) return false;
    out = Cell::of_single(single);
    return true;
  } else if (!parse_double(text, value)) {
    return false;
  }
  out =
      type.is(TypeKind::kFloat) ? Cell::of_single(static_cast<float>(value)) : Cell::of_real(value);
  return true;
}

bool CsvRowReader::convert_time(std::string_view text, const DataType& type,
                                std::int64_t& out) const {
  if (type.is(TypeKind::kDate)) {
    if (!date_) return parse_date(text, out);
    if (!date_->read(text, TimeZone(), out)) return false;
    out = floor_divide(out, kMicrosPerDay);
    return true;
  }
  if (type.is(TypeKind::kTimestamp)) {
    return timestamp_ ? timestamp_->read(text, options_.zone, out)
                      : parse_timestamp(text, options_.zone, out);
  }
  return timestamp_ntz_ ? timestamp_ntz_->read(text, TimeZone(), out)
                        : parse_timestamp_ntz(text, out);
}

}  // namespace penstock
