#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

TEST(Skew, ShowsInTheMetricsOfAKeyedStage) {
  Job job("skew");
  auto [sales, input] = job.input<Sale>();
  Collected<ShopCount> counts;
  collect_into(
      std::move(sales).key_by(&Sale::shop).named("shops").parallelism(3).process(CountPerShop{}),
      counts);
  TestDriver driver(job);
  EXPECT_TRUE(driver.job().metrics().hottest_groups().empty());
  // One at a time: nothing is left to a sample.
  for (std::uint32_t i = 0; i < 400; ++i) {
    ASSERT_TRUE(input.push({.shop = i % 4 == 0 ? 1000 + i : 7}).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  const std::vector<KeyGroupShare> groups = driver.job().metrics().hottest_groups();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].stage, "shops");
  EXPECT_EQ(groups[0].group, key_group_of(key_hash(std::uint32_t{7})).value);
  EXPECT_NEAR(groups[0].share, 0.75, 0.01);
}

}  // namespace
}  // namespace penstock
