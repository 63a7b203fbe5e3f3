#include <vector>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/word_split.h"

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

}  // namespace

RowSum run_bare_wordcount(const Sentences& sentences, std::uint64_t events) {
  WordCounts counts;
  for (std::uint64_t i = 0; i < events; ++i)
    for_each_word(sentences[i], [&counts](const WordKey& word) { counts.add(word); });
  return counts.out();
}

}  // namespace penstock::bench
