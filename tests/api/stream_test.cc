#include "penstock/api/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

TEST(Stream, MapFilterAndFlatMapAreAppliedInTheOrderWritten) {
  Job job("numbers");
  auto [numbers, input] = job.input<int>();
  Collected<std::string> words;
  collect_into(std::move(numbers)
                   .map([](const int& n) { return n + 1; })
                   .filter([](const int& n) { return n % 2 == 0; })
                   .flat_map<std::string>([](const int& n, auto emit) {
                     for (int i = 0; i < n; i += 2) emit(std::to_string(n));
                   }),
               words);
  TestDriver driver(job);
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(words.values(), ElementsAre("2", "4", "4"));
}

TEST(Stream, SplitSendsEachRecordOneOfTwoWays) {
  Job job("split");
  auto [numbers, input] = job.input<int>();
  auto [even, odd] = std::move(numbers).split([](const int& n) { return n % 2 == 0; });
  Collected<int> evens;
  Collected<int> odds;
  collect_into(std::move(even), evens);
  collect_into(std::move(odd), odds);
  TestDriver driver(job);
  for (int n = 0; n < 6; ++n) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(evens.values(), ElementsAre(0, 2, 4));
  EXPECT_THAT(odds.values(), ElementsAre(1, 3, 5));
}

TEST(Stream, AStreamMayBeSplitTwice) {
  Job job("split twice");
  auto [numbers, input] = job.input<int>();
  auto [even, odd] = std::move(numbers).split([](const int& n) { return n % 2 == 0; });
  auto [fours, twos] = std::move(even).split([](const int& n) { return n % 4 == 0; });
  Collected<int> lists[3];
  collect_into(std::move(odd), lists[0]);
  collect_into(std::move(twos), lists[1]);
  collect_into(std::move(fours), lists[2]);
  TestDriver driver(job);
  for (int n = 0; n < 8; ++n) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(lists[0].values(), ElementsAre(1, 3, 5, 7));
  EXPECT_THAT(lists[1].values(), ElementsAre(2, 6));
  EXPECT_THAT(lists[2].values(), ElementsAre(0, 4));
}

// Emits negative numbers aside, as another type.
struct Checked {
  using Output = int;
  SideOutput<double> negative{"negative"};

  Status open(const TaskContext& context) {
    negative.open(context);
    return Status();
  }
  void on_record(const Record<int>& record, CollectorOf<int> auto&& out) noexcept {
    if (record.value < 0) return negative.collect(Record<double>{record.value / 2.0, record.time});
    out.collect(record);
  }
};

TEST(Stream, ASideOutputHasATypeOfItsOwn) {
  Job job("side");
  auto [numbers, input] = job.input<int>();
  auto [good, bad] =
      std::move(numbers).apply(Checked{}).side_output(SideOutput<double>("negative"));
  Collected<int> goods;
  Collected<double> bads;
  collect_into(std::move(good), goods);
  collect_into(std::move(bad), bads);
  TestDriver driver(job);
  for (const int n : {1, -3, 2}) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(goods.values(), ElementsAre(1, 2));
  EXPECT_THAT(bads.values(), ElementsAre(-1.5));
}

TEST(Stream, WhatNobodyReadsOfASideOutputIsCounted) {
  Job job("unread");
  auto [numbers, input] = job.input<int>();
  std::move(numbers).apply(Checked{}).for_each([](const int&) {});
  TestDriver driver(job);
  for (const int n : {1, -3, -4}) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_EQ(driver.job().metrics().tasks[0].side_unread, 2u);
}

TEST(Stream, AUnionHasTheRecordsOfBoth) {
  Job job("union");
  auto [left, left_input] = job.input<int>();
  auto [right, right_input] = job.input<int>();
  Collected<int> all;
  collect_into(
      std::move(left).union_with(std::move(right).map([](const int& n) { return n * 10; })), all);
  TestDriver driver(job);
  for (int n = 1; n < 4; ++n) {
    ASSERT_TRUE(left_input.push(n).ok());
    ASSERT_TRUE(right_input.push(n).ok());
  }
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(all.values(), UnorderedElementsAre(1, 2, 3, 10, 20, 30));
}

TEST(Stream, AUnionOfStreamsOfTwoJobsIsRefusedByBoth) {
  Job left("left");
  Job right("right");
  auto [ours, our_input] = left.input<int>();
  auto [theirs, their_input] = right.input<int>();
  std::move(ours).named("ours").union_with(std::move(theirs).named("theirs")).for_each([](int) {});
  for (const Job* job : {&left, &right}) {
    const std::string refused = job->start().status().to_string();
    EXPECT_THAT(refused,
                testing::AllOf(testing::HasSubstr("job \"" + job->name() + "\": union_with: "),
                               testing::HasSubstr("\"ours\" and stream \"theirs\""),
                               testing::HasSubstr("different jobs")));
  }
}

