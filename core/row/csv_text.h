// core/row/csv_text.h -- rows to lines of CSV, as Spark's writer does it.
//
// A value is quoted when it has the separator, a quote or a line break in it, or begins with the comment character; an
// empty text is "" and a null is nothing, unless the options say otherwise.
// Threads     Immutable once made.
// Cost        No allocation beyond growth of the text that is appended to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/csv_options.h"
#include "penstock/core/row/row.h"

namespace penstock {

class CsvRowWriter {
 public:
  // Columns are scalars; an error names one that is not.
  static Result<CsvRowWriter> make(Schema schema, CsvOptions options);

  // Appends; ends without a line break.
  void write(std::string_view row, std::string& out) const;

 private:
  CsvRowWriter(Schema schema, CsvOptions options)
      : schema_(std::move(schema)), options_(std::move(options)) {}

  void write_value(const Cell& cell, const DataType& type, std::string& out) const;
  void write_time(const TimePattern& pattern, const Cell& cell, const TimeZone& zone,
                  std::string& out) const;
  // What stands in `out` from `from` on.
  void quote_where_needed(std::size_t from, std::string& out) const;
  void drop_blanks(std::size_t from, std::string& out) const;

  Schema schema_;
  CsvOptions options_;
  std::optional<TimePattern> timestamp_;
  std::optional<TimePattern> timestamp_ntz_;
  std::optional<TimePattern> date_;
};

}  // namespace penstock
