#include "penstock/core/runtime/output_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/runtime/input_gate.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct IntHash {
  std::uint64_t operator()(const int& value) const noexcept { return key_hash(value); }
};

// One producer's gate with the consumers' ends at hand.
template <class T, class Partition>
struct GateKit {
  GateKit(std::uint32_t consumers, std::size_t slots, Partition partition)
      : channels({1, consumers, ExchangeKind::kRebalance, slots}),
        gate(channels, 0, consumers, partition, credit) {
    context.stage_name = "stage";
    context.failure = &failure;
    context.counters = &counters;
    gate.open(context);
  }

  void emit(const T& value, std::int64_t time = 0) { gate.collect(Record<T>{value, {time}}); }
  // Everything that consumer `index` can see now.
  std::vector<Element<T>> take(std::uint32_t index, std::size_t max = ~std::size_t{0}) {
    std::vector<Element<T>> elements;
    channels.channel(0, index)->ring.drain(
        max, [&](Element<T>& element) { elements.push_back(element); });
    return elements;
  }
  std::vector<T> values(std::uint32_t index, std::size_t max = ~std::size_t{0}) {
    std::vector<T> result;
    for (const Element<T>& element : take(index, max)) {
      if (element.header.is_data()) result.push_back(element.payload);
    }
    return result;
  }

  TypedChannelSet<T> channels;
  Credit credit;
  PartitionedGate<T, Partition> gate;
  TaskContext context;
  TaskFailure failure;
  TaskCounters counters;
};

using TurnKit = GateKit<int, TurnPartition<int>>;

TEST(OutputGate, ShowsRecordsWithTheirTimeAtPublishOnly) {
  TurnKit kit(1, 8, {});
  kit.emit(7, 100);
  EXPECT_TRUE(kit.take(0).empty());
  kit.gate.publish();
  const auto elements = kit.take(0);
  ASSERT_EQ(elements.size(), 1u);
  EXPECT_EQ(elements[0].payload, 7);
  EXPECT_EQ(elements[0].header.time(), EventTime{100});
  EXPECT_EQ(kit.counters.records_out.get(), 1u);
}

TEST(OutputGate, RebalanceGoesRoundTheLanes) {
  TurnKit kit(3, 8, {});
  for (int value = 0; value < 6; ++value) kit.emit(value);
  kit.gate.publish();
  EXPECT_THAT(kit.values(0), ElementsAre(2, 5));
  EXPECT_THAT(kit.values(1), ElementsAre(0, 3));
  EXPECT_THAT(kit.values(2), ElementsAre(1, 4));
}

TEST(OutputGate, BroadcastGivesEveryLaneEveryRecord) {
  GateKit<int, BroadcastPartition<int>> kit(3, 8, {});
  kit.emit(1);
  kit.emit(2);
  kit.gate.publish();
  for (std::uint32_t lane = 0; lane < 3; ++lane) EXPECT_THAT(kit.values(lane), ElementsAre(1, 2));
  EXPECT_EQ(kit.counters.records_out.get(), 2u) << "records, not copies";
}

TEST(OutputGate, HashSendsAKeyToTheOwnerOfItsGroupWithItsHash) {
  GateKit<int, HashPartition<int, IntHash>> kit(5, 1024, HashPartition<int, IntHash>({}));
  for (int value = 0; value < 1000; ++value) kit.emit(value);
  kit.gate.publish();
  std::size_t seen = 0;
  for (std::uint32_t lane = 0; lane < 5; ++lane) {
    const KeyGroupRange owned = key_groups_of_task(lane, 5);
    for (const Element<int>& element : kit.take(lane)) {
      EXPECT_EQ(element.header.key_hash(), key_hash(element.payload) & ~kElementKindMask);
      EXPECT_TRUE(owned.contains(key_group_of(key_hash(element.payload))));
      ++seen;
    }
  }
  EXPECT_EQ(seen, 1000u);
}

TEST(OutputGate, ControlGoesToEveryLaneBehindTheRecordsBeforeIt) {
  TurnKit kit(2, 8, {});
  kit.emit(1);
  kit.emit(2);
  kit.gate.watermark({50});
  kit.gate.control(ElementHeader::barrier({3}));
  kit.gate.publish();
  for (std::uint32_t lane = 0; lane < 2; ++lane) {
    const auto elements = kit.take(lane);
    ASSERT_EQ(elements.size(), 3u);
    EXPECT_TRUE(elements[0].header.is_data());
    EXPECT_EQ(elements[1].header.time(), EventTime{50});
    EXPECT_EQ(elements[2].header.epoch(), Epoch{3});
  }
}

