#include "penstock/io/kafka/splits.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock::kafka::internal {
namespace {

TEST(Splits, OfOneTopicASplitIsThePartition) {
  SplitNumbers numbers;
  ASSERT_TRUE(numbers.learn({"payments"}));
  EXPECT_EQ(numbers.of("payments", 0).value, 0u);
  EXPECT_EQ(numbers.of("payments", 7).value, 7u);
}

TEST(Splits, SeveralTopicsAreNumberedByNameHoweverTheyAreListed) {
  SplitNumbers numbers;
  ASSERT_TRUE(numbers.learn({"b", "c", "a"}));
  EXPECT_EQ(numbers.of("a", 3).value, 3u);
  EXPECT_EQ(numbers.of("b", 3).value, 65536u + 3);
  EXPECT_EQ(numbers.of("c", kPartitionsMax - 1).value, 3 * 65536u - 1);
}

TEST(Splits, ATopicThatComesLaterTakesNoOthersNumber) {
  SplitNumbers numbers;
  ASSERT_TRUE(numbers.learn({"m", "n"}));
  ASSERT_TRUE(numbers.learn({"a", "m"}));
  EXPECT_EQ(numbers.of("m", 0).value, 0u);
  EXPECT_EQ(numbers.of("n", 0).value, 65536u);
  EXPECT_EQ(numbers.of("a", 0).value, 2 * 65536u);
}

TEST(Splits, PartitionsOfATopicAreSharedEvenlyAndEachHasOneTask) {
  std::vector<int> of_task(3);
  for (std::int32_t i = 0; i < 9; ++i) ++of_task.at(task_of("payments", i, 3));
  EXPECT_EQ(of_task, (std::vector<int>{3, 3, 3}));
  EXPECT_EQ(task_of("payments", 5, 1), 0u);
}

TEST(Splits, SmallTopicsDoNotAllFallToTheSameTask) {
  std::set<std::uint32_t> tasks;
  for (const char* topic : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    tasks.insert(task_of(topic, 0, 4));
  }
  EXPECT_GT(tasks.size(), 2u);
}

TEST(SplitNumbers, KeepsWhatASnapshotHasAndGivesNoNumberTwice) {
  SplitNumbers numbers;
  ASSERT_TRUE(numbers.learn({"a", "b", "c"}));
  for (int task = 0; task < 2; ++task) {  // Each task says it.
    numbers.keep("c", 0);
    numbers.keep("z", 7);
    numbers.keep("a", 1);
  }
  ASSERT_TRUE(numbers.learn({"new"}));
  EXPECT_EQ(numbers.number_of("c"), 0u);
  EXPECT_EQ(numbers.number_of("z"), 7u);
  EXPECT_EQ(numbers.number_of("a"), 1u);
  EXPECT_EQ(numbers.of("new", 3), (SplitId{8 * 65536 + 3}));
  std::set<std::uint32_t> all;
  for (const char* name : {"a", "b", "c", "z", "new"}) all.insert(numbers.number_of(name));
  EXPECT_EQ(all.size(), 5u);
}

}  // namespace
}  // namespace penstock::kafka::internal
