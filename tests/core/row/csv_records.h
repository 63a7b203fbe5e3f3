// tests/core/row/csv_records.h -- CSV taken apart slowly, by CsvLine alone: what cuts files is compared with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/row/csv_line.h"

namespace penstock::test {

inline std::vector<std::string> csv_values(std::string_view record, const CsvOptions& options) {
  Arena arena;
  CsvLine values(record, options, arena);
  std::vector<std::string> all;
  for (CsvValue value; values.next(value);) all.emplace_back(value.text);
  return all;
}

// A line ends the record when a separator behind it would begin another value. In open quotes it would not.
inline std::vector<std::string> naive_csv_records(std::string_view text,
                                                  const CsvOptions& options) {
  std::vector<std::string> records;
  while (!text.empty()) {
    std::size_t end = text.find('\n');
    while (end != std::string_view::npos) {
      const std::string record(text.substr(0, end));
      if (options.comment != '\0' && record.starts_with(options.comment)) break;
      const std::size_t more = csv_values(record + options.separator + "x", options).size();
      if (more > csv_values(record, options).size()) break;
      end = text.find('\n', end + 1);
    }
    records.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return records;
}

}  // namespace penstock::test
