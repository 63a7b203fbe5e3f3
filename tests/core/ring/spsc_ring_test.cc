#include "penstock/core/ring/spsc_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "penstock/core/base/cpu.h"
#include "penstock/core/ring/parker.h"
#include "penstock/core/stream/element.h"
#include "penstock/tests/core/ring/stress.h"

namespace penstock {
namespace {

std::vector<int> drain_all(SpscRing<int>& ring) {
  std::vector<int> values;
  while (ring.drain(ring.capacity(), [&](int value) { values.push_back(value); }) != 0) continue;
  return values;
}

TEST(SpscRing, ShowsNothingBeforePublishAndAllOfItAfter) {
  SpscRing<int> ring(4);
  EXPECT_TRUE(ring.stage(1));
  EXPECT_TRUE(ring.stage(2));
  EXPECT_EQ(ring.staged(), 2u);
  EXPECT_EQ(ring.size_approx(), 0u);
  EXPECT_TRUE(ring.peek(4).empty());
  ring.publish();
  EXPECT_EQ(ring.staged(), 0u);
  EXPECT_EQ(ring.size_approx(), 2u);
  EXPECT_EQ(drain_all(ring), (std::vector<int>{1, 2}));
}

TEST(SpscRing, RefusesWhatDoesNotFitAndKeepsTheRest) {
  SpscRing<int> ring(2);
  EXPECT_TRUE(ring.stage(1));
  EXPECT_TRUE(ring.stage(2));
  EXPECT_FALSE(ring.stage(3));
  EXPECT_EQ(ring.stage_slot(), nullptr);
  ring.publish();
  EXPECT_FALSE(ring.stage(3));
  EXPECT_EQ(drain_all(ring), (std::vector<int>{1, 2}));
  EXPECT_TRUE(ring.stage(3));
}

TEST(SpscRing, CountsStagedElementsAsTaken) {
  SpscRing<int> ring(4);
  EXPECT_EQ(ring.free_slots(4), 4u);
  *ring.stage_slot() = 1;
  EXPECT_EQ(ring.free_slots(4), 3u);
  ring.publish();
  EXPECT_EQ(ring.free_slots(4), 3u);
  ring.release(ring.peek(1).size());
  EXPECT_EQ(ring.free_slots(3), 3u) << "three are known of: no need to look";
  EXPECT_EQ(ring.free_slots(4), 4u);
}

TEST(SpscRing, LendsItsFreeSlotsInOnePieceUpToTheWrap) {
  SpscRing<int> ring(4);
  ASSERT_EQ(ring.free_piece().size(), 4u);
  for (int i = 0; i < 3; ++i) ring.free_piece()[static_cast<std::size_t>(i)] = i;
  EXPECT_EQ(ring.staged(), 0u) << "lent is not staged";
  ring.stage_first(3);
  EXPECT_EQ(ring.free_piece().size(), 1u);
  ring.publish();
  ring.release(ring.peek(2).size());
  EXPECT_EQ(ring.free_piece().size(), 1u) << "one is known of, and behind it comes the wrap";
  ring.free_piece().front() = 3;
  ring.stage_first(1);
  EXPECT_EQ(ring.free_piece().size(), 2u);
  ring.free_piece()[0] = 4;
  ring.free_piece()[1] = 5;
  ring.stage_first(2);
  EXPECT_TRUE(ring.free_piece().empty());
  ring.publish();
  EXPECT_EQ(drain_all(ring), (std::vector<int>{2, 3, 4, 5}));
}

TEST(SpscRing, PeekStopsAtTheWrapAndDrainDoesNot) {
  SpscRing<int> ring(4);
  for (int value = 0; value < 3; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  ring.release(ring.peek(3).size());
  for (int value = 3; value < 7; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  const std::span<int> before_wrap = ring.peek(4);
  ASSERT_EQ(before_wrap.size(), 1u);
  EXPECT_EQ(before_wrap[0], 3);
  EXPECT_EQ(drain_all(ring), (std::vector<int>{3, 4, 5, 6}));
}

// What stage_each() is asked to stage: `first` and the numbers that follow it.
std::size_t stage_numbers(SpscRing<int>& ring, std::size_t count, int first, bool in_place) {
  return ring.stage_each(
      count, [first](int& slot, std::size_t i) { slot = first + static_cast<int>(i); }, in_place);
}

TEST(SpscRing, StagesAsManyOfABatchAsFitAcrossTheWrap) {
  for (const bool in_place : {true, false}) {
    SpscRing<int> ring(4);
    EXPECT_EQ(stage_numbers(ring, 0, 0, in_place), 0u);
    EXPECT_EQ(stage_numbers(ring, 3, 0, in_place), 3u);
    ring.publish();
    ring.release(ring.peek(2).size());
    EXPECT_EQ(stage_numbers(ring, 4, 3, in_place), 3u);
    EXPECT_EQ(stage_numbers(ring, 4, 6, in_place), 0u);
    EXPECT_EQ(ring.staged(), 3u);
    ring.publish();
    EXPECT_EQ(drain_all(ring), (std::vector<int>{2, 3, 4, 5}));
  }
}

TEST(SpscRing, StagesBatchesOfAnyLength) {
  constexpr std::size_t kMost = 4096;  // Of which it fills a part at a time.
  std::vector<int> expected(kMost);
  std::iota(expected.begin(), expected.end(), 7);
  for (const bool in_place : {true, false}) {
    SpscRing<int> ring(kMost);
    EXPECT_EQ(stage_numbers(ring, 2 * kMost, 7, in_place), kMost);
    ring.publish();
    EXPECT_EQ(drain_all(ring), expected);
  }
}

TEST(SpscRing, PeekedElementsStayUntilTheyAreReleased) {
  SpscRing<int> ring(4);
  for (int value = 0; value < 4; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  EXPECT_EQ(ring.peek(2).size(), 2u);
  ring.peek(2)[1] = 10;  // The consumer may work in place.
  ring.release(1);
  EXPECT_EQ(drain_all(ring), (std::vector<int>{10, 2, 3}));
}

TEST(SpscRing, HandsOutLinesThatAreAlignedForTheirElements) {
  SpscRing<Element<StressPayload>> ring(8);
  for (int i = 0; i < 8; ++i) {
    const auto address = reinterpret_cast<std::uintptr_t>(ring.stage_slot());
    EXPECT_EQ(address % alignof(Element<StressPayload>), 0u);
  }
}

TEST(SpscRing, AnswersASpaceRequestOnceAndOnlyWhenHalfEmpty) {
  SpscRing<int> ring(4);
  for (int value = 0; value < 4; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  ring.release(ring.peek(2).size());
  EXPECT_FALSE(ring.take_space_request_if_half_empty()) << "nobody asked";
  for (int value = 4; value < 6; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  ring.request_space();
  ring.release(ring.peek(1).size());
  EXPECT_FALSE(ring.take_space_request_if_half_empty()) << "three of four are taken";
  ring.release(ring.peek(1).size());
  EXPECT_TRUE(ring.take_space_request_if_half_empty());
  EXPECT_FALSE(ring.take_space_request_if_half_empty()) << "answered already";
  EXPECT_EQ(ring.free_slots(2), 2u);
}

TEST(SpscRing, JudgesASpaceRequestByWhatIsPublishedNotByWhatItHasSeen) {
  SpscRing<int> ring(4);
  ASSERT_TRUE(ring.stage(0));
  ring.publish();
  ASSERT_EQ(ring.peek(1).size(), 1u);  // The consumer knows of one element.
  for (int value = 1; value < 4; ++value) ASSERT_TRUE(ring.stage(value));
  ring.publish();
  ring.request_space();
  ring.release(1);
  EXPECT_FALSE(ring.take_space_request_if_half_empty()) << "three of four are taken";
  ring.release(ring.peek(1).size());
  EXPECT_TRUE(ring.take_space_request_if_half_empty())
      << "the early look must not have lost the request";
}

TEST(SpscRingDeathTest, RefusesCapacitiesThatAreNotPowersOfTwo) {
  EXPECT_DEATH(SpscRing<int>(3), "check failed");
  EXPECT_DEATH(SpscRing<int>(1), "check failed");
}

// Pushes 0, 1, 2 ... in batches of 1 to `batch_max`, spinning while the ring is full.
void produce_spinning(SpscRing<StressPayload>& ring, std::uint64_t count, std::uint64_t batch_max) {
  std::uint64_t batch = 1;
  for (std::uint64_t i = 0; i < count;) {
    for (std::uint64_t b = 0; b < batch && i < count && ring.stage(StressPayload::of(i)); ++b) ++i;
    ring.publish();
    if (ring.free_slots(1) == 0) std::this_thread::yield();
    batch = batch % batch_max + 1;
  }
}

class SpscRingThreads : public testing::TestWithParam<std::size_t> {};

TEST_P(SpscRingThreads, DeliverEveryElementWholeAndInOrder) {
  SpscRing<StressPayload> ring(GetParam());
  const std::uint64_t count =
      GetParam() < 64 ? kStressItems / 10 : kStressItems;  // Tiny rings switch threads a lot.
  std::thread producer([&] { produce_spinning(ring, count, GetParam() + 1); });
  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  while (next < count) {
    const std::span<StressPayload> run = ring.peek(3);
    for (const StressPayload& payload : run) wrong += payload != StressPayload::of(next++);
    ring.release(run.size());
    if (run.empty()) std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(ring.size_approx(), 0u);
}

// A length of spinning that differs from turn to turn, so that the two sides meet at every offset.
void spin_unevenly(std::uint64_t turn) {
  for (std::uint64_t i = turn * 2654435761u % 97; i > 0; --i) cpu_relax();
}

// Sends 0 .. count - 1, asking for space and sleeping until half of the ring is free. Returns sleeps nobody ended.
int produce_sleeping(SpscRing<StressPayload>& ring, Parker& own, Parker& consumer,
                     std::uint64_t count) {
  const std::size_t wanted = ring.capacity() / 2;
  int lost = 0;
  for (std::uint64_t i = 0; i < count;) {
    while (i < count && ring.stage(StressPayload::of(i))) ++i;
    ring.publish_seq_cst();
    consumer.wake_if_parked();
    spin_unevenly(i);
    if (ring.free_slots(wanted) >= wanted) continue;
    ring.request_space();
    own.prepare_park();
    if (ring.free_slots(wanted) >= wanted) {
      own.cancel_park();
    } else {
      lost += own.park_for(kLostAfter) == WakeReason::kTimeout;
    }
  }
  return lost;
}

// Announces a sleep, looks once more, sleeps. Returns 1 when nobody ended the sleep.
int sleep_until_published(SpscRing<StressPayload>& ring, Parker& own) {
  own.prepare_park();
  if (ring.peek(1).empty()) return own.park_for(kLostAfter) == WakeReason::kTimeout;
  own.cancel_park();
  return 0;
}

// Goal: no wake-up is lost in either direction, whatever the interleaving.
// Method: both sides sleep when they find nothing to do, on rings so small that they do so all the time. A lost
// wake-up is a sleep that only its deadline ends.
TEST_P(SpscRingThreads, LoseNoWakeUpWhenBothSidesSleep) {
  SpscRing<StressPayload> ring(GetParam());
  Parker producer_parker;
  Parker consumer_parker;
  const std::uint64_t count = kStressItems / (GetParam() < 64 ? 10 : 1);
  int lost_by_producer = 0;
  std::thread producer(
      [&] { lost_by_producer = produce_sleeping(ring, producer_parker, consumer_parker, count); });

  std::uint64_t next = 0;
  std::uint64_t wrong = 0;
  int lost_by_consumer = 0;
  const auto check = [&](StressPayload& payload) { wrong += payload != StressPayload::of(next++); };
  while (next < count) {
    if (ring.drain(next % 3 + 1, check) != 0) {
      if (ring.take_space_request_if_half_empty()) producer_parker.wake_if_parked();
      continue;
    }
    spin_unevenly(next);
    lost_by_consumer += sleep_until_published(ring, consumer_parker);
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(lost_by_consumer, 0) << "slept until the deadline with elements waiting";
  EXPECT_EQ(lost_by_producer, 0) << "slept until the deadline with space waiting";
  RecordProperty("sleeps", std::to_string(consumer_parker.sleeps() + producer_parker.sleeps()));
}

// Gives the calling thread the first or the last CPU that it may use, and takes it back: two threads that share one CPU
// hardly ever do anything at the same time.
class OnOneCpu {
 public:
  explicit OnOneCpu(std::size_t side) : before_(current_thread_cpus()) {
    EXPECT_TRUE(pin_current_thread(side == 0 ? before_.front() : before_.back()).ok());
  }
  ~OnOneCpu() { EXPECT_TRUE(pin_current_thread(before_).ok()); }
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;

 private:
  std::vector<int> before_;
};

// Lets two threads begin each round within a few nanoseconds of each other.
class StartingLine {
 public:
  // `side` is 0 or 1; rounds count from 1.
  void wait_for_both(std::size_t side, std::uint64_t round) {
    arrived_[side].value.store(round, std::memory_order_release);
    for (int spins = 0; arrived_[1 - side].value.load(std::memory_order_acquire) < round; ++spins) {
      if (spins > 1000) std::this_thread::yield();
    }
    for (std::uint64_t i = round * 2654435761u >> (side * 9) & 511; i > 0; --i) one_step();
  }

 private:
  static void one_step() noexcept { asm volatile("nop"); }
  struct alignas(64) Arrived {
    std::atomic<std::uint64_t> value{0};
  };
  Arrived arrived_[2];
};

constexpr std::uint64_t kLitmusRounds = kStressItems / 10;

// Ends a litmus test early where the two threads do not get their cores: a round then costs milliseconds. The thread
// that decides does so before a meeting of the round, so that both end with the same one.
class LastRound {
 public:
  std::uint64_t get() const { return last_.load(std::memory_order_acquire); }
  void look_at_the_clock(std::uint64_t round) {
    if (round % 64 == 0 && std::chrono::steady_clock::now() > until_)
      last_.store(round, std::memory_order_release);
  }

 private:
  std::chrono::steady_clock::time_point until_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::atomic<std::uint64_t> last_{kLitmusRounds};
};

// Goal: a publication and the announcement of a sleep cannot both miss each other.
// Method: a litmus test. Each round one thread publishes one element and looks for a sleeper while the other announces
// its sleep and looks for an element. If neither finds the other, the sleeper would sleep on an element for ever.
TEST(SpscRingLitmus, PublisherOrSleeperSeesTheOther) {
  SpscRing<std::uint64_t> ring(2);
  Parker parker;
  StartingLine line;
  LastRound last;
  std::vector<char> woke(kLitmusRounds + 1);
  std::vector<char> saw(kLitmusRounds + 1);
  std::thread publisher([&] {
    const OnOneCpu pinned(0);
    for (std::uint64_t round = 1; round <= last.get(); ++round) {
      EXPECT_TRUE(ring.stage(round));
      EXPECT_FALSE(
          parker.wake_if_parked());  // Brings the word near: a slow look would never be early.
      line.wait_for_both(0, 3 * round);
      ring.publish_seq_cst();
      woke[round] = parker.wake_if_parked();
      line.wait_for_both(0, 3 * round + 1);
      line.wait_for_both(0, 3 * round + 2);
    }
  });
  const OnOneCpu pinned(1);
  for (std::uint64_t round = 1; round <= last.get(); ++round) {
    last.look_at_the_clock(round);
    EXPECT_TRUE(ring.peek(1).empty());  // Brings the index near.
    line.wait_for_both(1, 3 * round);
    parker.prepare_park();
    saw[round] = !ring.peek(1).empty();
    line.wait_for_both(1, 3 * round + 1);
    parker.cancel_park();
    if (woke[round]) {
      EXPECT_EQ(parker.park_for(kLostAfter), WakeReason::kWoken);  // Consumes the token.
    }
    ring.release(ring.peek(1).size());
    line.wait_for_both(1, 3 * round + 2);
  }
  publisher.join();
  std::uint64_t lost = 0;
  for (std::uint64_t round = 1; round <= last.get(); ++round) lost += !woke[round] && !saw[round];
  EXPECT_EQ(lost, 0u);
}

// Goal: the same for the other direction, a release and a request for space.
TEST(SpscRingLitmus, ReleaserOrRequesterSeesTheOther) {
  SpscRing<std::uint64_t> ring(2);
  StartingLine line;
  LastRound last;
  std::vector<char> found(kLitmusRounds + 1);
  std::vector<char> answered(kLitmusRounds + 1);
  std::thread producer([&] {
    const OnOneCpu pinned(0);
    for (std::uint64_t round = 1; round <= last.get(); ++round) {
      while (ring.stage(round)) continue;
      ring.publish();
      line.wait_for_both(0, 3 * round);
      ring.request_space();
      found[round] = ring.free_slots(1) != 0;
      line.wait_for_both(0, 3 * round + 1);
      line.wait_for_both(0, 3 * round + 2);
    }
  });
  const OnOneCpu pinned(1);
  for (std::uint64_t round = 1; round <= last.get(); ++round) {
    last.look_at_the_clock(round);
    line.wait_for_both(1, 3 * round);
    ring.release(ring.peek(1).size());
    answered[round] = ring.take_space_request_if_half_empty();
    line.wait_for_both(1, 3 * round + 1);
    // A request that came too late to be answered in this round must not stay for the next.
    if (!answered[round]) {
      EXPECT_TRUE(ring.take_space_request_if_half_empty());
    }
    line.wait_for_both(1, 3 * round + 2);
  }
  producer.join();
  std::uint64_t lost = 0;
  for (std::uint64_t round = 1; round <= last.get(); ++round)
    lost += !found[round] && !answered[round];
  EXPECT_EQ(lost, 0u);
}

INSTANTIATE_TEST_SUITE_P(Capacities, SpscRingThreads, testing::Values(2, 4, 64, 4096),
                         [](const auto& test) { return std::to_string(test.param); });

}  // namespace
}  // namespace penstock
