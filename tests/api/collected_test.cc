#include "penstock/api/collected.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

TEST(Collected, HasNothingAtFirst) { EXPECT_TRUE(Collected<int>().values().empty()); }

TEST(Collected, CopiesShareTheListWhichOutlivesTheJob) {
  Collected<int> list;
  {
    Job job("list");
    auto [numbers, input] = job.input<int>();
    collect_into(std::move(numbers), list);
    ASSERT_TRUE(input.push(7).ok());
    input.close();
    ASSERT_TRUE(job.run().ok());
  }
  const Collected<int> copy = list;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.values(), std::vector<int>{7});
}

TEST(Collected, MayBeReadWhileSeveralWorkersFillIt) {
  Job job("fill");
  auto [numbers, input] = job.input<int>();
  Collected<int> list;
  collect_into(std::move(numbers).rebalance(), list);
  auto running = job.start({{.workers = 3}});
  ASSERT_TRUE(running.ok());
  std::size_t before = 0;
  for (int n = 0; n < 20'000; ++n) {
    ASSERT_TRUE(input.push(n).ok());
    if (n % 100 != 0) continue;
    const std::size_t now = list.size();
    ASSERT_GE(now, before);
    before = now;
  }
  input.close();
  ASSERT_TRUE(running->wait_for(kHangsAfter));
  std::vector<int> values = list.values();
  std::sort(values.begin(), values.end());
  std::vector<int> expected(20'000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(values, expected);
}

}  // namespace
}  // namespace penstock
