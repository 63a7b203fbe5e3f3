#include "penstock/core/row/csv_options.h"

#include <string_view>

#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

// "" switches it off, as Spark's \u0000 does.
Status set_character(std::string_view name, std::string_view value, char& character) {
  if (value.size() > 1) return bad_option(name, value, "give one character");
  if (value == "\n" || value == "\r") return bad_option(name, value, "give no line end");
  character = value.empty() ? '\0' : value[0];
  return {};
}

Status set_separator(std::string_view name, std::string_view value, std::string& separator) {
  if (value.empty()) return bad_option(name, value, "give at least one character");
  separator.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool escaped = value[i] == '\\' && i + 1 < value.size();
    const char c = escaped ? value[++i] : value[i];
    if (!escaped || c == '\\' || c == '"' || c == '\'') {
      separator += c;
    } else if (c == 't') {
      separator += '\t';
    } else {
      return bad_option(name, value, "after a backslash write t or another backslash");
    }
  }
  if (separator.find_first_of("\r\n") == std::string::npos) return {};
  return bad_option(name, value, "a line break cannot separate values");
}

struct NamedText {
  std::string_view name;
  std::string CsvOptions::*text;
};
constexpr NamedText kTexts[] = {
    {"nullValue", &CsvOptions::null_value},
    {"nanValue", &CsvOptions::nan_value},
    {"positiveInf", &CsvOptions::positive_infinity},
    {"negativeInf", &CsvOptions::negative_infinity},
    {"columnNameOfCorruptRecord", &CsvOptions::corrupt_column},
    {"timestampFormat", &CsvOptions::timestamp_format},
    {"timestampNTZFormat", &CsvOptions::timestamp_ntz_format},
    {"dateFormat", &CsvOptions::date_format},
};

Status set_option(std::string_view name, std::string_view value, CsvOptions& options) {
  const auto is = [name](std::string_view known) { return same_name(name, known); };
  for (const NamedText& known : kTexts) {
    if (is(known.name)) options.*known.text = value;
  }
  if (is("emptyValue")) options.empty_value = value;
  if (is("sep") || is("delimiter")) return set_separator(name, value, options.separator);
  if (is("quote")) return set_character(name, value, options.quote);
  if (is("escape")) return set_character(name, value, options.escape);
  if (is("comment")) return set_character(name, value, options.comment);
  if (is("header")) return set_flag(name, value, options.header);
  if (is("columnPruning")) return set_flag(name, value, options.column_pruning);
  if (is("quoteAll")) return set_flag(name, value, options.quote_all);
  if (is("ignoreLeadingWhiteSpace")) return set_flag(name, value, options.ignore_leading_blanks);
  if (is("ignoreTrailingWhiteSpace")) return set_flag(name, value, options.ignore_trailing_blanks);
  if (is("mode")) return set_mode(name, value, options.mode);
  if (is("timeZone")) return set_zone(value, options.zone);
  if (is("multiLine")) return set_flag(name, value, options.multi_line);
  return {};
}

}  // namespace

Result<CsvOptions> CsvOptions::of(const std::vector<std::pair<std::string, std::string>>& named,
                                  const TimeZone& session) {
  return read_options(named, session, &set_option);
}

std::optional<QuotedLines> CsvOptions::quoted_lines() const {
  if (!multi_line || quote == '\0') return std::nullopt;
  return QuotedLines{separator, quote, escape, comment, ignore_leading_blanks.value_or(false)};
}

}  // namespace penstock
