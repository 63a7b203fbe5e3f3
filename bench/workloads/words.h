// bench/workloads/words.h -- the sentences of the wordcount workload, made in memory before the clock starts.
//
// A sentence is ten words of 3 to 10 letters with a space between; record i is sentence i modulo 65,536. At least
// kSentencePaddingBytes behind the end of every sentence are readable.
// Threads    Built by one thread; then constant and readable by all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/bench/workloads/checksum.h"
#include "penstock/core/base/hash.h"

namespace penstock::bench {

inline constexpr std::uint64_t kWords = 10'000;
inline constexpr std::uint64_t kSentences = 65'536;
inline constexpr std::uint64_t kWordsPerSentence = 10;
inline constexpr std::size_t kWordBytesMax = 16;  // Of any word in any sentence.
inline constexpr std::size_t kSentencePaddingBytes = 64;

// Word number k of the dictionary, from 0 to kWords - 1. Some words have several numbers.
std::string dictionary_word(std::uint64_t k);

class Sentences {
 public:
  Sentences();

  // The sentence of record i.
  std::string_view operator[](std::uint64_t i) const noexcept {
    const std::size_t at = i % kSentences;
    return {text_.data() + starts_[at], starts_[at + 1] - starts_[at]};
  }

 private:
  std::string text_;                   // The sentences and the padding.
  std::vector<std::uint32_t> starts_;  // One more than sentences: where the next one would start.
};

// A word of at most kWordBytesMax bytes, as the checksum takes it: little-endian, filled up with zeros.
struct WordKey {
  std::uint64_t head = 0;  // The first eight bytes.
  std::uint64_t tail = 0;

  friend constexpr bool operator==(const WordKey&, const WordKey&) = default;
  friend constexpr std::uint64_t penstock_hash(const WordKey& word) noexcept {
    return hash_bits(word.head * 0x9e3779b97f4a7c15 + word.tail * 0xbf58476d1ce4e5b9);
  }
};

constexpr void add_word_row(const WordKey& word, std::uint64_t count, RowSum& out) noexcept {
  out.add(word.head, word.tail, count);
}

}  // namespace penstock::bench