TEST(OutputGate, CountsRecordsOnceWhetherInTheRingOrAside) {
  TurnKit kit(1, 4, {});
  for (int value = 0; value < 3; ++value) kit.emit(value);
  kit.gate.control(ElementHeader::barrier({1}));
  for (int value = 3; value < 8; ++value) kit.emit(value);
  kit.gate.control(ElementHeader::barrier({2}));
  kit.gate.publish();
  EXPECT_EQ(kit.counters.records_out.get(), 8u);
  std::vector<int> values = kit.values(0);
  for (int round = 0; round < 3; ++round) {
    (void)kit.gate.refill_overflow();
    kit.gate.publish();
    for (const int value : kit.values(0)) values.push_back(value);
  }
  EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  kit.emit(8);
  kit.gate.publish();
  EXPECT_THAT(kit.values(0), ElementsAre(8));
  EXPECT_EQ(kit.counters.records_out.get(), 9u);
}

TEST(OutputGate, KeepsTheOrderOfRecordsAndControlWhenTheRingOverflows) {
  TurnKit kit(1, 2, {});
  for (int value = 0; value < 10; ++value) kit.emit(value);
  kit.gate.control(ElementHeader::barrier({1}));
  kit.emit(10);
  kit.gate.publish();
  EXPECT_EQ(kit.counters.overflows.get(), 10u);
  std::vector<int> seen;  // -1: the barrier
  for (int round = 0; round < 20; ++round) {
    for (const Element<int>& element : kit.take(0, 1)) {
      seen.push_back(element.header.is_data() ? element.payload : -1);
    }
    (void)kit.gate.refill_overflow();
    kit.gate.publish();
  }
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, -1, 10));
}

TEST(OutputGate, GivesNoCreditWhileOverflowIsLeft) {
  TurnKit kit(1, 4, {});
  for (int value = 0; value < 6; ++value) kit.emit(value);
  kit.gate.publish();
  EXPECT_LE(kit.credit.left, 0) << "overflow ends the batch";
  EXPECT_EQ(kit.gate.refill(), 0u);
  EXPECT_EQ(kit.values(0).size(), 4u);
  EXPECT_EQ(kit.gate.refill(), 1u) << "4 slots, 2 taken by what was left over, 1 kept for control";
  EXPECT_TRUE(kit.gate.refill_overflow());
}

TEST(OutputGate, CreditIsWhatTheFullestLaneCanTakeLessOneSlotForControl) {
  TurnKit kit(2, 8, {});
  EXPECT_EQ(kit.gate.refill(), 7u);
  kit.emit(0);  // To lane 1.
  kit.gate.publish();
  EXPECT_EQ(kit.gate.refill(), 6u);
  for (int value = 0; value < 11; ++value) kit.emit(value);  // 5 to lane 1, 6 to the other.
  kit.gate.publish();
  EXPECT_EQ(kit.gate.refill(), 0u) << "2 slots, 1 kept for control: less than a quarter of a ring";
  EXPECT_EQ(kit.values(1).size(), 6u);
  EXPECT_EQ(kit.values(0).size(), 6u);
  EXPECT_EQ(kit.gate.refill(), 7u);
}

TEST(OutputGate, BeginsNoBatchInARingThatHasRoomForAFewOnly) {
  TurnKit kit(1, 4096, {});
  for (int value = 0; value < 4096; ++value) kit.emit(value);
  kit.gate.publish();
  kit.take(0, 256);
  EXPECT_EQ(kit.gate.refill(), 0u);
  kit.take(0, 1);
  EXPECT_EQ(kit.gate.refill(), 256u);
}

TEST(OutputGate, RecordsAndControlWithinTheCreditNeverOverflow) {
  TurnKit kit(1, 64, {});
  std::int64_t watermark = 0;
  for (int round = 0; round < 1000; ++round) {
    kit.credit.left = static_cast<std::int64_t>(kit.gate.refill());
    while (kit.credit.left > 0) {
      kit.emit(round);
      if (kit.credit.left > 0) kit.gate.watermark({++watermark});
    }
    kit.gate.publish();
    kit.take(0);
  }
  EXPECT_EQ(kit.counters.overflows.get(), 0u);
}

using Large = std::array<std::byte, 64 * 1024>;

TEST(OutputGate, AnExpansionOverTheByteQuotaFailsTheTaskAndNamesTheStage) {
  GateKit<Large, TurnPartition<Large>> kit(1, 2, {});
  const Large large{};
  for (std::size_t i = 0; i < kOverflowBytesMax / sizeof(Large) + 8; ++i) kit.emit(large);
  ASSERT_TRUE(kit.failure.failed());
  EXPECT_EQ(kit.failure.status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(kit.failure.status().message()), HasSubstr("stage \"stage\""));
}

