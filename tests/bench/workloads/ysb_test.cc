#include "penstock/bench/workloads/ysb.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "penstock/tests/bench/workloads/random_access.h"

namespace penstock::bench {
namespace {

bool equal(const YsbEvent& a, const YsbEvent& b) {
  return a.ad_id == b.ad_id && a.time_ms == b.time_ms && a.user == b.user && a.page == b.page &&
         a.kind == b.kind;
}

template <Disorder kDisorder>
void expect_random_access_agrees(std::uint64_t step) {
  bench::expect_random_access_agrees<YsbGenerator<kDisorder>>(
      step, [](std::uint64_t n) { return ysb_event(n, kDisorder); }, equal);
}

TEST(YsbGenerator, GivesTheSameEventsAsRandomAccessWithAnyStep) {
  for (const std::uint64_t step : {1u, 2u, 3u, 99u, 100u, 101u}) {
    expect_random_access_agrees<Disorder::kNone>(step);
    expect_random_access_agrees<Disorder::kTwoSeconds>(step);
  }
}

TEST(Ysb, HasTheThreeKindsEquallyOften) {
  std::array<int, 3> kinds{};
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    ++kinds[static_cast<std::size_t>(ysb_event(i, Disorder::kNone).kind)];
  }
  for (const int count : kinds) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Ysb, KnowsTheCampaignOfEachAdvertisementThatAnEventNames) {
  std::map<std::uint64_t, std::uint32_t> campaigns;
  for (const YsbAd& ad : ysb_ads()) campaigns[ad.ad_id] = ad.campaign;
  EXPECT_EQ(campaigns.size(), kYsbAds);
  EXPECT_EQ(campaigns.at(ysb_ad_id(999)), kYsbCampaigns - 1);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(campaigns.contains(ysb_event(i, Disorder::kNone).ad_id)) << i;
  }
}

TEST(Ysb, TimesRiseInOrderAndStayWithinTwoSecondsOutOfOrder) {
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const auto ordered = static_cast<std::int64_t>(i / 100);
    ASSERT_EQ(ysb_event(i, Disorder::kNone).time_ms, ordered);
    const std::int64_t ahead = ysb_event(i, Disorder::kTwoSeconds).time_ms - ordered;
    ASSERT_GT(ahead, 0);
    ASSERT_LE(ahead, kDisorderMillis);
  }
}

}  // namespace
}  // namespace penstock::bench
