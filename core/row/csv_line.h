// core/row/csv_line.h -- cuts one line of CSV into its values, as Spark's reader does.
//
// Quotes      A value is quoted when a quote is its first character. Inside, escape and quote stand for a quote, escape
//             and escape for an escape. A quote that is followed by anything but the separator, blanks or the end was
//             none: the value then stands as it is written, quotes included, up to the next separator.
// Line ends   With `multi_line` a "\r" that ends the record is no part of it, and says that its lines end with "\r\n":
//             these are "\n" in its values then, as Spark reads files of such lines. Otherwise they stand as they are.
// Ownership   Values point into the line; those that lose an escape are copied into the arena.
// Errors      None: every line has values.
#pragma once

#include <cstddef>
#include <string_view>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/csv_options.h"

namespace penstock {

struct CsvValue {
  std::string_view text;
  bool quoted = false;
};

class CsvLine {
 public:
  // `options` outlive it. REQUIRES: options.separator is not empty.
  CsvLine(std::string_view line, const CsvOptions& options, Arena& arena) noexcept
      : carriage_returns_(options.multi_line && line.ends_with('\r')),
        record_(line.substr(0, line.size() - (carriage_returns_ ? 1 : 0))),
        rest_(record_),
        options_(options),
        arena_(arena) {}

  // The next value; false at the end. A line has one value more than separators.
  bool next(CsvValue& value) noexcept;
  // Without its line end.
  std::string_view record() const noexcept { return record_; }

 private:
  CsvValue unquoted() noexcept;
  CsvValue quoted() noexcept;
  std::size_t skip_blanks(std::size_t at) const noexcept;
  // Up to the separator after `from`, and takes both.
  std::string_view take_until_separator(std::size_t from) noexcept;
  std::string_view restored(std::string_view content, std::string_view raw) noexcept;
  std::string_view with_line_feeds(std::string_view text) noexcept;

  const bool carriage_returns_;  // In front of the line feeds.
  const std::string_view record_;
  std::string_view rest_;
  bool ended_ = false;
  const CsvOptions& options_;
  Arena& arena_;
};

}  // namespace penstock