// Regression: the overflow refilled a ring that had just been emptied, and the request for a wake-up was never made.
TEST(OutputGate, AsksForSpaceWhileItHasOverflowAlsoWhenTheRingLooksFree) {
  TurnKit kit(1, 4, {});
  for (int value = 0; value < 12; ++value) kit.emit(value);
  kit.gate.publish();
  EXPECT_EQ(kit.values(0).size(), 4u);  // The consumer is quick.
  kit.gate.request_space();
  EXPECT_EQ(kit.gate.refill(), 0u) << "full of overflow again: now the task would sleep";
  kit.gate.publish();
  EXPECT_EQ(kit.values(0).size(), 4u);
  EXPECT_TRUE(kit.channels.channel(0, 0)->ring.take_space_request_if_half_empty());
}

TEST(OutputGate, AFullRingWithoutOverflowAsksForSpaceToo) {
  TurnKit kit(1, 2, {});
  kit.emit(1);
  kit.emit(2);
  kit.gate.publish();
  EXPECT_EQ(kit.gate.refill(), 0u);
  kit.gate.request_space();
  EXPECT_EQ(kit.values(0, 1).size(), 1u);
  EXPECT_TRUE(kit.channels.channel(0, 0)->ring.take_space_request_if_half_empty());
}

struct ThrowingHash {
  std::uint64_t operator()(const int& value) const {
    if (value == 13) throw std::runtime_error("unlucky");
    return key_hash(value);
  }
};

TEST(OutputGate, AKeySelectorThatThrowsFailsTheTaskAndDropsTheRecord) {
  using Partition = HashPartition<int, ThrowingHash>;
  GateKit<int, Partition> kit(1, 8, Partition({}));
  kit.emit(1);
  kit.emit(13);
  kit.gate.publish();
  EXPECT_THAT(kit.values(0), ElementsAre(1));
  EXPECT_EQ(kit.failure.status().code(), StatusCode::kUserError);
  EXPECT_THAT(std::string(kit.failure.status().message()),
              testing::AllOf(HasSubstr("key_by"), HasSubstr("unlucky")));
}

TEST(OutputGate, WakesAConsumerThatSleepsOrIsAboutTo) {
  TypedChannelSet<int> channels({1, 1, ExchangeKind::kForward, 8});
  Parker producer;
  Parker consumer;
  channels.connect(0, 0, &producer, &consumer);
  Credit credit;
  TaskFailure failure;
  TaskCounters counters;
  PartitionedGate<int, TurnPartition<int>> gate(channels, 0, 1, {}, credit);
  TaskContext context;
  context.failure = &failure;
  context.counters = &counters;
  gate.open(context);
  gate.collect(Record<int>{1, {}});
  gate.publish();
  EXPECT_EQ(consumer.wakes(), 0u) << "it is awake: no system call";
  consumer.prepare_park();
  gate.collect(Record<int>{2, {}});
  gate.publish();
  EXPECT_EQ(consumer.wakes(), 1u);
  EXPECT_EQ(consumer.park_until(kNever), WakeReason::kWoken);
}

TEST(OutputGate, DropsWhatGoesToAReaderThatHasLeftAndWaitsForTheOthersOnly) {
  GateKit<int, BroadcastPartition<int>> kit(2, 4, {});
  kit.channels.channel(0, 0)->leave();
  EXPECT_FALSE(kit.gate.is_unread());
  for (int value = 0; value < 12; ++value) {
    ASSERT_GT(kit.gate.refill(), 0u);
    kit.emit(value);
    kit.gate.publish();
    EXPECT_THAT(kit.values(1), ElementsAre(value));
  }
  EXPECT_TRUE(kit.gate.refill_overflow());
  kit.channels.channel(0, 1)->leave();
  EXPECT_TRUE(kit.gate.is_unread());
}

TEST(OutputGate, AnOverflowForAReaderThatLeavesIsGivenUp) {
  TurnKit kit(1, 2, {});
  for (int value = 0; value < 9; ++value) kit.emit(value);
  kit.gate.publish();
  EXPECT_FALSE(kit.gate.refill_overflow());
  kit.channels.channel(0, 0)->leave();
  EXPECT_TRUE(kit.gate.refill_overflow());
  EXPECT_GT(kit.gate.refill(), 0u);
}

}  // namespace
}  // namespace penstock
