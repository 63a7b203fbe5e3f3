#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/flat_index.h"
#include "penstock/core/base/check.h"

namespace penstock::bench {
namespace {

struct WordHash {
  constexpr std::uint64_t operator()(const WordKey& word) const noexcept {
    return word.head * 0x9e3779b97f4a7c15 + word.tail * 0xbf58476d1ce4e5b9;
  }
};

class WordCounts {
 public:
  [[gnu::always_inline]] void add(const WordKey& word) {
    const std::uint32_t at = index_.find_or_insert(word);
    if (at == counts_.size()) [[unlikely]]
      counts_.push_back(0);
    add_word_row(word, ++counts_[at], out_);
  }
  const RowSum& out() const noexcept { return out_; }

 private:
  FlatIndex<WordKey, WordHash> index_;
  std::vector<std::uint64_t> counts_;
  RowSum out_;
};

constexpr std::size_t kBlockBytes = 64;
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
constexpr auto kWordMasks = [] {
  std::array<WordKey, kWordBytesMax + 1> masks{};
  for (std::size_t size = 1; size <= kWordBytesMax; ++size) {
    masks[size].head = ~std::uint64_t{0} >> (size < 8 ? 64 - 8 * size : 0);
    masks[size].tail = size > 8 ? ~std::uint64_t{0} >> (128 - 8 * size) : 0;
  }
  return masks;
}();

// As word_key(), reading 16 bytes whatever the size.
[[gnu::always_inline]] inline WordKey load_word(const char* word, std::size_t size) noexcept {
  PENSTOCK_CHECK(size <= kWordBytesMax);
  WordKey key;
  std::memcpy(&key, word, sizeof key);
  return {key.head & kWordMasks[size].head, key.tail & kWordMasks[size].tail};
}

[[gnu::always_inline]] inline void add_words(std::string_view sentence, WordCounts& counts) {
  const char* const end = sentence.data() + sentence.size();
  const char* word = sentence.data();
  for (const char* block = word; block < end; block += kBlockBytes) {
    std::uint64_t spaces = find_spaces(block);
    if (const auto left = static_cast<std::size_t>(end - block); left < kBlockBytes) {
      spaces &= ~(~std::uint64_t{0} << left);
    }
    for (; spaces != 0; spaces &= spaces - 1) {
      const char* const space = block + std::countr_zero(spaces);
      counts.add(load_word(word, static_cast<std::size_t>(space - word)));
      word = space + 1;
    }
  }
  counts.add(load_word(word, static_cast<std::size_t>(end - word)));
}

}  // namespace

RowSum run_bare_wordcount(const Sentences& sentences, std::uint64_t events) {
  WordCounts counts;
  for (std::uint64_t i = 0; i < events; ++i) add_words(sentences[i], counts);
  return counts.out();
}

}  // namespace penstock::bench
