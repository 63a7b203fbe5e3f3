// io/row/row_formats.h -- the formats in which rows come and go, with Spark's names of options.
//
//   CsvRows{{{"header", "true"}, {"sep", ";"}}}      JsonRows{}      TextRows{}
//
// Errors      Of options, schemas and columns that the format has no text for: invalid argument, when the plan is made.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/row/csv_text.h"
#include "penstock/core/row/json_text.h"
#include "penstock/io/row/row_decoder.h"

namespace penstock {

using RowFormatOptions = std::vector<std::pair<std::string, std::string>>;

// Encoders append a row, without a line break; each belongs to one thread or is immutable.
class CsvRowEncoder {
 public:
  explicit CsvRowEncoder(CsvRowWriter writer) : writer_(std::move(writer)) {}
  void encode(const Row& row, std::string& out) const { writer_.write(row.bytes, out); }

 private:
  CsvRowWriter writer_;
};

class JsonRowEncoder {
 public:
  JsonRowEncoder(DataType type, JsonTextOptions options)
      : type_(std::move(type)), options_(std::move(options)) {}
  void encode(const Row& row, std::string& out) const {
    append_json(Cell::of_bytes(row.bytes), type_, options_, out);
  }

 private:
  DataType type_;
  JsonTextOptions options_;
};

class TextRowEncoder {
 public:
  void encode(const Row& row, std::string& out) const;
};

// A line is a record, and with `multiLine` line ends in quotes are part of one. A header is the record at offset 0.
struct CsvRows {
  RowFormatOptions options{};

  Result<RowDecoder<CsvRecordReader>> decoder(std::string_view schema, const TimeZone& zone) const;
  // What the mode makes of bad records, where the job says nothing else.
  Result<BadRecordMode> mode(const TimeZone& zone) const;
  Result<CsvRowEncoder> encoder(const Schema& schema, const TimeZone& zone) const;
};

// A record is an object; its members are found by their names.
struct JsonRows {
  RowFormatOptions options{};

  Result<RowDecoder<JsonRecordReader>> decoder(std::string_view schema, const TimeZone& zone) const;
  Result<BadRecordMode> mode(const TimeZone& zone) const;
  Result<JsonRowEncoder> encoder(const Schema& schema, const TimeZone& zone) const;
};

// A record is the value of one STRING column, `value` unless the schema names it otherwise. A null is an empty record.
struct TextRows {
  Result<RowDecoder<TextRecordReader>> decoder(std::string_view schema, const TimeZone& zone) const;
  Result<BadRecordMode> mode(const TimeZone& zone) const;
  Result<TextRowEncoder> encoder(const Schema& schema, const TimeZone& zone) const;
};

}  // namespace penstock
