#include "penstock/io/file/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/tests/harness/alloc_count.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Cut {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint64_t> cut_from;  // Of each.
  std::vector<std::string> reasons;     // Of those that were cut.
};

// Feeds `bytes` in blocks of `block_bytes` and takes at most `batch` lines at a time.
Cut cut(std::string_view bytes, std::size_t block_bytes, std::size_t batch = 3,
        std::size_t line_bytes_max = 1000) {
  LineSplitter splitter(line_bytes_max);
  std::vector<RawRecord> records(batch);
  Cut result;
  const auto keep = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      result.texts.emplace_back(records[i].bytes);
      result.offsets.push_back(records[i].origin.offset);
      result.cut_from.push_back(records[i].cut_from_bytes);
      if (records[i].cut_from_bytes > 0) result.reasons.push_back(splitter.why_cut(records[i]));
    }
  };
  while (!bytes.empty()) {
    const std::size_t size = std::min(block_bytes, bytes.size());
    std::memcpy(splitter.writable(size).data(), bytes.data(), size);
    splitter.written(size);
    bytes.remove_prefix(size);
    while (const std::size_t count = splitter.take(records, Instant{})) keep(count);
  }
  if (splitter.take_rest(records[0], Instant{})) keep(1);
  return result;
}

TEST(LineSplitter, CutsAtNewlinesAndLeavesThemOut) {
  const Cut result = cut("one\ntwo\r\n\n\r\nthree", 100);
  EXPECT_THAT(result.texts, ElementsAre("one", "two", "", "", "three"));
  EXPECT_THAT(result.offsets, ElementsAre(0u, 4u, 9u, 10u, 12u));
}

TEST(LineSplitter, GivesTheSameLinesWhereverBlocksEnd) {
  const std::string text = "one\r\n\n\r\ntwo two\n\rthree\r\r\nfour";
  const Cut whole = cut(text, text.size());
  EXPECT_THAT(whole.texts, ElementsAre("one", "", "", "two two", "\rthree\r", "four"));
  for (std::size_t block = 1; block < text.size(); ++block) {
    EXPECT_EQ(cut(text, block).texts, whole.texts) << "blocks of " << block;
    EXPECT_EQ(cut(text, block).offsets, whole.offsets) << "blocks of " << block;
  }
}

TEST(LineSplitter, AgreesWithANaiveCutOfRandomBytes) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text(random.below(200), '\0');
    for (char& byte : text) byte = "\n\na\0"[random.below(4)];
    std::vector<std::string> expected;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      expected.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    EXPECT_EQ(cut(text, 1 + random.below(50), 1 + random.below(5)).texts, expected);
  }
}

TEST(LineSplitter, HasNoRestBehindANewline) {
  EXPECT_THAT(cut("", 10).texts, IsEmpty());
  EXPECT_THAT(cut("one\n", 10).texts, ElementsAre("one"));
}

TEST(LineSplitter, GivesTheBeginningOfALineThatIsTooLongAndGoesOnBehindIt) {
  const std::string text = "one\n" + std::string(31, 'x') + "\nthree\n" + std::string(11, 'y') +
                           "\r\n" + std::string(12, 'z') + "\n\nsix";
  for (std::size_t block = 1; block <= text.size(); ++block) {
    for (const std::size_t batch : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
      SCOPED_TRACE("blocks of " + std::to_string(block));
      const Cut result = cut(text, block, batch, 10);
      EXPECT_THAT(result.texts, ElementsAre("one", std::string(10, 'x'), "three",
                                            std::string(10, 'y'), std::string(10, 'z'), "", "six"));
      EXPECT_THAT(result.offsets, ElementsAre(0u, 4u, 36u, 42u, 55u, 68u, 69u));
      EXPECT_THAT(result.cut_from, ElementsAre(0u, 31u, 0u, 12u, 12u, 0u, 0u));
      ASSERT_EQ(result.reasons.size(), 3u);
      EXPECT_THAT(result.reasons[0], HasSubstr("line of 31 bytes is longer than 10 bytes;"));
    }
  }
}

TEST(LineSplitter, TakesALineOfExactlyTheBound) {
  const Cut result = cut(std::string(10, 'x') + "\n" + std::string(10, 'y'), 4, 3, 10);
  EXPECT_THAT(result.cut_from, ElementsAre(0u, 0u));
}

TEST(LineSplitter, GivesTheBeginningOfARestThatIsTooLong) {
  const Cut result = cut(std::string(11, 'x'), 100, 3, 10);
  EXPECT_THAT(result.texts, ElementsAre(std::string(10, 'x')));
  EXPECT_THAT(result.cut_from, ElementsAre(11u));
}

TEST(LineSplitter, KeepsABoundedBeginning) {
  const std::size_t length = 5 * LineSplitter::kCutBytes;
  const Cut result = cut(std::string(length, 'x') + "\nnext", 1000, 3, 2 * LineSplitter::kCutBytes);
  EXPECT_THAT(result.texts, ElementsAre(std::string(LineSplitter::kCutBytes, 'x'), "next"));
  EXPECT_THAT(result.cut_from, ElementsAre(length, 0u));
}

TEST(LineSplitter, ReportsALineWithoutAnEndOnceAndKeepsItsMemory) {
  constexpr std::size_t kMax = 1000;
  LineSplitter splitter(kMax);
  RawRecord record;
  std::size_t fed = 0;
  std::size_t reports = 0;
  for (int i = 0; i < 100'000; ++i, fed += 100) {
    std::memset(splitter.writable(100).data(), 'x', 100);
    splitter.written(100);
    if (splitter.take({&record, 1}, Instant{}) == 0) continue;
    ++reports;
    EXPECT_LE(fed, (LineSplitter::kReportFactor + 1) * kMax);
    EXPECT_THAT(splitter.why_cut(record), HasSubstr("line of at least 4100 bytes is longer"));
  }
  EXPECT_EQ(reports, 1u);
  const std::uint64_t before = thread_allocations_so_far();
  (void)splitter.writable(kMax);
  EXPECT_EQ(thread_allocations_so_far() - before, 0u) << "it holds less than it has room for";

  std::memcpy(splitter.writable(5).data(), "\ntwo\n", 5);
  splitter.written(5);
  EXPECT_EQ(splitter.take({&record, 1}, Instant{}), 1u);
  EXPECT_EQ(record.bytes, "two");
  EXPECT_EQ(record.origin.offset, fed + 1);
}

}  // namespace
}  // namespace penstock
