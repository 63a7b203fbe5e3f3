#include "penstock/io/socket/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesUpToItsBoundAndDrawsFromTheUpperHalf) {
  Backoff backoff(milliseconds(50), milliseconds(2000), 7);
  for (const int interval : {50, 100, 200, 400, 800, 1600, 2000, 2000, 2000}) {
    const milliseconds wait = backoff.next();
    EXPECT_GE(wait, milliseconds(interval / 2));
    EXPECT_LE(wait, milliseconds(interval));
  }
}

TEST(BackoffTest, BeginsAnewAfterASuccess) {
  Backoff backoff(milliseconds(50), milliseconds(2000), 7);
  for (int i = 0; i < 10; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(50));
}

TEST(BackoffTest, TwoClientsDoNotWaitEquallyLong) {
  std::set<std::int64_t> waits;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    waits.insert(Backoff(milliseconds(1000), milliseconds(2000), seed).next().count());
  EXPECT_GT(waits.size(), 25u);
}

TEST(BackoffTest, NeverWaitsZero) {
  Backoff backoff(milliseconds(1), milliseconds(1), 7);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(backoff.next(), milliseconds(1));
}

}  // namespace
}  // namespace penstock
