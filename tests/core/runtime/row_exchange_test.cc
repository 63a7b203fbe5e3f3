// Goal: rows through the gates of an exchange: their bytes are copied, in order, and belong to the channel until the
// reader is done; the bytes take part in credit and in waiting; what does not fit goes in blocks and is counted.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/core/ring/parker.h"
#include "penstock/core/runtime/input_gate.h"
#include "penstock/core/runtime/output_gate.h"
#include "penstock/tests/core/ring/stress.h"

namespace penstock {
namespace {

constexpr std::size_t kRingBytes = 4096;
constexpr std::size_t kPieceMax = kRingBytes / 4;

// Both ends of an exchange of rows between one producer and `consumers`.
template <class Partition = TurnPartition<Row>>
struct RowKit {
  explicit RowKit(std::uint32_t consumers = 1, std::size_t slots = 64)
      : channels({1, consumers, ExchangeKind::kRebalance, slots, kRingBytes}),
        gate(channels, 0, consumers, Partition(), credit),
        inputs(consumers) {
    context.stage_name = "stage";
    context.failure = &failure;
    context.counters = &counters;
    failure.takes(credit);
    gate.open(context);
    for (std::uint32_t i = 0; i < consumers; ++i) inputs[i].add_channel(channels.channel(0, i));
    refill();
  }

  std::size_t refill() {
    credit.left = static_cast<std::int64_t>(gate.refill());
    return static_cast<std::size_t>(credit.left);
  }
  void emit(std::string bytes, std::int64_t time = 0) {
    RawRecord raw;
    raw.origin = {{3}, static_cast<std::uint64_t>(time)};
    const RowOrigin origin{&raw, nullptr};
    gate.collect(Record<Row>{Row(bytes, &origin), {time}});
    bytes.assign(bytes.size(), '!');  // Nobody may look there any more.
  }
  // Until there is no credit; how many.
  std::size_t emit_all(std::size_t size) {
    std::size_t count = 0;
    for (; credit.left > 0; ++count) emit(std::string(size, static_cast<char>('a' + count % 26)));
    gate.publish();
    return count;
  }
  // What consumer `i` can see, at most so many, which it gives back.
  std::vector<std::string> take(std::uint32_t i = 0, std::size_t max = 1000) {
    std::vector<std::string> rows;
    const auto run = inputs[i].next(max);
    for (const auto& element : run.elements)
      rows.emplace_back(inputs[i].bytes(run.channel).read(element.payload).bytes);
    inputs[i].consume(run.channel, rows.size());
    return rows;
  }

