#include "penstock/core/runtime/connected_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Rule {
  int number = 0;
};

// What the first operator is given, in order.
struct Front {
  std::vector<std::string> log;
  Credit* credit = nullptr;

  void on_broadcast(const Record<Rule>& rule, int) noexcept {
    log.push_back("rule " + std::to_string(rule.value.number));
    --credit->left;
  }
};
struct Chain {
  Front first;
  Front& front() noexcept { return first; }
  int after_front() noexcept { return 0; }
  void collect(const Record<int>& record) noexcept {
    first.log.push_back(std::to_string(record.value));
    --first.credit->left;
  }
};

// Task 1 of two; two tasks send it records, one sends it rules.
struct ConnectedKit {
  ConnectedKit() : input(wiring()) { chain.first.credit = &credit; }
  StageWiring wiring() {
    StageWiring result;
    result.task_index = 1;
    result.inputs = {{&keyed, 2}, {&rules, 1}};
    return result;
  }
  void send(int value, std::uint32_t producer = 0) {
    ASSERT_TRUE(keyed.channel(producer, 1)->ring.stage({ElementHeader::data({value}, 0), value}));
    keyed.channel(producer, 1)->ring.publish();
  }
  void send_control(ElementHeader header) {
    ASSERT_TRUE(keyed.channel(0, 1)->ring.stage({header, 0}));
    keyed.channel(0, 1)->ring.publish();
  }
  void send_rule(int number) { send_rule(ElementHeader::data({}, 0), number); }
  void send_rule(ElementHeader header, int number) {
    ASSERT_TRUE(rules.channel(0, 1)->ring.stage({header, {number}}));
    rules.channel(0, 1)->ring.publish();
  }
  Turn poll(std::size_t budget = 64) {
    chain.first.log.clear();
    return input.poll({}, budget, chain, credit);
  }

  TypedChannelSet<int> keyed{{2, 2, ExchangeKind::kHash, 64}};
  TypedChannelSet<Rule> rules{{1, 2, ExchangeKind::kBroadcast, 64}};
  ConnectedInput<int, Rule> input;
  Chain chain;
  Credit credit{1000};
};

TEST(ConnectedInput, CountsTheChannelsOfBothAndTheKeyedOnesCarryTime) {
  const ConnectedKit kit;
  EXPECT_EQ(kit.input.channels(), 3u);
  EXPECT_EQ(kit.input.time_channels(), 2u);
  EXPECT_EQ(kit.input.capacity(), 192u);
}

TEST(ConnectedInput, ARuleThatHasArrivedComesBeforeARecordThatArrivedEarlier) {
  ConnectedKit kit;
  kit.send(1);
  kit.send_rule(7);
  const Turn turn = kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 7", "1"));
  EXPECT_EQ(turn.kind, TurnKind::kData);
  EXPECT_EQ(turn.records, 1u);
  EXPECT_EQ(turn.records_aside, 1u);
  EXPECT_LT(turn.channel, 2u) << "records count for their own channel";
  EXPECT_EQ(kit.input.queued(), 0u);
}

TEST(ConnectedInput, RulesAloneAreWorkButNoRecordsOfAChannelThatCarriesTime) {
  ConnectedKit kit;
  kit.send_rule(7);
  const Turn turn = kit.poll();
  EXPECT_EQ(turn.kind, TurnKind::kData);
  EXPECT_EQ(turn.records, 0u);
  EXPECT_EQ(turn.records_aside, 1u);
  EXPECT_EQ(kit.poll().kind, TurnKind::kEmpty);
}

TEST(ConnectedInput, RulesWithoutEndDoNotStarveRecordsNorARecordsControl) {
  ConnectedKit kit;
  for (int i = 0; i < 10; ++i) kit.send_rule(i);
  kit.send(1);
  kit.poll(4);
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 0", "rule 1", "rule 2", "rule 3", "1"));
  kit.send_control(ElementHeader::watermark({5}));
  const Turn turn = kit.poll(4);
  EXPECT_EQ(turn.kind, TurnKind::kControl);
  EXPECT_EQ(turn.control.kind(), ElementKind::kWatermark);
  EXPECT_EQ(turn.records_aside, 4u);
}

TEST(ConnectedInput, ControlOfTheBroadcastInputIsAloneInItsTurnBehindTheRulesBeforeIt) {
  ConnectedKit kit;
  kit.send_rule(7);
  kit.send_rule(ElementHeader::barrier({3}), 0);
  kit.send_rule(8);
  kit.send(1);
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 7", "1"));
  const Turn turn = kit.poll();
  EXPECT_THAT(kit.chain.first.log, IsEmpty());
  EXPECT_EQ(turn.kind, TurnKind::kControl);
  EXPECT_EQ(turn.channel, 2u);
  EXPECT_EQ(turn.control.epoch(), Epoch{3});
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 8"));
}

TEST(ConnectedInput, BlocksEachChannelByItsNumber) {
  ConnectedKit kit;
  kit.send(1, 0);
  kit.send(2, 1);
  kit.send_rule(7);
  kit.input.block(2, true);
  kit.input.block(0, true);
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("2"));
  kit.input.block(2, false);
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 7"));
  kit.input.block(0, false);
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("1"));
}

TEST(ConnectedInput, StopsBetweenRulesWhenTheCreditIsUsedUp) {
  ConnectedKit kit;
  for (int i = 0; i < 3; ++i) kit.send_rule(i);
  kit.send(1);
  kit.credit.left = 2;
  EXPECT_EQ(kit.poll().records_aside, 2u);
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 0", "rule 1"));
  kit.credit.left = 100;
  kit.poll();
  EXPECT_THAT(kit.chain.first.log, ElementsAre("rule 2", "1"));
}

TEST(ConnectedInput, TellsEveryProducerWhenItLeaves) {
  ConnectedKit kit;
  kit.input.leave();
  EXPECT_TRUE(kit.keyed.channel(0, 1)->left);
  EXPECT_TRUE(kit.keyed.channel(1, 1)->left);
  EXPECT_TRUE(kit.rules.channel(0, 1)->left);
  EXPECT_FALSE(kit.rules.channel(0, 0)->left) << "another task's";
}

}  // namespace
}  // namespace penstock