TEST(Stream, TheTimeOfAUnionIsThatOfItsSlowerPart) {
  Job job("union");
  auto [left, left_input] = job.input<Sale>();
  auto [right, right_input] = job.input<Sale>();
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  std::move(left)
      .event_time(&Sale::at)
      .union_with(std::move(right).event_time(&Sale::at))
      .apply(NoteWatermarks<Sale>{watermarks})
      .for_each([](const Sale&) {});
  TestDriver driver(job);
  ASSERT_TRUE(left_input.push({.at = {100}}).ok());
  (void)driver.run_until_idle();
  EXPECT_TRUE(watermarks->empty());
  ASSERT_TRUE(right_input.push({.at = {40}}).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{40}));
  (void)driver.advance(2s);  // Both fall idle: what has come is covered.
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{40}, EventTime{100}));
}

TEST(Stream, ASharedStreamMayBeReadAnyNumberOfTimes) {
  Job job("share");
  auto [numbers, input] = job.input<int>();
  auto shared = std::move(numbers).map([](const int& n) { return n + 1; }).share();
  Collected<int> plain;
  Collected<int> doubled;
  collect_into(shared.read(), plain);
  collect_into(shared.read().map([](const int& n) { return 2 * n; }), doubled);
  TestDriver driver(job);
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_THAT(plain.values(), ElementsAre(1, 2, 3));
  EXPECT_THAT(doubled.values(), ElementsAre(2, 4, 6));
}

TEST(Stream, ASharedStreamMayBeJoinedAgain) {
  Job job("diamond");
  auto [numbers, input] = job.input<int>();
  auto shared = std::move(numbers).share();
  Collected<int> all;
  collect_into(shared.read().union_with(shared.read()), all);
  TestDriver driver(job, {.ring_slots = 2});
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(input.push(n).ok());
  driver.job().engine().request_epoch();
  ASSERT_TRUE(driver.run_until_idle().ok());
  EXPECT_EQ(all.size(), 100u);
  EXPECT_EQ(driver.job().engine().completed_epoch(), Epoch{1});
}