  TypedChannelSet<Row> channels;
  Credit credit;
  PartitionedGate<Row, Partition> gate;
  std::vector<InputGate<Row>> inputs;
  TaskContext context;
  TaskFailure failure;
  TaskCounters counters;
};

TEST(RowExchange, ARowArrivesWithItsTimeAndItsOriginAfterItsBytesAreGone) {
  RowKit kit;
  kit.emit("first", 7);
  kit.emit("", 8);
  kit.gate.publish();
  const auto run = kit.inputs[0].next(10);
  ASSERT_EQ(run.elements.size(), 2U);
  EXPECT_EQ(run.elements[0].header.time(), EventTime{7});
  const LentRow first = kit.inputs[0].bytes(0).read(run.elements[0].payload);
  EXPECT_EQ(first.bytes, "first");
  EXPECT_EQ(first.origin, (Origin{{3}, 7}));
  EXPECT_EQ(kit.inputs[0].bytes(0).read(run.elements[1].payload).bytes, "");
  EXPECT_EQ(kit.counters.records_out.get(), 2U);
  EXPECT_EQ(kit.counters.row_blocks.get(), 0U);
}

TEST(RowExchange, ABroadcastRowHasACopyInEachChannel) {
  RowKit<BroadcastPartition<Row>> kit(2);
  kit.emit("rule");
  kit.gate.publish();
  for (const std::uint32_t i : {0U, 1U}) EXPECT_EQ(kit.take(i), std::vector<std::string>{"rule"});
}

TEST(RowExchange, CreditEndsAsSoonAsTheLongestPieceMightNotFit) {
  RowKit kit;
  EXPECT_EQ(kit.emit_all(200), (kRingBytes - kPieceMax) / 200 + 1);
  EXPECT_EQ(kit.counters.row_blocks.get(), 0U);
  EXPECT_EQ(kit.counters.overflows.get(), 0U);
  EXPECT_EQ(kit.refill(), 0U);
}

TEST(RowExchange, ABatchBeginsWhenHalfOfTheBytesAreGivenBack) {
  RowKit kit;
  kit.emit_all(256);
  std::size_t taken = 0;
  while (kit.refill() == 0) {
    ASSERT_EQ(kit.take(0, 1).size(), 1U) << "after " << taken;
    ++taken;
  }
  EXPECT_EQ(taken, 5U) << "13 * 256 were there";
}

TEST(RowExchange, ManyTimesTheRingGoesThroughInOrder) {
  RowKit kit(1, 8);
  std::vector<std::string> sent;
  std::vector<std::string> seen;
  for (std::size_t i = 0; sent.size() < 2'000; ++i) {
    if (kit.refill() > 0) {
      sent.emplace_back(i * 37 % kPieceMax, static_cast<char>('a' + i % 26));
      kit.emit(sent.back());
      kit.gate.publish();
    } else {
      for (std::string& row : kit.take(0, 1 + i % 5)) seen.push_back(std::move(row));
    }
  }
  for (std::vector<std::string> rest = kit.take(); !rest.empty(); rest = kit.take())
    seen.insert(seen.end(), rest.begin(), rest.end());
  EXPECT_EQ(seen, sent);
  EXPECT_EQ(kit.counters.row_blocks.get(), 0U);
}

TEST(RowExchange, ARowTakesHalfACacheLineBesideItsBytes) {
  static_assert(sizeof(ElementOf<Row>) == 32);
}

TEST(RowExchange, ARowLongerThanAQuarterOfTheRingGoesInABlockInItsPlace) {
  RowKit kit;
  const std::string large(kRingBytes * 3, 'L');
  kit.emit("before");
  kit.emit(large);
  EXPECT_EQ(kit.credit.left, 0) << "it counts like the bytes of the ring";
  kit.emit("behind");
  kit.gate.publish();
  EXPECT_EQ(kit.refill(), 0U);
  EXPECT_EQ(kit.take(0, 2), (std::vector<std::string>{"before", large}));
  EXPECT_GT(kit.refill(), 0U) << "the block is given back";
  EXPECT_EQ(kit.take(), std::vector<std::string>{"behind"});
  EXPECT_EQ(kit.counters.row_blocks.get(), 1U);
  EXPECT_FALSE(kit.failure.failed());
}

TEST(RowExchange, WhatOneRecordExpandsToBeyondTheRingKeepsItsOrder) {
  RowKit kit(1, 4);
  std::vector<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    sent.emplace_back(300, static_cast<char>('a' + i % 26));
    kit.emit(sent.back());
  }
  EXPECT_GT(kit.counters.row_blocks.get(), 0U);
  EXPECT_GT(kit.counters.overflows.get(), 0U);
  std::vector<std::string> seen;
  while (seen.size() < sent.size()) {
    kit.gate.refill_overflow();
    kit.gate.publish();
    const std::vector<std::string> some = kit.take();
    ASSERT_FALSE(some.empty());
    seen.insert(seen.end(), some.begin(), some.end());
  }
  EXPECT_EQ(seen, sent);
  EXPECT_GT(kit.refill(), 0U);
}

TEST(RowExchange, OneRecordThatExpandsToMoreThanTheQuotaFailsTheTask) {
  RowKit kit;
  const std::string large(std::size_t{16} << 20, 'x');
  for (int i = 0; i < 4; ++i) kit.emit(large);
  EXPECT_FALSE(kit.failure.failed());
  kit.emit(large);
  ASSERT_TRUE(kit.failure.failed());
  EXPECT_EQ(kit.failure.status().code(), StatusCode::kResourceExhausted);
}

TEST(RowExchange, ControlStaysBehindTheRowsBeforeIt) {
  RowKit kit;
  kit.emit("a");
  kit.gate.control(ElementHeader::barrier({5}));
  kit.emit("b");
  kit.gate.publish();
  EXPECT_EQ(kit.take(), std::vector<std::string>{"a"});
  const auto control = kit.inputs[0].next(10);
  ASSERT_TRUE(control.control);
  EXPECT_EQ(kit.inputs[0].take_control(control.channel).epoch(), Epoch{5});
  EXPECT_EQ(kit.take(), std::vector<std::string>{"b"});
}

TEST(RowExchange, NobodyWaitsForAReaderThatHasLeft) {
  RowKit kit;
  kit.inputs[0].leave();
  for (int i = 0; i < 100; ++i) {
    ASSERT_GT(kit.refill(), 0U) << i;
    kit.emit(std::string(kPieceMax, 'x'));
    kit.gate.publish();
  }
  EXPECT_FALSE(kit.failure.failed());
  EXPECT_EQ(kit.counters.records_out.get(), 100U);
}

TEST(RowExchange, AProducerThatWaitsForBytesIsWokenWhenHalfOfThemAreGivenBack) {
  RowKit kit;
  Parker producer;
  Parker consumer;
  kit.channels.connect(0, 0, &producer, &consumer);
  const std::size_t rows = kit.emit_all(256);
  ASSERT_LT(rows, 32U) << "the slots are not what it waits for";
  kit.gate.request_space();
  producer.prepare_park();
  for (std::size_t left = rows; left * 256 > kRingBytes / 2; --left) {
    EXPECT_EQ(producer.wakes(), 0U) << left;
    kit.take(0, 1);
  }
  EXPECT_EQ(producer.wakes(), 1U);
  EXPECT_GT(kit.refill(), 0U);
}

TEST(RowExchange, AProducerWhoseOverflowHasMostOfTheBytesIsWokenWhenAllSlotsAreGivenBack) {
  RowKit kit(1, 2);
  Parker producer;
  Parker consumer;
  kit.channels.connect(0, 0, &producer, &consumer);
  for (int i = 0; i < 4; ++i) kit.emit(std::string(kPieceMax, 'x'));  // Of one record.
  kit.gate.publish();
  ASSERT_EQ(kit.counters.overflows.get(), 2U);
  kit.gate.request_space();
  producer.prepare_park();
  EXPECT_EQ(kit.take(0, 1).size(), 1U);
  EXPECT_EQ(kit.take(0, 1).size(), 1U);
  EXPECT_EQ(producer.wakes(), 1U)
      << "three quarters of the bytes were to be taken, and none is in a slot";
  EXPECT_TRUE(kit.gate.refill_overflow());
}

// A row that can be told whole, and which one it is.
std::string numbered(std::uint64_t number, std::size_t size) {
  std::string row(sizeof(number) + size, static_cast<char>('a' + number % 26));
  std::memcpy(row.data(), &number, sizeof(number));
  return row;
}
bool is_whole(std::string_view row, std::uint64_t number) {
  std::uint64_t found = 0;
  std::memcpy(&found, row.data(), sizeof(found));
  return found == number && row.find_first_not_of(static_cast<char>('a' + number % 26),
                                                  sizeof(number)) == std::string_view::npos;
}

// The producer sleeps when there is no room: of all that may be short, slots, bytes and blocks, and with an overflow.
TEST(RowExchange, TwoThreadsLoseNoRowAndNoWakeUp) {
  constexpr std::uint64_t kRows = kStressItems / 16;
  for (const std::size_t slots : {4U, 256U}) {
    RowKit kit(1, slots);
    Parker producer;
    Parker consumer;
    kit.channels.connect(0, 0, &producer, &consumer);
    bool lost = false;
    std::thread sends([&] {
      Random random(slots);
      for (std::uint64_t number = 0; number < kRows && !lost;) {
        if (kit.refill() == 0) {
          kit.gate.publish();
          kit.gate.request_space();
          producer.prepare_park();
          if (kit.refill() == 0) {
            lost = producer.park_for(kLostAfter) == WakeReason::kTimeout;
          } else {
            producer.cancel_park();
          }
          continue;
        }
        const std::uint64_t expands = random.below(50) == 0 ? 40 : 1;  // One record, many rows.
        for (std::uint64_t i = 0; i < expands && number < kRows; ++i) {
          const std::size_t size =
              random.below(100) == 0 ? random.below(2 * kPieceMax) : random.below(100);
          kit.emit(numbered(number++, size));
        }
        if (random.below(4) == 0) kit.gate.publish();
      }
      while (!kit.gate.refill_overflow()) kit.gate.publish();
      kit.gate.publish();
    });
    Random random(1);
    std::uint64_t broken = 0;
    const auto give_up = std::chrono::steady_clock::now() + 6 * kLostAfter;
    for (std::uint64_t number = 0; number < kRows && std::chrono::steady_clock::now() < give_up;) {
      const std::vector<std::string> rows = kit.take(0, 1 + random.below(64));
      for (const std::string& row : rows) broken += is_whole(row, number++) ? 0 : 1;
      if (rows.empty()) std::this_thread::yield();
    }
    sends.join();
    EXPECT_FALSE(lost) << slots << " slots: the producer is not woken";
    EXPECT_EQ(broken, 0U) << slots;
    EXPECT_GT(kit.counters.row_blocks.get(), 0U);
    EXPECT_FALSE(kit.failure.failed());
  }
}

TEST(RowExchange, WhatIsStillOnItsWayIsFreedWithTheChannel) {
  RowKit kit;  // The leak checker looks.
  kit.emit(std::string(kRingBytes, 'x'));
  kit.gate.publish();
  kit.emit(std::string(kRingBytes, 'y'));
}

}  // namespace
}  // namespace penstock
