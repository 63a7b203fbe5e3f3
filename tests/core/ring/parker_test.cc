#include "penstock/core/ring/parker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/tests/core/ring/stress.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Parker, GivesUpAtItsDeadline) {
  Parker parker;
  const auto before = std::chrono::steady_clock::now();
  parker.prepare_park();
  EXPECT_EQ(parker.park_for(milliseconds(2)), WakeReason::kTimeout);
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(2));
  EXPECT_EQ(parker.sleeps(), 1u);
}

TEST(Parker, UsesTheTimeOfTheMonotonicClock) {
  Parker parker;
  const Instant deadline = RealClock().now() + milliseconds(2);
  parker.prepare_park();
  EXPECT_EQ(parker.park_until(deadline), WakeReason::kTimeout);
  EXPECT_GE(RealClock().now(), deadline);
}

TEST(Parker, ReturnsAtOnceFromADeadlineInThePast) {
  Parker parker;
  parker.prepare_park();
  EXPECT_EQ(parker.park_until(Instant{-5}), WakeReason::kTimeout);
  parker.prepare_park();
  EXPECT_EQ(parker.park_until(Instant{0}), WakeReason::kTimeout);
}

TEST(Parker, KeepsAWakeUpThatCameBeforeTheSleep) {
  Parker parker;
  parker.wake();
  parker.prepare_park();
  EXPECT_EQ(parker.park_until(kNever), WakeReason::kWoken);
  EXPECT_EQ(parker.sleeps(), 0u);
  EXPECT_EQ(parker.wakes(), 0u) << "nobody slept: no system call was needed";
  parker.prepare_park();
  EXPECT_EQ(parker.park_for(nanoseconds(1)), WakeReason::kTimeout) << "one wake-up, one token";
}

TEST(Parker, KeepsAWakeUpThatCameWhileTheSleepWasCancelled) {
  Parker parker;
  parker.prepare_park();
  EXPECT_TRUE(parker.wake_if_parked());
  parker.cancel_park();
  parker.prepare_park();
  EXPECT_EQ(parker.park_until(kNever), WakeReason::kWoken);
}

TEST(Parker, CostsNoWakeCallWhileItsOwnerIsAwake) {
  Parker parker;
  EXPECT_FALSE(parker.wake_if_parked());
  parker.prepare_park();
  parker.cancel_park();
  EXPECT_FALSE(parker.wake_if_parked());
  EXPECT_EQ(parker.wakes(), 0u);
}

TEST(Parker, WakesOnlyOnceForManyWakers) {
  Parker parker;
  parker.prepare_park();
  EXPECT_TRUE(parker.wake_if_parked());
  EXPECT_FALSE(parker.wake_if_parked());
  parker.wake();
  EXPECT_EQ(parker.wakes(), 1u);
}

// Goal: a foreign thread's wake() reaches the owner, asleep or awake, wherever it was when it came.
// Method: the owner answers each wake-up by letting the foreign thread send the next; a lost one is a sleep that only
// its deadline ends.
TEST(ParkerThreads, LoseNoUnconditionalWakeUp) {
  Parker parker;
  const std::uint64_t rounds = kStressItems / 100;
  std::atomic<std::uint64_t> answered{0};
  std::thread foreign([&] {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      while (answered.load(std::memory_order_acquire) != round) std::this_thread::yield();
      parker.wake();
    }
  });
  for (std::uint64_t round = 0; round < rounds; ++round) {
    parker.prepare_park();
    EXPECT_EQ(parker.park_for(kLostAfter), WakeReason::kWoken);
    answered.fetch_add(1, std::memory_order_release);
  }
  foreign.join();
}

// Goal: the announce protocol holds with several producers and one word each.
// Method: each producer publishes by a seq_cst store and then looks for a sleeper; the owner reads all words again
// after announcing its sleep.
TEST(ParkerThreads, LoseNoAnnouncedWakeUpOfSeveralProducers) {
  constexpr int kProducers = 3;
  struct alignas(64) Word {
    std::atomic<std::uint64_t> value{0};
  };
  Parker parker;
  Word words[kProducers];
  const std::uint64_t rounds = kStressItems / 10;
  std::vector<std::thread> producers;
  for (Word& word : words) {
    producers.emplace_back([&] {
      for (std::uint64_t round = 1; round <= rounds; ++round) {
        word.value.store(round, std::memory_order_seq_cst);
        parker.wake_if_parked();
        if (round % 64 == 0) std::this_thread::yield();
      }
    });
  }
  const auto total = [&] {
    std::uint64_t sum = 0;
    for (const Word& word : words) sum += word.value.load(std::memory_order_seq_cst);
    return sum;
  };
  for (std::uint64_t seen = 0; seen < kProducers * rounds;) {
    parker.prepare_park();
    const std::uint64_t now = total();
    if (now != seen) {
      parker.cancel_park();
      seen = now;
    } else {
      EXPECT_EQ(parker.park_for(kLostAfter), WakeReason::kWoken);
    }
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(total(), kProducers * rounds);
}

}  // namespace
}  // namespace penstock
