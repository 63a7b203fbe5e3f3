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

// Upper and lower case of ASCII, as many bytes; false, and nothing that counts is written, for other texts.
bool write_upper_ascii(std::string_view text, char* to) noexcept;
bool write_lower_ascii(std::string_view text, char* to) noexcept;
// Upper and lower case of Unicode, where one character may become several.
void append_upper(std::string_view text, ArenaText& out) noexcept;
void append_lower(std::string_view text, ArenaText& out) noexcept;
// Words begin in title case, the rest is in lower case; only blanks part words.
void append_initials(std::string_view text, ArenaText& out) noexcept;
bool is_letter(uint32_t code) noexcept;

}  // namespace penstock::expression
