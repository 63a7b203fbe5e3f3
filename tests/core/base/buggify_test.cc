#include "penstock/core/base/buggify.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <string_view>
#include <thread>

namespace penstock {
namespace {

std::uint64_t visit_each(int times) {
  std::uint64_t hits = 0;
  for (int i = 0; i < times; ++i) {
    for (std::size_t point = 0; point < kBuggifyPoints.size(); ++point)
      hits += internal::buggify(point) ? 1 : 0;
  }
  return hits;
}

TEST(Buggify, DoesNothingWhereNobodyHasBegunIt) { EXPECT_EQ(visit_each(1000), 0u); }

TEST(Buggify, MakesSomePointsOfARunRareAndCountsThem) {
  Buggify rare(7);
  const std::uint64_t hits = visit_each(1000);
  EXPECT_GT(hits, 0u);
  EXPECT_LT(hits, 1000 * kBuggifyPoints.size() / 2);
  EXPECT_EQ(std::accumulate(rare.hits().begin(), rare.hits().end(), std::uint64_t{0}), hits);
}

TEST(Buggify, ReachesEveryPointInSomeRun) {
  Buggify::Hits all{};
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Buggify rare(seed);
    visit_each(100);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += rare.hits()[i];
  }
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_GT(all[i], 0u) << kBuggifyPoints[i];
}

TEST(Buggify, MakesOnePointRareAtEachVisitAndNoOther) {
  Buggify rare("task.one_turn");
  EXPECT_EQ(visit_each(100), 100u);
  EXPECT_TRUE(internal::buggify(internal::buggify_point("task.one_turn")));
}

TEST(Buggify, IsTheSameForEqualSeeds) {
  Buggify::Hits first{};
  {
    Buggify rare(11);
    visit_each(100);
    first = rare.hits();
  }
  Buggify again(11);
  visit_each(100);
  EXPECT_EQ(again.hits(), first);
}

TEST(Buggify, DoesNothingWhileItRestsOrInOtherThreads) {
  Buggify rare(7);
  std::uint64_t elsewhere = 1;
  std::thread([&elsewhere] { elsewhere = visit_each(1000); }).join();
  EXPECT_EQ(elsewhere, 0u);
  rare.rest(true);
  EXPECT_EQ(visit_each(1000), 0u);
  rare.rest(false);
  EXPECT_GT(visit_each(1000), 0u);
}

TEST(Buggify, NamesAreUnique) {
  EXPECT_EQ(std::set<std::string_view>(kBuggifyPoints.begin(), kBuggifyPoints.end()).size(),
            kBuggifyPoints.size());
}

}  // namespace
}  // namespace penstock
