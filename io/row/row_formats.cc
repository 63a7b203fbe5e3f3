#include "penstock/io/row/row_formats.h"

#include "penstock/core/row/type_text.h"

namespace penstock {
namespace {

Status set_pattern(const std::string& text, std::optional<TimePattern>& pattern) {
  Result<TimePattern> compiled = TimePattern::compile(text, TimePattern::Use::kWriting);
  if (!compiled.ok()) return compiled.status();
  pattern = std::move(*compiled);
  return {};
}

Result<JsonTextOptions> json_text_options(const RowFormatOptions& options, const TimeZone& zone) {
  JsonTextOptions text;
  text.zone = zone;
  for (const auto& [name, value] : options) {
    Status status;
    if (same_name(name, "timestampFormat")) status = set_pattern(value, text.timestamp_format);
    if (same_name(name, "timestampNTZFormat"))
      status = set_pattern(value, text.timestamp_ntz_format);
    if (same_name(name, "dateFormat")) status = set_pattern(value, text.date_format);
    if (same_name(name, "ignoreNullFields")) text.ignore_null_fields = !same_name(value, "false");
    if (!status.ok()) return status;
  }
  return text;
}

}  // namespace

Result<RowDecoder<CsvRecordReader>> CsvRows::decoder(std::string_view schema,
                                                     const TimeZone& zone) const {
  Result<Schema> columns = parse_schema(schema);
  if (!columns.ok()) return columns.status();
  Result<CsvOptions> read = CsvOptions::of(options, zone);
  if (!read.ok()) return read.status();
  Result<CsvRowReader> reader = CsvRowReader::make(*columns, std::move(*read));
  if (!reader.ok()) return reader.status();
  return RowDecoder<CsvRecordReader>(CsvRecordReader(std::move(*reader)));
}

Result<BadRecordMode> CsvRows::mode(const TimeZone& zone) const {
  Result<CsvOptions> read = CsvOptions::of(options, zone);
  if (!read.ok()) return read.status();
  return read->mode;
}

Result<CsvRowEncoder> CsvRows::encoder(const Schema& schema, const TimeZone& zone) const {
  Result<CsvOptions> read = CsvOptions::of(options, zone);
  if (!read.ok()) return read.status();
  Result<CsvRowWriter> writer = CsvRowWriter::make(schema, std::move(*read));
  if (!writer.ok()) return writer.status();
  return CsvRowEncoder(std::move(*writer));
}

Result<RowDecoder<JsonRecordReader>> JsonRows::decoder(std::string_view schema,
                                                       const TimeZone& zone) const {
  Result<Schema> columns = parse_schema(schema);
  if (!columns.ok()) return columns.status();
  Result<JsonRowOptions> read = JsonRowOptions::of(options, zone);
  if (!read.ok()) return read.status();
  Schema nullable = nullable_schema(*columns);
  Result<JsonRowReader> reader = JsonRowReader::make(nullable.type(), std::move(*read));
  if (!reader.ok()) return reader.status();
  return RowDecoder<JsonRecordReader>(JsonRecordReader(std::move(nullable), std::move(*reader)));
}

Result<BadRecordMode> JsonRows::mode(const TimeZone& zone) const {
  Result<JsonRowOptions> read = JsonRowOptions::of(options, zone);
  if (!read.ok()) return read.status();
  return read->mode;
}

Result<JsonRowEncoder> JsonRows::encoder(const Schema& schema, const TimeZone& zone) const {
  Result<JsonTextOptions> text = json_text_options(options, zone);
  if (!text.ok()) return text.status();
  return JsonRowEncoder(schema.type(), std::move(*text));
}

Result<RowDecoder<TextRecordReader>> TextRows::decoder(std::string_view schema,
                                                       const TimeZone&) const {
  Result<Schema> columns = parse_schema(schema.empty() ? "value STRING" : schema);
  if (!columns.ok()) return columns.status();
  if (columns->size() != 1 || !(*columns)[0].type.is(TypeKind::kString)) {
    return Status::invalid_argument("text has one STRING column, not " + columns->to_sql() +
                                    "; write \"value STRING\"");
  }
  return RowDecoder<TextRecordReader>(TextRecordReader((*columns)[0].name));
}

Result<BadRecordMode> TextRows::mode(const TimeZone&) const { return BadRecordMode::kFailFast; }

Result<TextRowEncoder> TextRows::encoder(const Schema& schema, const TimeZone&) const {
  if (schema.size() == 1 && schema[0].type.is(TypeKind::kString)) return TextRowEncoder();
  return Status::invalid_argument("text has one STRING column, not " + schema.to_sql() +
                                  "; select concat_ws(',', ...) or to_json(struct(*))");
}

void TextRowEncoder::encode(const Row& row, std::string& out) const {
  const Cell value = RowView(row.bytes, 1).bytes_cell(0);
  if (!value.null) out += value.bytes();
}

}  // namespace penstock
