#include "penstock/bench/workloads/fraud_row_timer.h"

#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::int64_t kEnd =
    10'000;  // Its first transaction behind it is number 50,000, due after 500 ms.

// 100,000 transactions in a second.
constexpr FraudLoad kLoad{.rate_per_second = 100'000, .seconds = 1, .warm_seconds = 0};

class FraudRowTimers : public testing::Test {
 protected:
  FraudRowTimer timer(const FraudLoad& load = kLoad) {
    clock_.advance(milliseconds(3));
    FraudRowTimer timer(load, clock_);
    timer.start(clock_.now());
    return timer;
  }
  VirtualClock clock_;
};

TEST_F(FraudRowTimers, CountAChangeFromWhenItsTransactionWasDue) {
  FraudRowTimer timer = this->timer();
  clock_.advance(microseconds(250));
  timer.change(20, 1, 2, 3, 4);  // Due after 200 us.
  timer.flush();
  const FraudLatency seen = timer.latency();
  EXPECT_EQ(seen.change_ns.count(), 1u);
  EXPECT_EQ(seen.change_ns.max(), 50'000);
  RowSum expected;
  add_fraud_change_row(1, 2, 3, 4, expected);
  EXPECT_EQ(seen.changes, expected);
  EXPECT_EQ(seen.windows, RowSum{});
}

TEST_F(FraudRowTimers, CountAWindowFromWhenTheFirstTransactionBehindItWasDue) {
  FraudRowTimer timer = this->timer();
  clock_.advance(milliseconds(501));
  timer.window(1, kEnd, 11, 100);
  timer.flush();
  const FraudLatency seen = timer.latency();
  EXPECT_EQ(seen.window_ns.count(), 1u);
  EXPECT_EQ(seen.window_ns.max(), 1'000'000);
  RowSum expected;
  add_fraud_window_row(1, kEnd, 11, 100, expected);
  EXPECT_EQ(seen.windows, expected);
  EXPECT_EQ(seen.changes, RowSum{});
}

TEST_F(FraudRowTimers, OnlyCountRowsOfWindowsThatTheEndOfInputCloses) {
  FraudRowTimer timer = this->timer();
  clock_.advance(milliseconds(1001));
  timer.window(1, kEnd, 11, 100);
  timer.window(1, 2 * kEnd, 11, 100);  // By transaction 100,000, which never comes.
  timer.window(2, 2 * kEnd, 11, 100);
  timer.flush();
  const FraudLatency seen = timer.latency();
  EXPECT_EQ(seen.windows.rows, 3u);
  EXPECT_EQ(seen.window_ns.count(), 1u);
  EXPECT_EQ(seen.unmeasured, 2u);
}

TEST_F(FraudRowTimers, OnlyCountRowsThatWereDueInTheWarmUp) {
  FraudLoad load = kLoad;
  load.warm_seconds = 0.5;
  FraudRowTimer timer = this->timer(load);
  clock_.advance(milliseconds(600));
  timer.change(49'999, 1, 2, 3, 4);
  timer.change(50'000, 1, 2, 3, 4);
  timer.window(1, kEnd, 11, 100);
  timer.flush();
  const FraudLatency seen = timer.latency();
  EXPECT_EQ(seen.changes.rows, 2u);
  EXPECT_EQ(seen.change_ns.count(), 1u);
  EXPECT_EQ(seen.window_ns.count(), 1u);
  EXPECT_EQ(seen.unmeasured, 1u);
}

// Goal: no figure is too low. Method: rows come, time passes, and only then the batch ends.
TEST_F(FraudRowTimers, ReadTheClockBehindTheRowsItStandsFor) {
  FraudRowTimer timer = this->timer();
  for (int row = 0; row < 10; ++row) timer.change(0, 1, 2, 3, 4);
  clock_.advance(microseconds(70));
  timer.flush();
  EXPECT_EQ(timer.latency().change_ns.min(), 70'000);
  timer.flush();  // Nothing waits any more.
  EXPECT_EQ(timer.latency().change_ns.count(), 10u);
}

TEST_F(FraudRowTimers, ReadTheClockWithinALongBatch) {
  FraudRowTimer timer = this->timer();
  for (int row = 0; row < 100; ++row) {
    clock_.advance(microseconds(1));
    timer.change(0, 1, 2, 3, 4);
  }
  timer.flush();
  const FraudLatency seen = timer.latency();
  EXPECT_EQ(seen.change_ns.count(), 100u);
  EXPECT_EQ(seen.change_ns.max(), 100'000);
  EXPECT_EQ(seen.change_ns.min(), 32'000);
}

}  // namespace
}  // namespace penstock::bench
