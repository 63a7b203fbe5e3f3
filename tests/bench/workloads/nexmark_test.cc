#include "penstock/bench/workloads/nexmark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "penstock/tests/bench/workloads/random_access.h"

namespace penstock::bench {
namespace {

bool equal(const NexmarkEvent& a, const NexmarkEvent& b) {
  return a.kind == b.kind && a.auction == b.auction && a.person == b.person &&
         a.time_ms == b.time_ms && a.expires_ms == b.expires_ms && a.price == b.price &&
         a.reserve == b.reserve && a.channel == b.channel && a.category == b.category &&
         a.state == b.state && a.city == b.city;
}

TEST(Nexmark, HasOnePersonThreeAuctionsAnd46BidsInFifty) {
  std::array<int, 3> kinds{};
  for (std::uint64_t n = 0; n < 5000; ++n) {
    ++kinds[static_cast<std::size_t>(nexmark_event(n, Disorder::kNone).kind)];
  }
  EXPECT_EQ(kinds, (std::array{100, 300, 4600}));
}

template <Disorder kDisorder>
void expect_random_access_agrees(std::uint64_t step) {
  bench::expect_random_access_agrees<NexmarkGenerator<kDisorder>>(
      step, [](std::uint64_t n) { return nexmark_event(n, kDisorder); }, equal);
}

TEST(NexmarkGenerator, GivesTheSameEventsAsRandomAccessWithAnyStep) {
  for (const std::uint64_t step : {1u, 2u, 3u, 8u, 49u, 50u, 51u, 1000u}) {
    expect_random_access_agrees<Disorder::kNone>(step);
    expect_random_access_agrees<Disorder::kTwoSeconds>(step);
  }
}

TEST(Nexmark, TimesRiseInOrderAndStayWithinTwoSecondsOutOfOrder) {
  std::int64_t earliest_ahead = 0;
  for (std::uint64_t n = 0; n < 300'000; ++n) {
    const auto ordered = static_cast<std::int64_t>(n / 100);
    EXPECT_EQ(nexmark_event(n, Disorder::kNone).time_ms, ordered);
    const std::int64_t ahead = nexmark_event(n, Disorder::kTwoSeconds).time_ms - ordered;
    ASSERT_GT(ahead, 0);
    ASSERT_LE(ahead, kDisorderMillis);
    earliest_ahead = std::max(earliest_ahead, ahead);
  }
  EXPECT_EQ(earliest_ahead, kDisorderMillis);
}

TEST(Nexmark, NamesOnlyAuctionsAndPersonsThatExistByThen) {
  for (std::uint64_t n = 0; n < 20'000; ++n) {
    const NexmarkEvent event = nexmark_event(n, Disorder::kNone);
    ASSERT_LE(event.person, n / 50);
    ASSERT_LE(event.auction, n / 50 * 3 + 2);
    if (event.kind != NexmarkKind::kAuction) continue;
    ASSERT_GE(event.category, 10);
    ASSERT_LE(event.category, 14);
    ASSERT_GE(event.expires_ms, event.time_ms + 2);
  }
}

}  // namespace
}  // namespace penstock::bench
