// core/row/csv_row.h -- lines of CSV to rows of a schema, by the rules of Spark's reader.
//
//   value of a wrong type       null, the others stand; the record counts as bad
//   too few, too many values    the missing ones are null, further ones are dropped; the record counts as bad
//   kPermissive                 a bad record's line goes to the corrupt column, if the schema has one
//   kFailFast, kDropMalformed   a bad record gives nothing
//   with a projection           only its columns are read: no other value, nor how many there are, makes a record bad
// The corrupt column has no value of its own in the line. Every column may be null, whatever the schema says.
// Ownership   Values without escapes point into the line, the rest into the arena.
// Threads     Immutable once made.
// Cost        No allocation beyond that of the arena for a good line.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/arena.h"
#include "penstock/core/row/csv_line.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/row_projection.h"

namespace penstock {

class CsvRowReader {
 public:
  // Columns are scalars; an error names one that is not, and a corrupt column that is no string.
  static Result<CsvRowReader> make(const Schema& schema, CsvOptions options);

  // False with kFailFast and kDropMalformed for a bad line; `fault` then says why.
  bool read(std::string_view line, Arena& arena, std::string_view& row, std::string& fault,
            const RowProjection& projection = RowProjection()) const;
  // Blank lines and comments are no records.
  bool passes_over(std::string_view line) const noexcept;

  const Schema& schema() const noexcept { return schema_; }
  const CsvOptions& options() const noexcept { return options_; }
  std::optional<std::size_t> corrupt_column() const noexcept { return corrupt_; }

 private:
  CsvRowReader(Schema schema, CsvOptions options);

  Status compile();
  // False when the text is no value of the column's type.
  bool convert(const CsvValue& value, const DataType& type, Arena& arena, Cell& out) const;
  bool convert_number(std::string_view text, const DataType& type, Arena& arena, Cell& out) const;
  bool convert_time(std::string_view text, const DataType& type, std::int64_t& out) const;

  Schema schema_;
  CsvOptions options_;
  RowWriter writer_;
  std::optional<std::size_t> corrupt_;
  std::optional<TimePattern> timestamp_;
  std::optional<TimePattern> timestamp_ntz_;
  std::optional<TimePattern> date_;
};

// The schema that a reader gives: as it was asked for, but every column may be null.
Schema nullable_schema(const Schema& schema);

}  // namespace penstock
