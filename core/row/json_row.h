// core/row/json_row.h -- JSON to values of a type, by the rules of Spark's from_json.
//
//   wrong type of a field       that field is null, the others stand; the record counts as bad
//   bad element or map value    the whole array or map is bad
//   text that is no JSON        the record is bad, all of it
//   kPermissive                 a bad record's text goes to the corrupt column, if the schema has one
//   kFailFast                   a bad record is an error
//   kDropMalformed              a bad record gives nothing
// Ownership   Texts without escapes point into the JSON, the rest into the arena.
// Threads     Immutable once made; each call has its own state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/arena.h"
#include "penstock/core/row/json_reader.h"
#include "penstock/core/row/option_values.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/row_projection.h"

namespace penstock {

struct JsonRowOptions {
  JsonSyntax syntax;
  BadRecordMode mode = BadRecordMode::kPermissive;
  std::string corrupt_column = "_corrupt_record";
  std::optional<TimePattern> timestamp_format;  // Else what CAST reads.
  std::optional<TimePattern> timestamp_ntz_format;
  std::optional<TimePattern> date_format;
  TimeZone zone;

  // Of options by their names in Spark; names that are not known are passed over, as Spark does. An error for a value
  // that means nothing.
  static Result<JsonRowOptions> of(const std::vector<std::pair<std::string, std::string>>& named,
                                   const TimeZone& session);
};

class JsonRowReader {
 public:
  // `type` is a struct, an array or a map. An error when the corrupt column is no string.
  static Result<JsonRowReader> make(DataType type, JsonRowOptions options);

  enum class Outcome : std::uint8_t { kValue, kBad };
  // kBad: only with kFailFast and kDropMalformed, and `fault` says why. A blank text is a null.
  // REQUIRES: a struct, where the projection is not all.
  Outcome read(std::string_view json, Arena& arena, Cell& out, std::string_view& fault,
               const RowProjection& projection = RowProjection()) const;

  const DataType& type() const noexcept { return type_; }
  std::optional<std::size_t> corrupt_column() const noexcept { return corrupt_; }

 private:
  class Decoder;
  JsonRowReader(DataType type, JsonRowOptions options)
      : type_(std::move(type)), options_(std::move(options)) {}

  Cell bad_value(std::string_view json, Cell partial, Arena& arena) const;

  DataType type_;
  JsonRowOptions options_;
  std::optional<std::size_t> corrupt_;  // Place of the corrupt column.
};

}  // namespace penstock
