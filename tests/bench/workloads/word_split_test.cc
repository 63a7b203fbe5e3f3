#include "penstock/bench/workloads/word_split.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock::bench {
namespace {

std::vector<WordKey> words_of(std::string sentence) {
  const std::size_t size = sentence.size();
  sentence.append(kSentencePaddingBytes, 'x');  // What follows must not matter.
  std::vector<WordKey> words;
  for_each_word(std::string_view(sentence).substr(0, size),
                [&words](const WordKey& word) { words.push_back(word); });
  return words;
}

TEST(ForEachWord, GivesTheBytesOfEachWordInOrderFilledUpWithZeros) {
  EXPECT_EQ(words_of("abc abcdefgh abcdefghi aaaaaaaaaaaaaaab"),
            (std::vector<WordKey>{{0x636261, 0},
                                  {0x6867666564636261, 0},
                                  {0x6867666564636261, 0x69},
                                  {0x6161616161616161, 0x6261616161616161}}));
}

TEST(ForEachWord, FindsWordsAcrossBlocksOf64Bytes) {
  const Sentences sentences;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    std::size_t at = 0;
    for_each_word(sentences[i], [&](const WordKey& word) {
      const std::string_view rest = sentences[i].substr(at);
      const std::string text(rest.substr(0, rest.find(' ')));
      ASSERT_EQ(word, words_of(text).front()) << sentences[i];
      at += text.size() + 1;
    });
    ASSERT_EQ(at, sentences[i].size() + 1);
  }
}

}  // namespace
}  // namespace penstock::bench
