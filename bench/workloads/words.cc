#include "penstock/bench/workloads/words.h"

namespace penstock::bench {

std::string dictionary_word(std::uint64_t k) {
  const std::uint64_t r = sm(300, k);
  std::string word(3 + (r & 7), '\0');
  for (std::size_t j = 0; j < word.size(); ++j) {
    word[j] = static_cast<char>('a' + ((((r >> (8 + 5 * j)) & 31) * 26) >> 5));
  }
  return word;
}

Sentences::Sentences() {
  std::vector<std::string> words;
  for (std::uint64_t k = 0; k < kWords; ++k) words.push_back(dictionary_word(k));
  starts_.push_back(0);
  for (std::uint64_t n = 0; n < kSentences * kWordsPerSentence; ++n) {
    const std::uint64_t u = sm(301, n) & 0x1fffff;
    text_ += words[(((u * u * u) >> 31) * kWords) >> 32];
    if (n % kWordsPerSentence != kWordsPerSentence - 1) {
      text_ += ' ';
    } else {
      starts_.push_back(static_cast<std::uint32_t>(text_.size()));
    }
  }
  text_.append(kSentencePaddingBytes, '\0');
}

}  // namespace penstock::bench
