#include "penstock/core/runtime/input_gate.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace penstock {
namespace {

struct GateKit {
  explicit GateKit(std::size_t count, std::size_t slots = 8) {
    for (std::size_t i = 0; i < count; ++i) {
      channels.push_back(std::make_unique<Channel<int>>(slots));
      gate.add_channel(channels.back().get());
    }
  }
  void send(std::size_t channel, ElementHeader header, int value = 0) {
    ASSERT_TRUE(channels[channel]->ring.stage(Element<int>{header, value}));
    channels[channel]->ring.publish();
  }
  void send(std::size_t channel, int value) {
    send(channel, ElementHeader::data({value}, 0), value);
  }

  std::vector<std::unique_ptr<Channel<int>>> channels;
  InputGate<int> gate;
};

TEST(InputGate, HasNothingWhenEveryChannelIsEmpty) {
  GateKit kit(3);
  const auto run = kit.gate.next(8);
  EXPECT_TRUE(run.elements.empty());
  EXPECT_FALSE(run.control);
}

TEST(InputGate, LendsARunUpToTheFirstControlElement) {
  GateKit kit(1);
  kit.send(0, 1);
  kit.send(0, 2);
  kit.send(0, ElementHeader::watermark({5}));
  kit.send(0, 3);
  auto run = kit.gate.next(8);
  ASSERT_EQ(run.elements.size(), 2u);
  EXPECT_FALSE(run.control);
  EXPECT_EQ(run.elements[1].payload, 2);
  kit.gate.consume(0, 2);
  run = kit.gate.next(8);
  EXPECT_TRUE(run.elements.empty());
  EXPECT_TRUE(run.control);
  EXPECT_EQ(kit.gate.take_control(0).time(), EventTime{5});
  run = kit.gate.next(8);
  ASSERT_EQ(run.elements.size(), 1u);
  EXPECT_EQ(run.elements[0].payload, 3);
}

TEST(InputGate, LendsNoMoreThanAskedForAndTheSameAgainUntilConsumed) {
  GateKit kit(1);
  for (int value = 0; value < 5; ++value) kit.send(0, value);
  EXPECT_EQ(kit.gate.next(3).elements.size(), 3u);
  EXPECT_EQ(kit.gate.next(3).elements.front().payload, 0);
  kit.gate.consume(0, 1);
  EXPECT_EQ(kit.gate.next(3).elements.front().payload, 1);
}

TEST(InputGate, AsksBusyChannelsInTurn) {
  GateKit kit(3);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (int value = 0; value < 4; ++value) kit.send(channel, value);
  }
  std::vector<int> turns(3);
  for (int i = 0; i < 6; ++i) {
    const auto run = kit.gate.next(1);
    ++turns[run.channel];
    kit.gate.consume(run.channel, 1);
  }
  EXPECT_EQ(turns, (std::vector<int>{2, 2, 2}));
}

TEST(InputGate, DoesNotReadABlockedChannelUntilItIsFreed) {
  GateKit kit(2);
  kit.send(0, 10);
  kit.send(1, 20);
  kit.gate.block(0, true);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(kit.gate.next(8).channel, 1u);
  kit.gate.consume(1, 1);
  EXPECT_TRUE(kit.gate.next(8).elements.empty());
  kit.gate.block(0, false);
  EXPECT_EQ(kit.gate.next(8).elements.front().payload, 10);
}

TEST(InputGate, SaysHowMuchWaitsAndHowMuchCould) {
  GateKit kit(2, 4);
  kit.send(0, 1);
  kit.send(1, 2);
  kit.send(1, 3);
  EXPECT_EQ(kit.gate.queued(), 3u);
  EXPECT_EQ(kit.gate.capacity(), 8u);
}

TEST(InputGate, WakesAProducerThatAskedForSpaceWhenHalfOfItIsFree) {
  GateKit kit(1, 4);
  Parker producer;
  kit.channels[0]->producer_parker = &producer;
  for (int value = 0; value < 4; ++value) kit.send(0, value);
  kit.channels[0]->ring.request_space();
  producer.prepare_park();
  ASSERT_EQ(kit.gate.next(4).elements.size(), 4u);
  kit.gate.consume(0, 1);
  EXPECT_EQ(producer.wakes(), 0u);
  kit.gate.consume(0, 1);
  EXPECT_EQ(producer.wakes(), 1u);
  EXPECT_EQ(producer.park_until(kNever), WakeReason::kWoken);
}

}  // namespace
}  // namespace penstock
