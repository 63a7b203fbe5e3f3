#include "penstock/core/row/quoted_lines.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace penstock {
namespace {

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= ' '; }

std::size_t find(std::string_view bytes, char wanted, std::size_t from) noexcept {
  const void* at = std::memchr(bytes.data() + from, wanted, bytes.size() - from);
  return at == nullptr ? bytes.size()
                       : static_cast<std::size_t>(static_cast<const char*>(at) - bytes.data());
}

constexpr std::uint64_t kLowBits = 0x0101010101010101;

std::uint64_t eight_of(char c) noexcept { return kLowBits * static_cast<unsigned char>(c); }

// The top bit of every byte that is 0, and perhaps of some behind the lowest of them.
std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - kLowBits) & ~word & (kLowBits << 7);
}

// Of the first of two characters from `from` on.
std::size_t find_either(std::string_view bytes, char one, char other, std::size_t from) noexcept {
  static_assert(std::endian::native == std::endian::little);
  const std::uint64_t ones = eight_of(one);
  const std::uint64_t others = eight_of(other);
  for (; from + sizeof(std::uint64_t) <= bytes.size(); from += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + from, sizeof word);
    const std::uint64_t found = zero_bytes(word ^ ones) | zero_bytes(word ^ others);
    if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (from < bytes.size() && bytes[from] != one && bytes[from] != other) ++from;
  return from;
}

}  // namespace

void QuotedLineScanner::start() noexcept {
  state_ = State::kRecord;
  next_ = 0;
  ended_ = false;
}

std::size_t QuotedLineScanner::find_end(std::string_view bytes) noexcept {
  while (!ended_ && next_ < bytes.size() && step(bytes)) {
  }
  return ended_ ? next_ : bytes.size();
}

std::optional<std::size_t> QuotedLineScanner::open_quote(std::string_view bytes) const noexcept {
  const bool closes = next_ < bytes.size() && bytes[next_] == how_.quote;
  if (state_ != State::kQuoted || closes) return std::nullopt;
  return opened_;
}

bool QuotedLineScanner::step(std::string_view bytes) noexcept {
  switch (state_) {
    case State::kRecord:
      return begin_record(bytes);
    case State::kComment:
      next_ = find(bytes, '\n', next_);
      ended_ = next_ < bytes.size();
      return ended_;
    case State::kValue:
      return begin_value(bytes);
    case State::kUnquoted:
      return plain_ ? plain_unquoted(bytes) : unquoted(bytes);
    case State::kQuoted:
      return quoted(bytes);
    case State::kAfterQuote:
      return after_quote(bytes);
  }
  return false;
}

QuotedLineScanner::Match QuotedLineScanner::separator_at(std::string_view bytes) const noexcept {
  const std::string_view separator = how_.separator;
  const std::string_view here = bytes.substr(next_, separator.size());
  if (!separator.starts_with(here)) return Match::kNo;
  return here.size() == separator.size() ? Match::kYes : Match::kUnknown;
}

QuotedLineScanner::Match QuotedLineScanner::pass_separator(std::string_view bytes) noexcept {
  const Match match = separator_at(bytes);
  if (match == Match::kYes) {
    next_ += how_.separator.size();
    state_ = State::kValue;
  }
  return match;
}

bool QuotedLineScanner::begin_record(std::string_view bytes) noexcept {
  if (how_.comment != '\0' && bytes[0] == how_.comment) {
    state_ = State::kComment;
    return true;
  }
  const std::size_t line_end = find(bytes, '\n', 0);
  if (line_end < bytes.size() && find(bytes.substr(0, line_end), how_.quote, 0) == line_end) {
    next_ = line_end;
    ended_ = true;
    return true;
  }
  state_ = State::kValue;
  return true;
}

bool QuotedLineScanner::begin_value(std::string_view bytes) noexcept {
  if (how_.ignore_leading_blanks && is_blank(bytes[next_])) {
    if (bytes[next_] == '\n') {
      ended_ = true;
      return true;
    }
    const Match match = separator_at(bytes);
    if (match == Match::kUnknown) return false;
    if (match == Match::kNo) {
      ++next_;
      return true;
    }
  }
  if (bytes[next_] != how_.quote) {
    state_ = State::kUnquoted;
    unquoted_ = next_;
    return true;
  }
  state_ = State::kQuoted;
  opened_ = next_++;
  return true;
}

// Over all values up to the next that is quoted.
bool QuotedLineScanner::plain_unquoted(std::string_view bytes) noexcept {
  next_ = find_either(bytes, '\n', how_.quote, next_);
  if (next_ == bytes.size()) return false;
  ended_ = bytes[next_] == '\n';
  if (ended_) return true;
  if (next_ > unquoted_ && bytes[next_ - 1] == how_.separator[0]) {
    state_ = State::kQuoted;
    opened_ = next_;
  }
  ++next_;
  return true;
}

bool QuotedLineScanner::unquoted(std::string_view bytes) noexcept {
  next_ = find_either(bytes, '\n', how_.separator[0], next_);
  if (next_ == bytes.size()) return false;
  if (bytes[next_] == '\n') {
    ended_ = true;
    return true;
  }
  const Match match = pass_separator(bytes);
  if (match == Match::kNo) ++next_;
  return match != Match::kUnknown;
}

bool QuotedLineScanner::quoted(std::string_view bytes) noexcept {
  const bool escapes = how_.escape != '\0';
  next_ =
      escapes ? find_either(bytes, how_.quote, how_.escape, next_) : find(bytes, how_.quote, next_);
  if (next_ + 1 >= bytes.size()) return false;  // What comes next has a say.
  const char c = bytes[next_];
  const char after = bytes[next_ + 1];
  if (escapes && c == how_.escape && (after == how_.quote || (after == c && c != how_.quote))) {
    next_ += 2;
  } else if (c != how_.quote || after == how_.quote) {
    ++next_;
  } else {
    closed_ = next_++;
    state_ = State::kAfterQuote;
  }
  return true;
}

bool QuotedLineScanner::after_quote(std::string_view bytes) noexcept {
  if (bytes[next_] == '\n') {
    ended_ = true;
    return true;
  }
  const Match match = pass_separator(bytes);
  if (match != Match::kNo) return match == Match::kYes;
  if (is_blank(bytes[next_])) {
    ++next_;
  } else {
    unquoted_ = next_ = closed_;  // It was none; a separator may begin with it.
    state_ = State::kUnquoted;
  }
  return true;
}

}  // namespace penstock
