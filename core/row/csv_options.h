// core/row/csv_options.h -- how CSV is written and read: Spark's options, with its defaults.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/option_values.h"
#include "penstock/core/row/quoted_lines.h"

namespace penstock {

struct CsvOptions {
  std::string separator = ",";
  char quote = '"';         // '\0': nothing is quoted.
  char escape = '\\';       // Of a quote inside of quotes; '\0': none.
  char comment = '\0';      // Lines that begin with it are passed over.
  bool header = false;      // The first line of a file has the names.
  bool multi_line = false;  // Quoted values may hold line ends: a record may go over several lines.
  std::string null_value;   // What stands for null.
  std::optional<std::string>
      empty_value;  // What stands for an empty text: "" when read, two quotes when written.
  std::string nan_value = "NaN";
  std::string positive_infinity = "Inf";
  std::string negative_infinity = "-Inf";
  // Blanks around values that are not quoted. Read as they are, dropped when written, as Spark does.
  std::optional<bool> ignore_leading_blanks;
  std::optional<bool> ignore_trailing_blanks;
  bool quote_all = false;
  bool column_pruning = true;  // Columns that nobody asks for are not read.
  BadRecordMode mode = BadRecordMode::kPermissive;
  std::string corrupt_column = "_corrupt_record";
  // Texts of the patterns; without them what CAST reads, and ISO 8601 when written.
  std::string timestamp_format;
  std::string timestamp_ntz_format;
  std::string date_format;
  TimeZone zone;

  // Of options by their names in Spark; names that are not known are passed over, as Spark does. An error for a value
  // that means nothing or that this reader does not do.
  static Result<CsvOptions> of(const std::vector<std::pair<std::string, std::string>>& named,
                               const TimeZone& session);

  // For who cuts a file into records. None: a line is a record.
  std::optional<QuotedLines> quoted_lines() const;
};

}  // namespace penstock
