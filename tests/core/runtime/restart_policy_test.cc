#include "penstock/core/runtime/restart_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock {
namespace {

using namespace std::chrono_literals;

const Status kMayPass(StatusCode::kUnavailable, "the broker is away");

Instant at(std::chrono::nanoseconds time) { return Instant{} + time; }

RestartPolicy exact(std::uint32_t max) {
  RestartPolicy policy({.max = max, .jitter = 0}, 1);
  policy.started(at(0s));
  return policy;
}

TEST(RestartPolicy, WaitsTwiceAsLongEachTimeUpToTheLongestWait) {
  RestartPolicy policy = exact(10);
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s, 60s})
    EXPECT_EQ(policy.failed(kMayPass, at(5s)), wait);
  EXPECT_EQ(policy.failed(kMayPass, at(5s)), std::nullopt);
  EXPECT_EQ(policy.number(), 10u);
}

TEST(RestartPolicy, ForgetsWhatWasBeforeALongTimeWithoutFailure) {
  RestartPolicy policy = exact(2);
  EXPECT_EQ(policy.failed(kMayPass, at(1s)), 1s);
  policy.started(at(2s));
  EXPECT_EQ(policy.failed(kMayPass, at(601s)), 2s);
  policy.started(at(602s));
  EXPECT_EQ(policy.failed(kMayPass, at(1202s)), 1s);
  EXPECT_EQ(policy.number(), 1u);
}

TEST(RestartPolicy, DoesNotTryAgainWhatWouldFailAgain) {
  for (const StatusCode code :
       {StatusCode::kInvalidArgument, StatusCode::kDataError, StatusCode::kUserError,
        StatusCode::kResourceExhausted, StatusCode::kInternal, StatusCode::kFailedPrecondition}) {
    RestartPolicy policy = exact(3);
    EXPECT_EQ(policy.failed(Status(code, "no"), at(1s)), std::nullopt);
  }
}

TEST(RestartPolicy, NeverStartsAgainByDefault) {
  RestartPolicy policy({}, 1);
  EXPECT_EQ(policy.failed(kMayPass, at(1s)), std::nullopt);
}

TEST(RestartPolicy, SpreadsItsWaitsByTheJitterAndNoFurther) {
  std::set<std::chrono::nanoseconds> waits;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RestartPolicy policy({.max = 1}, seed);
    policy.started(at(0s));
    waits.insert(policy.failed(kMayPass, at(1s)).value());
  }
  EXPECT_GE(*waits.begin(), 800ms);
  EXPECT_LE(*waits.rbegin(), 1200ms);
  EXPECT_LT(*waits.begin(), 850ms);
  EXPECT_GT(*waits.rbegin(), 1150ms);
}

}  // namespace
}  // namespace penstock
