#include "penstock/core/runtime/metrics.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TaskMetrics task(const char* stage, std::uint64_t records, std::uint32_t group, double share) {
  TaskMetrics task;
  task.stage = stage;
  task.records_in = records;
  task.hottest_group = group;
  task.hottest_group_share = share;
  return task;
}

TEST(JobMetrics, NameTheHottestKeyGroupOfEachStageByItsShareOfTheStage) {
  JobMetrics metrics;
  // The first task's group has more of its task, the second's more of the stage.
  metrics.tasks = {task("source", 1000, 0, 0), task("cards", 100, 5, 0.9),
                   task("cards", 900, 600, 0.5), task("shops", 40, 7, 0.25)};
  const std::vector<KeyGroupShare> groups = metrics.hottest_groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].stage, "cards");
  EXPECT_EQ(groups[0].group, 600u);
  EXPECT_DOUBLE_EQ(groups[0].share, 0.45);
  EXPECT_EQ(groups[1].stage, "shops");
  EXPECT_EQ(groups[1].group, 7u);
  EXPECT_DOUBLE_EQ(groups[1].share, 0.25);
  EXPECT_TRUE(JobMetrics().hottest_groups().empty());
}

}  // namespace
}  // namespace penstock
