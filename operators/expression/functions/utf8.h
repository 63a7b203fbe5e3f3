// operators/expression/functions/utf8.h -- characters of UTF-8 texts, and texts made piece by piece in the arena.
//
// Broken bytes    count as one character each, and nothing reads behind the end.
// Cost            No allocation but from the arena. ASCII goes by eight bytes at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "penstock/core/row/arena.h"

namespace penstock::expression {

// Bytes of the character that begins at `i`. REQUIRES: i < text.size().
inline size_t character_bytes(std::string_view text, size_t i) noexcept {
  const auto lead = static_cast<unsigned char>(text[i]);
  const size_t bytes = lead < 0xC0U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
  return std::min(bytes, text.size() - i);
}
// Whether the eight bytes at `i` are characters of one byte each. REQUIRES: they are there.
inline bool is_ascii_word(std::string_view text, size_t i, uint64_t& word) noexcept {
  std::memcpy(&word, text.data() + i, sizeof word);
  return (word & 0x8080808080808080U) == 0;
}
inline int64_t count_characters(std::string_view text) noexcept {
  int64_t count = 0;
  uint64_t word = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    for (; i + 8 <= text.size() && is_ascii_word(text, i, word); i += 8) count += 8;
    if (i == text.size()) break;
    i += character_bytes(text, i);
  }
  return count;
}
// Where the n-th character begins; the end of the text when it has fewer.
inline size_t offset_of(std::string_view text, int64_t n) noexcept {
  if (n >= static_cast<int64_t>(text.size())) return text.size();
  size_t i = 0;
  uint64_t word = 0;
  while (n > 0 && i < text.size()) {
    if (n >= 8 && i + 8 <= text.size() && is_ascii_word(text, i, word)) {
      n -= 8;
      i += 8;
    } else {
      --n;
      i += character_bytes(text, i);
    }
  }
  return i;
}
// Whether the first `size` bytes are characters of one byte each; false also where that takes a loop over single bytes.
// REQUIRES: there are so many.
inline bool is_quickly_ascii(std::string_view text, size_t size) noexcept {
  constexpr uint64_t kHighBits = 0x8080808080808080U;
  uint64_t first = 0;
  uint64_t last = 0;
  if (size >= 8) {
    std::memcpy(&first, text.data(), 8);
    std::memcpy(&last, text.data() + size - 8, 8);
    first |= last;
    for (size_t i = 8; i + 8 < size; i += 8) {
      std::memcpy(&last, text.data() + i, 8);
      first |= last;
    }
    return (first & kHighBits) == 0;
  }
  if (size == 0) return true;
  if (text.size() < 8) return false;
  std::memcpy(&first, text.data(), 8);
  return (first & kHighBits) << 8 * (8 - size) == 0;
}
inline std::string_view characters(std::string_view text, int64_t from, int64_t until) noexcept {
  if (until <= from || until <= 0) return {text.data(), 0};
  const size_t start = offset_of(text, from);
  return text.substr(start, offset_of(text.substr(start), until - std::max<int64_t>(from, 0)));
}
// The code of the character of so many bytes.
uint32_t decode_character(std::string_view character) noexcept;

// Text that grows in the arena.
class ArenaText {
 public:
  explicit ArenaText(Arena& arena, size_t expected = 64) noexcept
      : arena_(arena),
        capacity_(std::max<size_t>(expected, 16)),
        data_(arena.allocate(capacity_)) {}

  void append(std::string_view text) noexcept {
    if (text.size() > capacity_ - size_) grow(text.size());
    if (!text.empty()) std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void push(char c) noexcept {
    if (size_ == capacity_) grow(1);
    data_[size_++] = c;
  }
  void append_code(uint32_t code) noexcept;
  size_t size() const noexcept { return size_; }
  std::string_view view() const noexcept { return {data_, size_}; }
  char* data() noexcept { return data_; }
  Cell cell() const noexcept { return Cell::of_bytes(view()); }

 private:
  void grow(size_t more) noexcept;

  Arena& arena_;
  size_t capacity_;
  size_t size_ = 0;
  char* data_;
};

// Bytes of ASCII with those from `kFirst` to `kFirst` + 25 in the other case. All sums stay within their bytes.
template <unsigned char kFirst>
uint64_t other_case(uint64_t ascii) noexcept {
  constexpr uint64_t kEachByte = 0x0101010101010101U;
  const uint64_t from = ascii + kEachByte * (0x80U - kFirst);
  const uint64_t behind = ascii + kEachByte * (0x80U - kFirst - 26U);
  return ascii ^ ((from ^ behind) & kEachByte * 0x80U) >> 2U;
}
// Upper ('a') and lower ('A') case of ASCII, as many bytes; false, and nothing that counts is written, for other texts.
template <unsigned char kFirst>
bool write_other_case(std::string_view text, char* to) noexcept {
  uint64_t word = 0;
  const auto write = [&](size_t i) {
    if (!is_ascii_word(text, i, word)) return false;
    word = other_case<kFirst>(word);
    std::memcpy(to + i, &word, sizeof word);
    return true;
  };
  if (text.size() >= sizeof word) {
    for (size_t i = 0; i + sizeof word < text.size(); i += sizeof word)
      if (!write(i)) return false;
    return write(text.size() - sizeof word);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80U) return false;
    to[i] = static_cast<char>(c >= kFirst && c < kFirst + 26U ? c ^ 0x20U : c);
  }
  return true;
}
// Upper and lower case of Unicode, where one character may become several.
void append_upper(std::string_view text, ArenaText& out) noexcept;
void append_lower(std::string_view text, ArenaText& out) noexcept;
// Words begin in title case, the rest is in lower case; only blanks part words.
void append_initials(std::string_view text, ArenaText& out) noexcept;
bool is_letter(uint32_t code) noexcept;

}  // namespace penstock::expression
