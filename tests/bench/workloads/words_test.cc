#include "penstock/bench/workloads/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace penstock::bench {
namespace {

TEST(Words, AreThreeToTenLowerCaseLetters) {
  std::set<std::size_t> sizes;
  for (std::uint64_t k = 0; k < kWords; ++k) {
    const std::string word = dictionary_word(k);
    sizes.insert(word.size());
    ASSERT_TRUE(std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
        << word;
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Sentences, AreTenWordsOfTheDictionary) {
  std::set<std::string> words;
  for (std::uint64_t k = 0; k < kWords; ++k) words.insert(dictionary_word(k));
  const Sentences sentences;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    std::string_view left = sentences[i];
    std::uint64_t count = 1;
    for (; left.find(' ') != left.npos; left.remove_prefix(left.find(' ') + 1), ++count) {
      ASSERT_TRUE(words.contains(std::string(left.substr(0, left.find(' '))))) << sentences[i];
    }
    ASSERT_TRUE(words.contains(std::string(left))) << sentences[i];
    ASSERT_EQ(count, kWordsPerSentence) << sentences[i];
  }
}

TEST(Sentences, ComeAgainAfter65536) {
  const Sentences sentences;
  EXPECT_EQ(sentences[kSentences + 5].data(), sentences[5].data());
  EXPECT_NE(sentences[kSentences - 1], sentences[0]);
}

TEST(Sentences, HaveReadableBytesBehindTheLast) {
  const Sentences sentences;
  const std::string_view last = sentences[kSentences - 1];
  for (std::size_t i = 0; i < kSentencePaddingBytes; ++i) EXPECT_EQ(last.end()[i], '\0');
}

}  // namespace
}  // namespace penstock::bench
