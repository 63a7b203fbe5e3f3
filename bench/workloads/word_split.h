// bench/workloads/word_split.h -- cuts a sentence of the wordcount workload into its words, 64 bytes at a time.
//
// For the bare loop and the engine alike: splitting text is not what their ratio is about.
#pragma once

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "penstock/bench/workloads/words.h"
#include "penstock/core/base/check.h"

namespace penstock::bench {
namespace internal {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::size_t kBlockBytes = 64;
static_assert(kSentencePaddingBytes >= kBlockBytes);

// A bit for each space among the 64 bytes from `text`.
[[gnu::always_inline]] inline std::uint64_t find_spaces(const char* text) noexcept {
  const __m128i space = _mm_set1_epi8(' ');
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kBlockBytes; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, space)));
    bits |= std::uint64_t{mask} << i;
  }
  return bits;
}

// For each length, what a word of it leaves of sixteen bytes.
inline constexpr auto kWordMasks = [] {
  std::array<WordKey, kWordBytesMax + 1> masks{};
  for (std::size_t size = 1; size <= kWordBytesMax; ++size) {
    masks[size].head = ~std::uint64_t{0} >> (size < 8 ? 64 - 8 * size : 0);
    masks[size].tail = size > 8 ? ~std::uint64_t{0} >> (128 - 8 * size) : 0;
  }
  return masks;
}();

// Reads 16 bytes whatever the size.
[[gnu::always_inline]] inline WordKey load_word(const char* word, std::size_t size) noexcept {
  PENSTOCK_CHECK(size <= kWordBytesMax);
  WordKey key;
  std::memcpy(&key, word, sizeof key);
  return {key.head & kWordMasks[size].head, key.tail & kWordMasks[size].tail};
}

}  // namespace internal

// Calls visit(const WordKey&) for each word. REQUIRES: the sentence is one of Sentences.
template <class Visit>
[[gnu::always_inline]] inline void for_each_word(std::string_view sentence, Visit&& visit) {
  using internal::kBlockBytes;
  const char* const end = sentence.data() + sentence.size();
  const char* word = sentence.data();
  for (const char* block = word; block < end; block += kBlockBytes) {
    std::uint64_t spaces = internal::find_spaces(block);
    if (const auto left = static_cast<std::size_t>(end - block); left < kBlockBytes)
      spaces &= ~(~std::uint64_t{0} << left);
    for (; spaces != 0; spaces &= spaces - 1) {
      const char* const space = block + std::countr_zero(spaces);
      visit(internal::load_word(word, static_cast<std::size_t>(space - word)));
      word = space + 1;
    }
  }
  visit(internal::load_word(word, static_cast<std::size_t>(end - word)));
}

}  // namespace penstock::bench
