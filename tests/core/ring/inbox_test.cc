#include "penstock/core/ring/inbox.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "penstock/core/ring/parker.h"
#include "penstock/tests/core/ring/stress.h"

namespace penstock {
namespace {

template <std::size_t N>
struct Sized {
  std::array<std::uint8_t, N> bytes{};
};

template <class T>
class InboxOf : public testing::Test {};
using Sizes =
    testing::Types<Sized<1>, Sized<16>, Sized<17>, Sized<64>, Sized<100>, Sized<129>, Sized<256>>;
TYPED_TEST_SUITE(InboxOf, Sizes);

TYPED_TEST(InboxOf, AnySizeGivesBackWhatWasPushed) {
  Inbox<TypeParam> inbox(8);
  for (std::uint8_t i = 0; i < 3; ++i) {
    TypeParam value;
    value.bytes.fill(static_cast<std::uint8_t>(i + 1));
    ASSERT_TRUE(inbox.push(value));
  }
  std::array<TypeParam, 4> out{};
  ASSERT_EQ(inbox.drain(out), 3u);
  for (std::uint8_t i = 0; i < 4; ++i) {
    for (std::uint8_t byte : out[i].bytes) ASSERT_EQ(byte, i == 3 ? 0 : i + 1);
  }
}

TEST(Inbox, RefusesWhenFullAndTakesMoreAfterADrain) {
  Inbox<int> inbox(2);
  EXPECT_TRUE(inbox.push(1));
  EXPECT_TRUE(inbox.push(2));
  EXPECT_FALSE(inbox.push(3));
  EXPECT_EQ(inbox.size_approx(), 2u);
  std::array<int, 1> out{};
  EXPECT_EQ(inbox.drain(out), 1u);
  EXPECT_EQ(out[0], 1);
  EXPECT_TRUE(inbox.push(4));
  EXPECT_FALSE(inbox.push(5));
}

TEST(Inbox, IsPendingUntilADrainFoundNothing) {
  Inbox<int> inbox(4);
  EXPECT_FALSE(inbox.has_pending());
  ASSERT_TRUE(inbox.push(1));
  ASSERT_TRUE(inbox.push(2));
  EXPECT_TRUE(inbox.has_pending());
  EXPECT_EQ(inbox.drain(std::span<int>()), 0u);
  EXPECT_TRUE(inbox.has_pending()) << "no room to drain into is not the same as nothing to drain";
  std::array<int, 4> out{};
  EXPECT_EQ(inbox.drain(out), 2u);
  EXPECT_EQ(inbox.drain(out), 0u);
  EXPECT_FALSE(inbox.has_pending());
}

TEST(Inbox, TakesNoMemoryInASteadyState) {
  Inbox<StressPayload> inbox(1000, 1);
  std::array<StressPayload, 64> out;
  std::uint64_t pushed = 0;
  const auto fill_and_empty = [&](std::uint64_t rounds) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      while (inbox.push(StressPayload::of(pushed))) ++pushed;
      while (inbox.drain(out) != 0) continue;
    }
  };
  fill_and_empty(2);
  const std::uint64_t before = inbox_allocations();
  fill_and_empty(100);
  EXPECT_EQ(inbox_allocations(), before);
  EXPECT_GE(pushed, 100'000u);
}

struct Numbered {
  std::uint32_t producer = 0;
  StressPayload payload;
};

// Pushes `count` numbered elements; gives the processor away while the inbox is full.
void produce(Inbox<Numbered>& inbox, Parker& parker, std::uint32_t producer, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count;) {
    if (inbox.push({producer, StressPayload::of(i)})) {
      ++i;
      parker.wake_if_parked();
    } else {
      std::this_thread::yield();
    }
  }
}

class InboxThreads : public testing::TestWithParam<std::size_t> {};

// Goal: everything arrives once, whole, in the order of its thread, and no wake-up is lost.
// Method: producers that never wait for long against a consumer that sleeps whenever it finds nothing. A lost wake-up
// is a sleep that only its deadline ends.
TEST_P(InboxThreads, DeliverEverythingInOrderOfItsThreadAndLoseNoWakeUp) {
  constexpr std::uint32_t kProducers = 3;
  const std::uint64_t count = kStressItems / (GetParam() < 64 ? 60 : 6);
  Inbox<Numbered> inbox(GetParam(), kProducers);
  Parker parker;
  std::vector<std::thread> producers;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] { produce(inbox, parker, p, count); });
  }
  std::array<std::uint64_t, kProducers> next{};
  std::uint64_t wrong = 0;
  int lost = 0;
  std::array<Numbered, 16> out;
  for (std::uint64_t received = 0; received < kProducers * count;) {
    const std::size_t drained = inbox.drain(out);
    received += drained;
    for (std::size_t i = 0; i < drained; ++i) {
      wrong += out[i].payload != StressPayload::of(next[out[i].producer]++);
    }
    if (drained != 0) continue;
    parker.prepare_park();
    if (inbox.has_pending()) {
      parker.cancel_park();
    } else {
      lost += parker.park_for(kLostAfter) == WakeReason::kTimeout;
    }
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(lost, 0) << "slept until the deadline with elements waiting";
  EXPECT_EQ(inbox.size_approx(), 0u);
  RecordProperty("sleeps", static_cast<int>(parker.sleeps()));
}

INSTANTIATE_TEST_SUITE_P(Capacities, InboxThreads, testing::Values(1, 4, 1024),
                         [](const auto& test) { return std::to_string(test.param); });

}  // namespace
}  // namespace penstock
