// operators/expression/functions/small_bytes.h -- comparing and copying the few bytes that most texts have.
//
// Cost        No call of a library up to 32 bytes, and two reads that may overlap instead of a loop up to 16. Nothing
//             is read or written outside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::expression {

namespace internal {

template <class Word>
Word load_word(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
// REQUIRES: size is that of the word to twice that.
template <class Word>
bool equal_ends(const char* a, const char* b, std::size_t size) noexcept {
  const std::size_t last = size - sizeof(Word);
  return ((load_word<Word>(a) ^ load_word<Word>(b)) |
          (load_word<Word>(a + last) ^ load_word<Word>(b + last))) == 0;
}
template <class Word>
void copy_ends(char* to, const char* from, std::size_t size) noexcept {
  const std::size_t last = size - sizeof(Word);
  const Word first_word = load_word<Word>(from);
  const Word last_word = load_word<Word>(from + last);
  std::memcpy(to, &first_word, sizeof(Word));
  std::memcpy(to + last, &last_word, sizeof(Word));
}
struct Sixteen {
  std::uint64_t words[2];
};

}  // namespace internal

inline bool equal_bytes(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (internal::load_word<std::uint64_t>(a.data() + i) !=
          internal::load_word<std::uint64_t>(b.data() + i))
        return false;
    }
    return internal::load_word<std::uint64_t>(a.data() + size - 8) ==
           internal::load_word<std::uint64_t>(b.data() + size - 8);
  }
  if (size >= 8) return internal::equal_ends<std::uint64_t>(a.data(), b.data(), size);
  if (size >= 4) return internal::equal_ends<std::uint32_t>(a.data(), b.data(), size);
  if (size >= 2) return internal::equal_ends<std::uint16_t>(a.data(), b.data(), size);
  return size == 0 || a[0] == b[0];
}

// Both return where the copy ends. REQUIRES of this one: less than kShortBytes.
inline constexpr std::size_t kShortBytes = 32;
inline char* copy_short_bytes(char* to, std::string_view bytes) noexcept {
  const std::size_t size = bytes.size();
  if (size >= 16) {
    internal::copy_ends<internal::Sixteen>(to, bytes.data(), size);
  } else if (size >= 8) {
    internal::copy_ends<std::uint64_t>(to, bytes.data(), size);
  } else if (size >= 4) {
    internal::copy_ends<std::uint32_t>(to, bytes.data(), size);
  } else if (size >= 2) {
    internal::copy_ends<std::uint16_t>(to, bytes.data(), size);
  } else if (size == 1) {
    *to = bytes[0];
  }
  return to + size;
}
inline char* copy_bytes(char* to, std::string_view bytes) noexcept {
  if (bytes.size() < kShortBytes) return copy_short_bytes(to, bytes);
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace penstock::expression
