// core/row/quoted_lines.h -- where a record of CSV ends whose quoted values may hold line ends.
//
// A record ends with the first "\n" that is in no quotes. What is in quotes is what CsvLine (csv_line.h) says: a quote
// opens where a value begins, and a value whose quote is followed by anything but the separator, blanks or the end is
// not quoted from there on, so that a line end behind it ends the record. A line that begins with `comment` is a record
// whatever is in it.
// A scan goes on where it stopped when more bytes of the record have come: no byte is looked at again but a few, and
// the answer is the same wherever they were cut.
// Ownership   Keeps no bytes: they are handed in again, from the start of the record.
// Threads     One owner.
// Cost        Of a line without a quote two memchr; otherwise a few ns per 16 bytes. No allocation but at make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace penstock {

// How records are quoted.
struct QuotedLines {
  std::string separator = ",";
  char quote = '"';
  char escape = '\\';   // '\0': none.
  char comment = '\0';  // '\0': none.
  bool ignore_leading_blanks = false;
};

class QuotedLineScanner {
 public:
  // REQUIRES: a quote; a separator that is not empty; no '\n' among them.
  explicit QuotedLineScanner(QuotedLines how)
      : how_(std::move(how)),
        plain_(how_.separator.size() == 1 && how_.separator[0] != how_.quote &&
               !how_.ignore_leading_blanks) {}

  // A record begins.
  void start() noexcept;
  // `bytes` is what there is of the record, from its start: as much as at the last call, or more. The index of the
  // "\n" that ends it, or bytes.size() when none does so far.
  std::size_t find_end(std::string_view bytes) noexcept;
  // Where the quote stands that is still open at the end of `bytes`, in which find_end() has found none.
  std::optional<std::size_t> open_quote(std::string_view bytes) const noexcept;

 private:
  enum class State : std::uint8_t { kRecord, kComment, kValue, kUnquoted, kQuoted, kAfterQuote };
  // Whether the separator stands at `next_`; kUnknown: too few bytes have come.
  enum class Match : std::uint8_t { kNo, kYes, kUnknown };

  Match separator_at(std::string_view bytes) const noexcept;
  Match pass_separator(std::string_view bytes) noexcept;  // Behind one the next value begins.
  // Each takes bytes from next_ on. False: more of them are needed.
  bool step(std::string_view bytes) noexcept;
  bool begin_record(std::string_view bytes) noexcept;
  bool begin_value(std::string_view bytes) noexcept;
  bool unquoted(std::string_view bytes) noexcept;
  bool plain_unquoted(std::string_view bytes) noexcept;
  bool quoted(std::string_view bytes) noexcept;
  bool after_quote(std::string_view bytes) noexcept;

  QuotedLines how_;
  bool plain_;  // A quote opens behind the byte that separates, and nowhere else.
  State state_ = State::kRecord;
  std::size_t next_ = 0;
  std::size_t unquoted_ = 0;  // Where that began, in kUnquoted.
  std::size_t opened_ = 0;    // The quote of the value, from kQuoted on.
  std::size_t closed_ = 0;    // The quote that may have closed it, in kAfterQuote.
  bool ended_ = false;        // At next_.
};

}  // namespace penstock
