// core/row/json_reader.h -- JSON token by token, as lenient or strict as Spark's options ask for.
//
// Ownership   Borrows the text. Tokens are views into it; text with escapes is made in a string of the caller's.
// Errors      kError, and from then on always kError. What stands behind the first whole value is not read.
// Cost        One pass, no allocation, quoted text by eight bytes; escapes are undone only where text() is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

struct JsonSyntax {
  bool single_quotes = true;
  bool comments = false;
  bool unquoted_names = false;
  bool leading_zeros = false;
  bool any_escape = false;
  bool control_characters = false;
  bool non_numeric_numbers = true;
};

enum class JsonToken : std::uint8_t {
  kError,
  kEnd,  // No value at all: an empty text, or behind the value.
  kBeginObject,
  kEndObject,
  kBeginArray,
  kEndArray,
  kName,
  kString,
  kInteger,
  kFraction,    // With a point or an exponent.
  kNonNumeric,  // NaN, Infinity, -INF, ...
  kTrue,
  kFalse,
  kNull,
};

class JsonReader {
 public:
  static constexpr std::size_t kDepthMax = 512;

  JsonReader(std::string_view text, const JsonSyntax& syntax) noexcept
      : at_(text.data()), end_(text.data() + text.size()), syntax_(syntax) {}

  JsonToken next() noexcept;
  // The next name of the object that is open and the token behind it, in one go where both are plainly written.
  // REQUIRES: an object is open. False at its end and after an error: token() says which.
  bool next_member(std::string_view name, bool& is_named) noexcept;
  JsonToken token() const noexcept { return token_; }
  // Of names and strings without escapes, of numbers and words as they are written.
  std::string_view raw() const noexcept { return raw_; }
  bool has_escapes() const noexcept { return escaped_; }
  // The text of a name or a string; made in `buffer` when it has escapes.
  std::string_view text(std::string& buffer) const;
  void append_text(std::string& out) const;
  bool text_is(std::string_view name) const {
    return escaped_ ? escaped_text_is(name) : raw_ == name;
  }
  // Skips what the current token begins. False when it does not end.
  bool skip() noexcept;

 private:
  JsonToken error() noexcept;
  bool skip_blanks() noexcept;
  bool skip_comment() noexcept;
  JsonToken value() noexcept;
  JsonToken name() noexcept;
  JsonToken close(bool object) noexcept;
  JsonToken open(bool object) noexcept;
  bool quoted(char quote) noexcept;
  bool escape() noexcept;
  bool escaped_text_is(std::string_view name) const;
  JsonToken number() noexcept;
  JsonToken word() noexcept;
  bool inside_object() const noexcept { return (objects_[depth_ / 64] >> (depth_ % 64) & 1) != 0; }

  const char* at_;
  const char* end_;
  JsonSyntax syntax_;
  std::string_view raw_;
  std::size_t depth_ = 0;
  std::uint64_t objects_[kDepthMax / 64 + 1] = {};  // Bit i: what is open at depth i is an object.
  JsonToken token_ = JsonToken::kEnd;
  bool escaped_ = false;
  bool started_ = false;
  bool empty_ = false;      // Nothing stands yet in the innermost object or array.
  bool name_done_ = false;  // A value must follow.
};

}  // namespace penstock
