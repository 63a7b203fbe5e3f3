#include "penstock/bench/workloads/expected.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

TEST(Expected, KnowsTheAnswersOfTheTable) {
  EXPECT_EQ(find_expected("q0", 100'000), (RowSum{92'000, 0x7c942b5cfc2ce40e}));
  EXPECT_EQ(find_expected("ysb_dis", 10'000'000), (RowSum{1100, 0xa1def37a7a5b791b}));
  EXPECT_EQ(expected_results().size(), 66u);
}

TEST(Expected, IsNothingForOtherWorkloadsAndNumbersOfEvents) {
  EXPECT_EQ(find_expected("q0", 100'001), std::nullopt);
  EXPECT_EQ(find_expected("q", 100'000), std::nullopt);
}

TEST(Expected, SkipsCommentsAndEmptyLines) {
  const auto results = parse_expected("#workload\tN\trows\tsum\n\nq9\t10\t2\t00000000000000ff\n");
  ASSERT_TRUE(results.ok());
  ASSERT_EQ(results->size(), 1u);
  EXPECT_EQ(results->front().workload, "q9");
  EXPECT_EQ(results->front().events, 10u);
  EXPECT_EQ(results->front().output, (RowSum{2, 0xff}));
}

TEST(Expected, NamesTheLineThatItCannotRead) {
  for (const char* line :
       {"q0\t10\t2", "q0\tten\t2\tff", "q0\t10\t2\tff\t1", "\t10\t2\tff", "q0 10 2 ff"}) {
    const auto results = parse_expected(std::string("q1\t1\t1\t1\n") + line);
    ASSERT_FALSE(results.ok()) << line;
    EXPECT_THAT(std::string(results.status().message()), testing::HasSubstr(line));
  }
}

}  // namespace
}  // namespace penstock::bench
