#include "penstock/bench/workloads/fraud_load.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/engine_fraud_load.h"

namespace penstock::bench {
namespace {

using std::chrono::microseconds;

// 160,000 transactions: 32 s of event time, three windows closed by transactions and more by the end of input.
constexpr FraudLoad kLoad{.rate_per_second = 1'600'000, .seconds = 0.1, .warm_seconds = 0.04};

FraudLatency run_engine(const FraudLoad& load, std::uint32_t workers) {
  Options options;
  options.workers = workers;
  Result<FraudLatency> seen = run_engine_load(load, options);
  EXPECT_TRUE(seen.ok()) << seen.status().to_string();
  return seen.ok() ? *std::move(seen) : FraudLatency{};
}

void expect_rising(const Histogram& histogram) {
  ASSERT_GT(histogram.count(), 0u);
  std::int64_t before = 0;
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99}) {
    EXPECT_GE(histogram.percentile(percent), before) << percent;
    before = histogram.percentile(percent);
  }
  EXPECT_GE(histogram.max(), before);
}

TEST(FraudLoads, GiveAllRowsOfTheWorkloadAndMeasureTheSameOnes) {
  const FraudLatency bare = run_bare_load(kLoad);
  EXPECT_EQ(bare.rows(), run_bare_fraud(kLoad.events()));
  EXPECT_GT(bare.unmeasured, 0u);
  expect_rising(bare.change_ns);
  expect_rising(bare.window_ns);
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    const FraudLatency engine = run_engine(kLoad, workers);
    EXPECT_TRUE(check_same_rows(engine, bare).ok())
        << workers << " workers: " << check_same_rows(engine, bare).to_string();
    EXPECT_EQ(engine.rows(), expected_rows(kLoad)) << workers << " workers";
    EXPECT_EQ(engine.unmeasured, bare.unmeasured) << workers << " workers";
    expect_rising(engine.change_ns);
    expect_rising(engine.window_ns);
  }
}

// Goal: latencies count from the due time and from nothing else. Method: a clock that moves only between two steps, so
// that what is due now is out now, and what a stall has made late is late by the stall.
TEST(FraudLoads, AreTimedFromWhenTheirTransactionsAreDue) {
  const FraudLoad load{.rate_per_second = 1'000'000, .seconds = 0.06, .warm_seconds = 0};
  VirtualClock clock;
  Options options;
  options.clock = &clock;
  Job job("timed");
  auto result = std::make_shared<SharedFraudLatency>();
  build_fraud_load(job, load, result);
  Result<JobHandle> handle = job.open(options);
  ASSERT_TRUE(handle.ok()) << handle.status().to_string();
  const auto run_until_idle = [&handle] {
    StepOutcome outcome = handle->poll();
    while (outcome == StepOutcome::kWorked) outcome = handle->poll();
    return outcome;
  };
  run_until_idle();
  constexpr int kStall = 5'000;
  for (int i = 0; i < 30'000; ++i) {
    clock.advance(microseconds(1));
    run_until_idle();
  }
  clock.advance(microseconds(kStall));
  StepOutcome outcome = run_until_idle();
  for (; outcome != StepOutcome::kFinished; outcome = run_until_idle())
    clock.advance(microseconds(1));
  EXPECT_EQ(result->latency.rows(), expected_rows(load));
  const Histogram& changes = result->latency.change_ns;
  EXPECT_GT(changes.count(), 0u);
  EXPECT_EQ(changes.percentile(50), 0);
  EXPECT_LE(changes.max(), kStall * 1000);
  EXPECT_GT(changes.max(),
            (kStall - 500) * 1000);  // A change is rarely more than 500 transactions away.
  EXPECT_EQ(result->latency.window_ns.max(), 0);
  EXPECT_GT(result->latency.window_ns.count(), 0u);
}

TEST(FraudLoads, ThatCannotBeAreRefusedByTheNameOfTheirOption) {
  const auto refused = [](FraudLoad load, std::uint32_t workers, const char* words) {
    const Status status = check_load(load, workers);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_NE(status.to_string().find(words), std::string::npos) << status.to_string();
  };
  EXPECT_TRUE(check_load({}, 1).ok());
  EXPECT_TRUE(check_load(kLoad, 8).ok());
  refused({.rate_per_second = 0}, 1, "--rate is 0");
  refused({.rate_per_second = 2'000'000'000}, 1, "--rate is 2000000000");
  refused({.seconds = 0}, 1, "--seconds is 0");
  refused({.seconds = -1}, 1, "--seconds is -1");
  refused({.seconds = std::nan("")}, 1, "--seconds is nan");
  refused({.seconds = 100'000}, 1, "--seconds is 100000");
  refused({.seconds = 5, .warm_seconds = 5}, 1, "--warm is 5");
  refused({.warm_seconds = -1}, 1, "--warm is -1");
  refused({.warm_seconds = std::nan("")}, 1, "--warm is nan");
  refused({.rate_per_second = 1, .seconds = 0.5, .warm_seconds = 0}, 1, "0 events");
  refused({.rate_per_second = 1'000'000'000}, 1, "30000000000 events");
  refused({}, 3, "--workers is 3");
}

TEST(FraudLoads, WithOtherRowsThanTheyMustHaveAreAnError) {
  FraudLatency bare;
  bare.changes.add(1);
  bare.change_ns.record(5);
  bare.windows.add(2);
  FraudLatency engine = bare;
  EXPECT_TRUE(check_same_rows(engine, bare).ok());
  EXPECT_TRUE(check_rows("engine", engine, bare.rows()).ok());

  engine.change_ns.record(6);
  EXPECT_NE(check_same_rows(engine, bare).to_string().find("change rows of the engine"),
            std::string::npos);
  engine = bare;
  engine.windows.add(3);
  EXPECT_NE(check_same_rows(engine, bare).to_string().find("window rows of the engine"),
            std::string::npos);
  EXPECT_NE(check_rows("engine", engine, bare.rows()).to_string().find("engine: wrong result"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock::bench
