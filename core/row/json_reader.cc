#include "penstock/core/row/json_reader.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstring>

namespace penstock {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_word(char c) noexcept {
  return is_digit(c) || c == '_' || c == '$' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_delimiter(char c) noexcept { return is_blank(c) || c == ',' || c == ']' || c == '}'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool read_unit(std::string_view text, std::size_t at, std::uint32_t& unit) noexcept {
  if (at + 4 > text.size()) return false;
  unit = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return false;
    unit = unit << 4 | static_cast<std::uint32_t>(digit);
  }
  return true;
}

void append_utf8(std::uint32_t point, std::string& out) {
  const auto byte = [&out](std::uint32_t bits) { out += static_cast<char>(bits); };
  const auto tail = [&](int shift) { byte(0x80 | (point >> shift & 0x3f)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xc0 | point >> 6), tail(0);
  } else if (point < 0x10000) {
    byte(0xe0 | point >> 12), tail(6), tail(0);
  } else {
    byte(0xf0 | point >> 18), tail(12), tail(6), tail(0);
  }
}

// \uXXXX, or the two of a pair; half a pair becomes '?'. `at` stands on the u. The escapes are known to be whole.
void append_unicode(std::string_view raw, std::size_t& at, std::string& out) {
  std::uint32_t point = 0;
  std::uint32_t low = 0;
  read_unit(raw, at + 1, point);
  at += 5;
  if (point >= 0xd800 && point < 0xdc00 && at + 1 < raw.size() && raw[at] == '\\' &&
      raw[at + 1] == 'u' && read_unit(raw, at + 2, low) && low >= 0xdc00 && low < 0xe000) {
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    at += 6;
  }
  append_utf8(point >= 0xd800 && point < 0xe000 ? '?' : point, out);
}

constexpr std::uint64_t kEachByte = 0x0101010101010101U;
constexpr std::uint64_t kHighBits = kEachByte * 0x80U;

// The high bit of the first byte that is 0, and maybe of bytes behind it.
std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - kEachByte) & ~word & kHighBits;
}

// The first quote, backslash or control character; the end when there is none.
const char* find_special(const char* at, const char* end, char quote) noexcept {
#ifdef __SSE2__
  const __m128i quotes16 = _mm_set1_epi8(quote);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i special = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes16), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
        control);
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (found != 0) return at + std::countr_zero(found);
  }
#endif
  const std::uint64_t quotes = kEachByte * static_cast<unsigned char>(quote);
  for (std::uint64_t word = 0; end - at >= 8; at += 8) {
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t control = (word - kEachByte * 0x20U) & ~word & kHighBits;
    const std::uint64_t special =
        zero_bytes(word ^ quotes) | zero_bytes(word ^ kEachByte * '\\') | control;
    if (special != 0) return at + std::countr_zero(special) / 8;
  }
  while (at < end && *at != quote && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

}  // namespace

JsonToken JsonReader::error() noexcept {
  at_ = end_;
  depth_ = 0;
  return token_ = JsonToken::kError;
}

bool JsonReader::skip_comment() noexcept {
  if (!syntax_.comments || end_ - at_ < 2) return false;
  const bool line = at_[1] == '/';
  if (!line && at_[1] != '*') return false;
  const std::string_view rest(at_ + 2, static_cast<std::size_t>(end_ - at_ - 2));
  const std::size_t close = line ? rest.find('\n') : rest.find("*/");
  if (close == std::string_view::npos) {
    at_ = end_;
    return line;
  }
  at_ += 2 + close + (line ? 1 : 2);
  return true;
}

bool JsonReader::skip_blanks() noexcept {
  if (at_<end_&& * at_> ' ' && *at_ != '/') return true;
  for (;;) {
    while (at_ < end_ && is_blank(*at_)) ++at_;
    if (at_ == end_) return false;
    if (*at_ != '/' || !skip_comment()) return true;
  }
}

JsonToken JsonReader::next() noexcept {
  if (token_ == JsonToken::kError) return token_;
  if (depth_ == 0 && started_) return token_ = JsonToken::kEnd;
  if (!skip_blanks()) {
    if (started_) return error();
    return token_ = JsonToken::kEnd;
  }
  if (depth_ == 0 || name_done_) {
    name_done_ = false;
    started_ = true;
    return value();
  }
  const bool object = inside_object();
  if (*at_ == (object ? '}' : ']')) return close(object);
  if (!empty_) {
    if (*at_ != ',') return error();
    ++at_;
    if (!skip_blanks()) return error();
  }
  empty_ = false;
  return object ? name() : value();
}

bool JsonReader::next_member(std::string_view name, bool& is_named) noexcept {
  // A cursor of its own: through the member, each byte would wait for the one before.
  const char* at = at_;
  const auto plain_text = [&](std::string_view& text) {
    if (at == end_ || *at != '"') return false;
    const char* close = find_special(at + 1, end_, '"');
    if (close == end_ || *close != '"') return false;
    text = {at + 1, static_cast<std::size_t>(close - at - 1)};
    at = close + 1;
    return true;
  };
  const auto pass = [&](char c) {
    while (at < end_ && *at == ' ') ++at;
    if (at == end_ || *at != c) return false;
    for (++at; at < end_ && *at == ' ';) ++at;
    return true;
  };
  std::string_view member;
  if ((empty_ || pass(',')) && plain_text(member) && pass(':') && at < end_) {
    is_named = member == name;
    empty_ = false;
    if (plain_text(raw_)) {
      escaped_ = false;
      token_ = JsonToken::kString;
      at_ = at;
    } else {
      at_ = at;
      name_done_ = true;
      next();
    }
    return token_ != JsonToken::kError;
  }
  if (next() != JsonToken::kName) return false;
  is_named = text_is(name);
  return next() != JsonToken::kError;
}

