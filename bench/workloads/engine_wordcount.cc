#include <string_view>

#include "penstock/api/keyed_stream.h"
#include "penstock/bench/workloads/engine_windows.h"
#include "penstock/bench/workloads/numbered_source.h"
#include "penstock/bench/workloads/word_split.h"
#include "penstock/bench/workloads/words.h"

namespace penstock::bench {
namespace {

// The sentences of records first, first + step, ...
class SentenceGenerator {
 public:
  SentenceGenerator(std::shared_ptr<const Sentences> sentences, std::uint64_t first,
                    std::uint64_t step) noexcept
      : sentences_(std::move(sentences)), number_(first), step_(step) {}
  std::uint64_t next_number() const noexcept { return number_; }
  std::uint64_t step() const noexcept { return step_; }
  std::string_view next() noexcept { return next_by(step_); }
  std::string_view next_by(std::uint64_t step) noexcept {
    const std::string_view sentence = (*sentences_)[number_];
    number_ += step;
    return sentence;
  }

 private:
  std::shared_ptr<const Sentences> sentences_;
  std::uint64_t number_;
  std::uint64_t step_;
};

struct Word {
  WordKey key;
};

struct WordCount {
  WordKey word;
  std::uint64_t count = 0;
};

struct CountWords {
  using Output = WordCount;

  void open(OperatorContext& context) { count_ = context.value_state<std::uint64_t>("count"); }
  void on_record(const Record<Word>& word, auto&& out) noexcept {
    out.collect(Record<WordCount>{{word.value.key, ++count_.get_or_create()}, word.time});
  }

 private:
  ValueState<std::uint64_t> count_;
};

constexpr auto split_words = [](std::string_view sentence, auto&& emit) noexcept {
  for_each_word(sentence, [&emit](const WordKey& key) noexcept { emit(Word{key}); });
};

}  // namespace

void build_wordcount(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  const auto make = [sentences = std::make_shared<const Sentences>()](std::uint64_t first,
                                                                      std::uint64_t step) {
    return SentenceGenerator(sentences, first, step);
  };
  auto counts = job.source(NumberedSource(events, make, meter), "sentences")
                    .flat_map<Word>(split_words)
                    .key_by(&Word::key)
                    .process(CountWords{});
  sum_rows(std::move(counts), meter, [](const WordCount& row, RowSum& sum) noexcept {
    add_word_row(row.word, row.count, sum);
  });
}

}  // namespace penstock::bench