TEST(Stream, BroadcastGivesEveryTaskEveryRecordAndRebalanceEachRecordOnce) {
  for (const bool broadcast : {true, false}) {
    Job job("spread");
    auto [numbers, input] = job.input<int>();
    Collected<int> all;
    if (broadcast) {
      collect_into(std::move(numbers).broadcast().parallelism(3), all);
    } else {
      collect_into(std::move(numbers).rebalance().parallelism(3), all);
    }
    TestDriver driver(job);
    for (int n = 0; n < 6; ++n) ASSERT_TRUE(input.push(n).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
    EXPECT_EQ(all.size(), broadcast ? 18u : 6u);
    for (std::size_t task = 1; task < 4; ++task) {
      EXPECT_EQ(driver.job().metrics().tasks[task].records_in, broadcast ? 6u : 2u);
    }
  }
}

TEST(Stream, KeysMeetTheirStateInOneTask) {
  Job job("count");
  auto [sales, input] = job.input<Sale>();
  Collected<ShopCount> counts;
  collect_into(std::move(sales).key_by(&Sale::shop).parallelism(4).process(CountPerShop{}), counts);
  TestDriver driver(job);
  for (std::uint32_t n = 0; n < 300; ++n) ASSERT_TRUE(input.push({.shop = n % 100}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  auto values = counts.values();
  ASSERT_EQ(values.size(), 300u);
  std::sort(values.begin(), values.end());
  for (std::uint32_t i = 0; i < 300; ++i) EXPECT_EQ(values[i], (ShopCount{i / 3, i % 3 + 1}));
  EXPECT_EQ(driver.job().metrics().state_keys(), 100u);
}

// Emits the amounts of a key as they come: rising when the order was kept.
struct RisingPerShop {
  using Output = bool;
  ValueState<std::int64_t> last;

  void open(OperatorContext& context) { last = context.value_state<std::int64_t>("last"); }
  void on_record(const Record<Sale>& record, CollectorOf<bool> auto&& out) noexcept {
    std::int64_t& before = last.get_or_create();
    out.collect(Record<bool>{record.value.amount > before, record.time});
    before = record.value.amount;
  }
};

TEST(Stream, RecordsOfAKeyKeepTheOrderOfTheirSourceThroughShareAndSplitWithSeveralWorkers) {
  Job job("order");
  auto [sales, input] = job.input<Sale>({.capacity = 20'000});
  auto shared = std::move(sales).share();
  auto [positive, rest] = shared.read().split([](const Sale& sale) { return sale.amount > 0; });
  Collected<bool> rising;
  collect_into(std::move(positive).key_by(&Sale::shop).process(RisingPerShop{}), rising);
  std::move(rest).for_each([](const Sale&) {});
  auto running = job.start({{.workers = 3, .ring_slots = 8}});
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  for (std::uint32_t n = 1; n <= 10'000; ++n)
    ASSERT_TRUE(input.push({.shop = n % 7, .amount = n}).ok());
  input.close();
  ASSERT_TRUE(running->wait_for(kHangsAfter));
  const std::vector<bool> values = rising.values();
  EXPECT_EQ(values.size(), 10'000u);
  EXPECT_EQ(std::count(values.begin(), values.end(), false), 0);
}

TEST(Stream, EventTimeAndDisorderMakeTheWatermark) {
  Job job("time");
  auto [sales, input] = job.input<Sale>();
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  std::move(sales)
      .event_time(&Sale::at, {.max_disorder = 10us})
      .apply(NoteWatermarks<Sale>{watermarks})
      .for_each([](const Sale&) {});
  TestDriver driver(job);
  ASSERT_TRUE(input.push({.at = {100}}).ok());
  (void)driver.run_until_idle();
  ASSERT_TRUE(input.push({.at = {95}}).ok());
  (void)driver.run_until_idle();
  ASSERT_TRUE(input.push({.at = {130}}).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{90}, EventTime{120}));
  (void)driver.finish();
  EXPECT_EQ(watermarks->back(), kMaxEventTime);
}

TEST(Stream, ForEachSeesTheRecordsTimeWhenItAsksForTheRecord) {
  Job job("record");
  auto [sales, input] = job.input<Sale>();
  std::vector<EventTime> times;
  std::move(sales).event_time(&Sale::at).for_each(
      [&](const Record<Sale>& record) { times.push_back(record.time); });
  TestDriver driver(job);
  ASSERT_TRUE(input.push({.at = {7}}).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(times, ElementsAre(EventTime{7}));
}

TEST(Stream, ForEachTakesAGenericFunctionOfTheValue) {
  Job job("generic");
  auto [sales, input] = job.input<Sale>();
  auto [low, high] =
      std::move(sales).split([](const Sale& sale) noexcept { return sale.amount < 10; });
  std::vector<std::int64_t> amounts;
  std::move(low).for_each([](const auto&) {});
  std::move(high).for_each([&](const auto& sale) { amounts.push_back(sale.amount); });
  TestDriver driver(job);
  ASSERT_TRUE(input.push({.amount = 11}).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(amounts, ElementsAre(11));
}

TEST(Stream, RecordsWhoseTimeCannotBeRightAreCountedAndLeaveByASideOutput) {
  constexpr EventTime kNow{1'750'000'000'000'000};
  Job job("misdated");
  auto [sales, input] = job.input<Sale>();
  const SideOutput<Sale> side("misdated");
  auto [rest, aside] =
      std::move(sales)
          .event_time(&Sale::at, {.max_disorder = 5us, .max_ahead = 1h, .misdated_to = side})
          .side_output(side);
  Collected<Sale> kept;
  Collected<Sale> misdated;
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  collect_into(std::move(rest).rebalance().apply(NoteWatermarks<Sale>{watermarks}), kept);
  collect_into(std::move(aside), misdated);
  TestDriver driver(job, {.wall_start = kNow});
  const Sale good{1, 1, kNow};
  const Sale ahead{1, 2, kNow + 2h};
  const Sale broken{1, 3, kMinEventTime};
  for (const Sale& sale : {good, ahead, broken}) ASSERT_TRUE(input.push(sale).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(kept.values(), ElementsAre(good));
  EXPECT_THAT(misdated.values(), ElementsAre(ahead, broken));
  EXPECT_THAT(*watermarks, ElementsAre(kNow - 5us));
  EXPECT_EQ(driver.job().metrics().misdated(), 2u);
  (void)driver.advance(2h);
  ASSERT_TRUE(input.push(ahead).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(kept.values(), ElementsAre(good, ahead)) << "two hours later it is its time";
}

TEST(Stream, ExpandingRecordsPassRingsFarSmallerThanThemselves) {
  Job job("expand");
  auto [numbers, input] = job.input<int>();
  Collected<int> all;
  collect_into(std::move(numbers)
                   .flat_map<int>([](const int& n, auto emit) {
                     for (int i = 0; i < 1000; ++i) emit(n);
                   })
                   .rebalance(),
               all);
  TestDriver driver(job, {.ring_slots = 2});
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(input.push(n).ok());
  ASSERT_TRUE(driver.finish().ok());
  ASSERT_TRUE(driver.finished());
  EXPECT_EQ(all.size(), 3000u);
  const std::vector<int> values = all.values();
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
}

}  // namespace
}  // namespace penstock
