#include "penstock/io/file/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "penstock/core/base/random.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Cut {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> offsets;
  Status status;
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
  result.status = splitter.status("lines");
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

TEST(LineSplitter, StopsInFrontOfALineThatIsTooLong) {
  const std::string text = "one\n" + std::string(11, 'x') + "\nthree\n";
  for (const std::size_t block : {std::size_t{1}, std::size_t{7}, text.size()}) {
    const Cut result = cut(text, block, 3, 10);
    EXPECT_THAT(result.texts, ElementsAre("one")) << "blocks of " << block;
    EXPECT_THAT(result.status.to_string(), HasSubstr("lines: the line at byte 4 is longer than 10 "
                                                     "bytes"));
  }
}

TEST(LineSplitter, TakesALineOfExactlyTheBound) {
  const Cut result = cut(std::string(10, 'x') + "\n" + std::string(10, 'y'), 4, 3, 10);
  EXPECT_EQ(result.texts.size(), 2u);
  EXPECT_TRUE(result.status.ok());
}

TEST(LineSplitter, RefusesARestThatIsTooLong) {
  const Cut result = cut(std::string(11, 'x'), 100, 3, 10);
  EXPECT_THAT(result.texts, IsEmpty());
  EXPECT_EQ(result.status.code(), StatusCode::kDataError);
}

}  // namespace
}  // namespace penstock
