// Goal: a splitter that knows quotes gives the same records wherever blocks end and wherever it begins anew, and a
// quote that nobody closes costs one bad record of bounded size.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/io/file/line_splitter.h"
#include "penstock/tests/harness/alloc_count.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Taken {
  std::string text;
  std::uint64_t offset = 0;
  bool cut = false;
  friend bool operator==(const Taken&, const Taken&) = default;
};
void PrintTo(const Taken& record, std::ostream* out) {
  *out << record.offset << (record.cut ? " cut " : " ") << testing::PrintToString(record.text);
}

class QuotedStream {
 public:
  explicit QuotedStream(std::string text, std::size_t line_bytes_max = 1000,
                        LineSplitter::Position from = {}, QuotedLines how = {})
      : text_(std::move(text)), at_(from.offset), splitter_(line_bytes_max) {
    splitter_.quote(how);
    splitter_.start_at(from);
  }

  // The whole rest, in blocks and batches of these sizes; `at` is called with the position before each record.
  template <class At>
  std::vector<Taken> read(std::size_t block, std::size_t batch, At at) {
    std::vector<RawRecord> records(batch);
    while (at_ < text_.size()) {
      feed(std::min(block, text_.size() - at_));
      while (const std::size_t count = splitter_.take(records, Instant{})) {
        for (std::size_t i = 0; i < count; ++i) {
          at(splitter_.position(std::span(records).subspan(i, count - i)), taken_.size());
          keep(records[i]);
        }
      }
    }
    at(splitter_.position({}), taken_.size());
    if (splitter_.take_rest(records[0], Instant{})) keep(records[0]);
    at(splitter_.position({}), taken_.size());
    return taken_;
  }
  std::vector<Taken> read(std::size_t block = 1'000'000, std::size_t batch = 3) {
    return read(block, batch, [](LineSplitter::Position, std::size_t) {});
  }
  const std::vector<std::string>& reasons() const { return reasons_; }
  LineSplitter::Position position() const { return splitter_.position({}); }

 private:
  void feed(std::size_t size) {
    std::memcpy(splitter_.writable(size).data(), text_.data() + at_, size);
    splitter_.written(size);
    at_ += size;
  }
  void keep(const RawRecord& record) {
    taken_.push_back({std::string(record.bytes), record.origin.offset, record.cut_from_bytes > 0});
    if (record.cut_from_bytes > 0) reasons_.push_back(splitter_.why_cut(record));
  }

  const std::string text_;
  std::uint64_t at_;
  LineSplitter splitter_;
  std::vector<Taken> taken_;
  std::vector<std::string> reasons_;
};

std::vector<std::string> texts_of(const std::vector<Taken>& records) {
  std::vector<std::string> texts;
  for (const Taken& record : records) texts.push_back(record.text);
  return texts;
}

TEST(QuotedLineSplitter, RecordsGoOverLinesAndKeepTheirBytes) {
  const std::vector<Taken> records =
      QuotedStream("h,i\r\na,\"b\r\n\r\nc\"\r\n\nd,\"\n\"\n\"e\nf").read();
  EXPECT_THAT(texts_of(records),
              ElementsAre("h,i\r", "a,\"b\r\n\r\nc\"\r", "", "d,\"\n\"", "\"e\nf"));
  EXPECT_EQ(records[1].offset, 5U);
  EXPECT_EQ(records[3].offset, 18U);
  EXPECT_EQ(records[4].offset, 24U);
}

const std::string kText =
    "a,\"b\nc\"\r\n\"\"\"\\\"\n\"x\n\n\"over\nmore\nthan twenty bytes\",y\nz,\"never closed\n"
    "further\nand further\n\"\ng,\"h\ni\"\n\"open";

TEST(QuotedLineSplitter, GivesTheSameRecordsWhereverBlocksEnd) {
  for (const std::size_t line_bytes_max : {std::size_t{1000}, std::size_t{20}, std::size_t{3}}) {
    const std::vector<Taken> whole = QuotedStream(kText, line_bytes_max).read();
    ASSERT_GT(whole.size(), 5U);
    for (std::size_t block = 1; block <= kText.size(); ++block) {
      for (const std::size_t batch : {1U, 2U, 100U}) {
        EXPECT_EQ(QuotedStream(kText, line_bytes_max).read(block, batch), whole)
            << "blocks of " << block << ", at most " << line_bytes_max;
      }
    }
  }
}

TEST(QuotedLineSplitter, GoesOnAtAnyRecordWithTheSameRest) {
  for (const std::size_t line_bytes_max : {std::size_t{1000}, std::size_t{20}, std::size_t{3}}) {
    const std::vector<Taken> whole = QuotedStream(kText, line_bytes_max).read();
    for (const std::size_t block : {1U, 7U, 1000U}) {
      std::size_t restarts = 0;
      const auto restart = [&](LineSplitter::Position from, std::size_t behind) {
        const std::vector<Taken> rest(whole.begin() + static_cast<std::ptrdiff_t>(behind),
                                      whole.end());
        EXPECT_EQ(QuotedStream(kText, line_bytes_max, from).read(5), rest) << "at " << from.offset;
        ++restarts;
      };
      QuotedStream(kText, line_bytes_max).read(block, 3, restart);
      EXPECT_EQ(restarts, whole.size() + 1) << "before each record and behind the last";
    }
  }
}

