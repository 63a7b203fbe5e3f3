#include "penstock/io/json/text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::json {
namespace {

constexpr std::uint32_t kNoCodePoint = 0xffffffff;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr char kHexDigits[] = "0123456789abcdef";

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four digits behind \u at the front of `raw`.
std::uint32_t hex4(std::string_view raw) noexcept {
  if (raw.size() < 4) return kNoCodePoint;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const int nibble = hex_value(raw[i]);
    if (nibble < 0) return kNoCodePoint;
    value = value << 4 | static_cast<std::uint32_t>(nibble);
  }
  return value;
}

// Takes XXXX, or XXXX\uXXXX for a surrogate pair, off the front of `raw`.
std::uint32_t take_code_point(std::string_view& raw) noexcept {
  const std::uint32_t first = hex4(raw);
  if (first == kNoCodePoint) return kNoCodePoint;
  raw.remove_prefix(4);
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || raw.size() < 6 || raw[0] != '\\' || raw[1] != 'u') return kNoCodePoint;
  const std::uint32_t second = hex4(raw.substr(2));
  if (second < 0xdc00 || second > 0xdfff) return kNoCodePoint;
  raw.remove_prefix(6);
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

std::size_t put_utf8(std::uint32_t code, char* out) noexcept {
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3f));
  };
  if (code < 0x80) {
    out[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    out[0] = static_cast<char>(0xc0 | code >> 6);
    out[1] = tail(0);
    return 2;
  }
  if (code < 0x10000) {
    out[0] = static_cast<char>(0xe0 | code >> 12);
    out[1] = tail(6);
    out[2] = tail(0);
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | code >> 18);
  out[1] = tail(12);
  out[2] = tail(6);
  out[3] = tail(0);
  return 4;
}

// Takes what follows a backslash off the front of `raw`. Returns its bytes in UTF-8, 0 when there is no such escape.
std::size_t take_escape(std::string_view& raw, char (&bytes)[4]) noexcept {
  if (raw.empty()) return 0;
  const char kind = raw[0];
  raw.remove_prefix(1);
  if (kind == 'u') {
    const std::uint32_t code = take_code_point(raw);
    return code == kNoCodePoint ? 0 : put_utf8(code, bytes);
  }
  constexpr std::string_view kKinds = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const std::size_t found = kKinds.find(kind);
  if (found == std::string_view::npos) return 0;
  bytes[0] = kMeanings[found];
  return 1;
}

constexpr bool is_tail(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// What may follow a first byte: how many bytes, and between which bounds the first of them must be. They exclude
// overlong forms, surrogates and what lies past U+10FFFF.
struct Sequence {
  std::size_t tails;
  unsigned char low, high;
};

constexpr Sequence sequence_of(unsigned char first) noexcept {
  if (first < 0xc2) return {0, 0, 0};
  if (first < 0xe0) return {1, 0x80, 0xbf};
  if (first == 0xe0) return {2, 0xa0, 0xbf};
  if (first == 0xed) return {2, 0x80, 0x9f};
  if (first < 0xf0) return {2, 0x80, 0xbf};
  if (first == 0xf0) return {3, 0x90, 0xbf};
  if (first < 0xf4) return {3, 0x80, 0xbf};
  if (first == 0xf4) return {3, 0x80, 0x8f};
  return {0, 0, 0};
}

// Appends the character of several bytes at the front of `text`, or U+FFFD, and takes it off.
void append_multibyte(std::string_view& text, std::string& out) {
  const Sequence sequence = sequence_of(static_cast<unsigned char>(text[0]));
  std::size_t size = 1;
  if (sequence.tails > 0 && text.size() > 1) {
    const auto second = static_cast<unsigned char>(text[1]);
    if (second >= sequence.low && second <= sequence.high) size = 2;
  }
  while (size >= 2 && size <= sequence.tails && size < text.size() && is_tail(text[size])) ++size;
  const bool whole = sequence.tails > 0 && size == sequence.tails + 1;
  out.append(whole ? text.substr(0, size) : kReplacement);
  text.remove_prefix(size);
}

void append_escape(char c, std::string& out) {
  constexpr std::string_view kKinds = "\"\\bfnrt";
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  const std::size_t found = kMeanings.find(c);
  if (found != std::string_view::npos) {
    const char escape[] = {'\\', kKinds[found]};
    out.append(escape, sizeof escape);
    return;
  }
  const auto code = static_cast<unsigned char>(c);
  const char escape[] = {'\\', 'u', '0', '0', kHexDigits[code >> 4], kHexDigits[code & 15]};
  out.append(escape, sizeof escape);
}

constexpr std::array<bool, 256> make_plain() noexcept {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}

constexpr std::array<bool, 256> kPlain = make_plain();  // Bytes that stand for themselves.

}  // namespace

TextOutcome unescape(std::string_view raw, char* out, std::size_t bytes_max,
                     std::size_t& size) noexcept {
  size = 0;
  while (!raw.empty()) {
    char bytes[4];
    const char* from = raw.data();
    std::size_t count = std::min(raw.find('\\'), raw.size());
    if (count > 0) {
      raw.remove_prefix(count);
    } else {
      raw.remove_prefix(1);
      from = bytes;
      count = take_escape(raw, bytes);
      if (count == 0) return TextOutcome::kBadEscape;
    }
    if (count > bytes_max - size) return TextOutcome::kTooLong;
    std::memcpy(out + size, from, count);
    size += count;
  }
  return TextOutcome::kOk;
}

void append_escaped(std::string_view text, std::string& out) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && kPlain[static_cast<unsigned char>(text[plain])]) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    if (static_cast<unsigned char>(text[0]) >= 0x80) {
      append_multibyte(text, out);
    } else {
      append_escape(text[0], out);
      text.remove_prefix(1);
    }
  }
}

}  // namespace penstock::json
