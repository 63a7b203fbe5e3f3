#include "penstock/core/base/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(MemoryBudget, RefusesWhatGoesOverItAndTakesNothingThen) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.take(60));
  EXPECT_TRUE(budget.take(40));
  EXPECT_FALSE(budget.has_refused());
  EXPECT_FALSE(budget.take(1));
  EXPECT_TRUE(budget.has_refused());
  EXPECT_EQ(budget.used_bytes(), 100u);
  budget.give(50);
  EXPECT_TRUE(budget.take(50));
}

TEST(MemoryBudget, IsNeverOverdrawnByThreadsTogether) {
  MemoryBudget budget(1000);
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<std::uint64_t> taken{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) taken += budget.take(1) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), 1000u);
  EXPECT_EQ(budget.used_bytes(), 1000u);
}

TEST(MemoryBudget, TheMessageNamesTheLimitThatWasReachedAndTheRemedy) {
  MemoryBudget budget(4096);
  EXPECT_THAT(std::string(no_state_memory("timers", &budget).message()),
              AllOf(HasSubstr("timers"), HasSubstr("system"), Not(HasSubstr("4096"))));
  EXPECT_FALSE(budget.take(4097));
  const Status status = no_state_memory("timers", &budget);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("timers"), HasSubstr("4096"), HasSubstr("state_bytes_max")));
}

TEST(MemoryBudget, TheDefaultIsSomeButNotAllOfTheMachine) {
  EXPECT_GT(default_state_bytes(), std::uint64_t{16} << 20);
  EXPECT_LT(default_state_bytes(), std::uint64_t{1} << 50);
}

}  // namespace
}  // namespace penstock