JsonToken JsonReader::open(bool object) noexcept {
  if (depth_ == kDepthMax) return error();
  ++at_;
  ++depth_;
  const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
  objects_[depth_ / 64] = object ? objects_[depth_ / 64] | bit : objects_[depth_ / 64] & ~bit;
  empty_ = true;
  return token_ = object ? JsonToken::kBeginObject : JsonToken::kBeginArray;
}

JsonToken JsonReader::close(bool object) noexcept {
  ++at_;
  --depth_;
  empty_ = false;
  return token_ = object ? JsonToken::kEndObject : JsonToken::kEndArray;
}

JsonToken JsonReader::value() noexcept {
  const char c = *at_;
  if (c == '{' || c == '[') return open(c == '{');
  if (c == '"' || (c == '\'' && syntax_.single_quotes))
    return quoted(c) ? token_ = JsonToken::kString : error();
  if (is_digit(c) || c == '-' || c == '+') return number();
  return word();
}

JsonToken JsonReader::name() noexcept {
  const char c = *at_;
  if (c == '"' || (c == '\'' && syntax_.single_quotes)) {
    if (!quoted(c)) return error();
  } else {
    const char* start = at_;
    while (at_ < end_ && is_word(*at_)) ++at_;
    if (!syntax_.unquoted_names || at_ == start) return error();
    raw_ = {start, static_cast<std::size_t>(at_ - start)};
    escaped_ = false;
  }
  if (!skip_blanks() || *at_ != ':') return error();
  ++at_;
  name_done_ = true;
  return token_ = JsonToken::kName;
}

bool JsonReader::quoted(char quote) noexcept {
  const char* start = ++at_;
  escaped_ = false;
  for (;;) {
    at_ = find_special(at_, end_, quote);
    if (at_ == end_) return false;
    if (*at_ == quote) {
      raw_ = {start, static_cast<std::size_t>(at_ - start)};
      ++at_;
      return true;
    }
    if (*at_ == '\\') {
      if (!escape()) return false;
    } else if (!syntax_.control_characters) {
      return false;
    }
    ++at_;
  }
}

// From the backslash to the last character of its escape.
bool JsonReader::escape() noexcept {
  escaped_ = true;
  if (++at_ == end_) return false;
  if (*at_ == 'u') {
    std::uint32_t unit = 0;
    if (!read_unit({at_ + 1, static_cast<std::size_t>(end_ - at_ - 1)}, 0, unit)) return false;
    at_ += 4;
    return true;
  }
  return std::memchr("\"\\/bfnrt", *at_, 8) != nullptr || syntax_.any_escape;
}

JsonToken JsonReader::number() noexcept {
  const char* start = at_;
  if (*at_ == '+' || *at_ == '-') {
    if (at_ + 1 < end_ && at_[1] == 'I') return word();
    if (*at_ == '+') return error();
    ++at_;
  }
  const char* digits = at_;
  while (at_ < end_ && is_digit(*at_)) ++at_;
  if (at_ == digits || (*digits == '0' && at_ - digits > 1 && !syntax_.leading_zeros))
    return error();
  bool fraction = false;
  if (at_ < end_ && *at_ == '.') {
    fraction = true;
    const char* first = ++at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    if (at_ == first) return error();
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    fraction = true;
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    const char* first = at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    if (at_ == first) return error();
  }
  if (at_ < end_ && !is_delimiter(*at_)) return error();
  raw_ = {start, static_cast<std::size_t>(at_ - start)};
  return token_ = fraction ? JsonToken::kFraction : JsonToken::kInteger;
}

JsonToken JsonReader::word() noexcept {
  const char* start = at_;
  if (*at_ == '-' || *at_ == '+') ++at_;
  while (at_ < end_ && is_word(*at_)) ++at_;
  raw_ = {start, static_cast<std::size_t>(at_ - start)};
  if (raw_ == "true") return token_ = JsonToken::kTrue;
  if (raw_ == "false") return token_ = JsonToken::kFalse;
  if (raw_ == "null") return token_ = JsonToken::kNull;
  if (!syntax_.non_numeric_numbers) return error();
  for (const std::string_view known :
       {"NaN", "Infinity", "+Infinity", "-Infinity", "INF", "+INF", "-INF"})
    if (raw_ == known) return token_ = JsonToken::kNonNumeric;
  return error();
}

std::string_view JsonReader::text(std::string& buffer) const {
  if (!escaped_ || (token_ != JsonToken::kString && token_ != JsonToken::kName)) return raw_;
  buffer.clear();
  append_text(buffer);
  return buffer;
}

bool JsonReader::escaped_text_is(std::string_view name) const {
  std::string buffer;
  return text(buffer) == name;
}

void JsonReader::append_text(std::string& out) const {
  if (!escaped_ || (token_ != JsonToken::kString && token_ != JsonToken::kName)) {
    out += raw_;
    return;
  }
  for (std::size_t at = 0; at < raw_.size();) {
    if (raw_[at] != '\\') {
      out += raw_[at++];
      continue;
    }
    const char c = raw_[++at];
    if (c == 'u') {
      append_unicode(raw_, at, out);
      continue;
    }
    constexpr std::string_view kFrom = "bfnrt";
    constexpr std::string_view kTo = "\b\f\n\r\t";
    const std::size_t known = kFrom.find(c);
    out += known == std::string_view::npos ? c : kTo[known];
    ++at;
  }
}

bool JsonReader::skip() noexcept {
  if (token_ != JsonToken::kBeginObject && token_ != JsonToken::kBeginArray)
    return token_ != JsonToken::kError;
  for (const std::size_t outside = depth_ - 1; depth_ > outside;)
    if (next() == JsonToken::kError) return false;
  return true;
}

}  // namespace penstock