TEST(QuotedLineSplitter, RandomBytesAreAllThereOnceInOrder) {
  Random random(3);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random.below(60), '\0');
    for (char& byte : text) byte = "\n\r,\"\"\"\\ab"[random.below(9)];
    const std::size_t line_bytes_max = 1 + random.below(30);
    const std::vector<Taken> whole = QuotedStream(text, line_bytes_max).read();
    ASSERT_EQ(QuotedStream(text, line_bytes_max).read(1 + random.below(9), 1 + random.below(3)),
              whole)
        << testing::PrintToString(text);
    std::size_t next = 0;
    for (const Taken& record : whole) {
      ASSERT_EQ(record.offset, next) << testing::PrintToString(text);
      ASSERT_EQ(text.substr(next, record.text.size()), record.text);
      ASSERT_LE(record.text.size(), line_bytes_max);
      next += record.text.size();
      if (record.cut) next = std::min(text.find('\n', next + 1), text.size());
      ASSERT_TRUE(next == text.size() || text[next] == '\n');
      ++next;
    }
  }
}

TEST(QuotedLineSplitter, AQuoteThatIsNeverClosedEndsAtTheBoundAndSaysWhichItIs) {
  std::string text = "a\nb,\"";
  for (int i = 0; i < 100; ++i) text += "line\n";
  QuotedStream stream(text, 12);
  const std::vector<Taken> records = stream.read(7);
  EXPECT_EQ(records[1], (Taken{"b,\"line\nline", 2, true}));
  EXPECT_EQ(records[2], (Taken{"line", 20, false})) << "behind the line in which the bound was";
  EXPECT_EQ(records.size(), 2U + 97U);
  ASSERT_EQ(stream.reasons().size(), 1U);
  EXPECT_EQ(stream.reasons()[0],
            "record of 17 bytes is longer than 12 bytes: the quote at byte 4 is not closed within "
            "these, so it ends with the line that it has reached; close the quote, or, if such "
            "records are meant, raise line_bytes_max");
}

TEST(QuotedLineSplitter, ALineThatIsTooLongWithoutAQuoteIsJustThat) {
  QuotedStream stream("\"a\n\"," + std::string(30, 'x') + "\nb\n", 12);
  EXPECT_THAT(texts_of(stream.read()), ElementsAre("\"a\n\",xxxxxxx", "b"));
  EXPECT_THAT(stream.reasons().at(0), HasSubstr("line of 35 bytes is longer than 12 bytes; is it"));
  QuotedStream both("\"" + std::string(30, 'x') + "\nb\n" + std::string(30, 'y') + "\n", 12);
  (void)both.read();
  EXPECT_THAT(both.reasons(), ElementsAre(HasSubstr("the quote at byte 0 is not"),
                                          HasSubstr("line of 30 bytes is longer")));
}

TEST(QuotedLineSplitter, MemoryStaysBoundedWhateverIsOpen) {
  constexpr std::size_t kMax = 1000;
  LineSplitter splitter(kMax);
  splitter.quote(QuotedLines{});
  std::vector<RawRecord> records(2);
  std::size_t cut = 0;
  std::uint64_t before = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (i == 10'000) before = thread_allocations_so_far();
    const char* bytes = i % 400 == 0 ? "a,\"b\nc\nd\ne" : "f\ng\nh\ni\nj\n";
    std::memcpy(splitter.writable(10).data(), bytes, 10);
    splitter.written(10);
    while (const std::size_t count = splitter.take(records, Instant{})) {
      for (std::size_t k = 0; k < count; ++k) cut += records[k].cut_from_bytes > 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(thread_allocations_so_far() - before, 0U);
  EXPECT_EQ(cut, 250U);
}

TEST(QuotedLineSplitter, KnowsThatItGaveOutARestInOpenQuotes) {
  const auto in_quotes = [](const std::string& text) {
    QuotedStream stream(text);
    (void)stream.read();
    return stream.position().in_quotes;
  };
  EXPECT_TRUE(in_quotes("a\n\"b\n"));
  EXPECT_FALSE(in_quotes("a\n\"b\"\n"));
  EXPECT_FALSE(in_quotes("a\n\"b\""));
  EXPECT_FALSE(in_quotes("a"));
}

TEST(QuotedLineSplitter, WhatComesBehindARestBeginsOutsideOfQuotes) {
  LineSplitter splitter(100);
  splitter.quote(QuotedLines{});
  RawRecord record;
  std::memcpy(splitter.writable(4).data(), "\"a\nb", 4);
  splitter.written(4);
  EXPECT_EQ(splitter.take({&record, 1}, Instant{}), 0U);
  EXPECT_TRUE(splitter.take_rest(record, Instant{}));
  EXPECT_EQ(record.bytes, "\"a\nb");
  std::memcpy(splitter.writable(4).data(), "c\"\n\n", 4);
  splitter.written(4);
  ASSERT_EQ(splitter.take({&record, 1}, Instant{}), 1U);
  EXPECT_EQ(record.bytes, "c\"");
  EXPECT_FALSE(splitter.position({}).in_quotes);
}

}  // namespace
}  // namespace penstock
