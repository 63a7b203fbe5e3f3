#include "penstock/operators/window/key_partial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::watermark;
using std::chrono::microseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct Sale {
  std::uint32_t shop = 0;
  std::int64_t amount = 0;
};
struct ShopOf {
  std::uint32_t operator()(const Sale& sale) const noexcept { return sale.shop; }
};
struct AmountOf {
  std::int64_t operator()(const Sale& sale) const noexcept { return sale.amount; }
};

using Total = Sum<std::int64_t>;
using Parts = KeyPartial<Sale, ShopOf, Total, AmountOf>;
using TotalPart = KeyPart<std::uint32_t, Total>;

// Batches for which nothing is held, once that was in vain.
constexpr int kRest = 1024;
constexpr std::uint32_t kManyKeys = 100'000;  // More than there is room for.

// {shop, time of the part, sum, records}
using Part = std::tuple<std::uint32_t, std::int64_t, std::int64_t, std::uint64_t>;

Part seen_as(const Record<TotalPart>& part) {
  return {part.value.key, part.time.micros, part.value.value.result(), part.value.records()};
}

class KeyPartialTest : public testing::Test {
 protected:
  explicit KeyPartialTest(WindowSpec spec = sliding(microseconds(30), microseconds(10)))
      : op_(spec, {}, {}) {
    TaskContext context;
    context.failure = &failure_;
    EXPECT_TRUE(op_.open(context).ok());
  }
  void record(std::uint32_t shop, std::int64_t time, std::int64_t amount) {
    op_.on_record(Record<Sale>{{shop, amount}, {time}}, out_);
  }
  void watermark(std::int64_t time) { op_.on_watermark({time}, out_); }
  // What has come out since the last call.
  std::vector<Part> parts() {
    std::vector<Part> result;
    for (; seen_ < out_.records().size(); ++seen_) result.push_back(seen_as(out_.records()[seen_]));
    return result;
  }

  TaskFailure failure_;
  Parts op_;
  ListCollector<TotalPart> out_;
  std::size_t seen_ = 0;
};

TEST_F(KeyPartialTest, APartOfAKeyComesOutWhenTheWatermarkReachesTheEndOfItsPane) {
  watermark(0);
  record(1, 1, 1);
  record(2, 9, 2);
  record(1, 10, 4);
  record(1, 2, 8);
  watermark(9);
  EXPECT_THAT(parts(), ElementsAre());
  watermark(10);
  EXPECT_THAT(parts(), UnorderedElementsAre(Part{1, 9, 9, 2}, Part{2, 9, 2, 1}));
  watermark(19);
  EXPECT_THAT(parts(), ElementsAre());
  watermark(kMaxEventTime.micros);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 19, 4, 1}));
}

TEST_F(KeyPartialTest, RecordsOfPanesThatHaveEndedPassAtOnce) {
  watermark(20);
  record(1, 19, 1);
  record(1, 18, 2);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 19, 1, 1}, Part{1, 18, 2, 1}));
  record(1, 20, 4);
  EXPECT_THAT(parts(), ElementsAre());
}

TEST_F(KeyPartialTest, NothingIsHeldFromReadersThatDoNotWaitForTheTask) {
  record(1, 5, 1);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 5, 1, 1})) << "they have no watermark of it";
  watermark(3);
  record(1, 6, 2);
  EXPECT_THAT(parts(), ElementsAre());
  op_.on_idle(out_);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 9, 2, 1}));
  record(1, 7, 4);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 7, 4, 1}));
  watermark(3);
  record(1, 8, 8);
  EXPECT_THAT(parts(), ElementsAre()) << "they wait again";
}

TEST_F(KeyPartialTest, ACutAndTheEndLeaveNothingBehind) {
  watermark(0);
  record(1, 5, 1);
  record(1, 15, 2);
  op_.on_barrier({1}, out_);
  EXPECT_THAT(parts(), UnorderedElementsAre(Part{1, 9, 1, 1}, Part{1, 19, 2, 1}));
  record(1, 5, 4);
  EXPECT_TRUE(op_.close(out_).ok());
  EXPECT_THAT(parts(), ElementsAre(Part{1, 9, 4, 1}));
}

TEST_F(KeyPartialTest, HoldsNothingForSomeTimeWhereItIsInVain) {
  watermark(0);
  const auto batch_of_many = [&](std::uint32_t first) {
    for (std::uint32_t i = 0; i < 4000; ++i) record((first + i) % kManyKeys, 1, 1);
    op_.end_batch({}, out_);
  };
  batch_of_many(0);
  EXPECT_EQ(parts().size(), 4000u) << "what was held when it became known, too";
  for (int batch = 0; batch < kRest; ++batch) {
    record(1, 1, 1);
    EXPECT_EQ(parts().size(), 1u) << batch;
    op_.end_batch({}, out_);
  }
  record(1, 1, 1);
  record(1, 2, 2);
  EXPECT_THAT(parts(), ElementsAre()) << "it is tried again";
  watermark(10);
  EXPECT_THAT(parts(), ElementsAre(Part{1, 9, 3, 2}));
}

TEST_F(KeyPartialTest, GoesOnHoldingWhereItIsNotInVain) {
  watermark(0);
  for (std::int64_t time = 0; time < 20'000; time += 10) {
    for (int i = 0; i < 8; ++i) record(static_cast<std::uint32_t>(i % 2), time, 1);
    watermark(time + 10);
    op_.end_batch({}, out_);
    EXPECT_EQ(parts().size(), 2u) << time;
  }
}

TEST_F(KeyPartialTest, AddsUpAKeyThatComesOftenAmongManyThatDoNot) {
  watermark(0);
  constexpr std::uint32_t kOften = kManyKeys;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    record(i % 5 < 2 ? kOften : i, 1, 1);
    if (i % 100 == 0) op_.end_batch({}, out_);
  }
  const auto all = parts();
  const auto of_it = std::count_if(all.begin(), all.end(),
                                   [](const Part& part) { return std::get<0>(part) == kOften; });
  EXPECT_LT(of_it, 100) << "of 20,000 records";
}

TEST_F(KeyPartialTest, AllocatesNothingHoweverManyKeysThereAre) {
  struct Nowhere {
    std::uint64_t parts = 0;
    void collect(const Record<TotalPart>&) noexcept { ++parts; }
  } nowhere;
  op_.on_watermark({0}, nowhere);
  const std::uint64_t before = thread_allocations_so_far();
  for (std::int64_t i = 0; i < 20'000; ++i) {
    op_.on_record(Record<Sale>{{static_cast<std::uint32_t>(i * 7919) % kManyKeys, 1}, {i % 50}},
                  nowhere);
    if (i % 100 == 0) op_.end_batch({}, nowhere);
  }
  EXPECT_EQ(thread_allocations_so_far(), before);
  EXPECT_GT(nowhere.parts, 0u);
}

// Which record of a key and pane was the first, which the last, how many: what hangs on their order.
struct Trail {
  static constexpr bool kMergesExactly = true;

  std::int64_t first = 0;
  std::uint64_t digest = 0;
  std::uint64_t power = 1;

  void add(std::int64_t value) noexcept {
    if (power == 1) first = value;
    digest = digest * 31 + static_cast<std::uint64_t>(value);
    power *= 31;
  }
  void merge(const Trail& other) noexcept {
    if (other.power == 1) return;
    if (power == 1) first = other.first;
    digest = digest * other.power + other.digest;
    power *= other.power;
  }
  friend bool operator==(const Trail&, const Trail&) = default;
};

TEST(KeyPartial, KeepsTheOrderOfEachKeyAndPaneWhateverComesBetween) {
  using Op = KeyPartial<Sale, ShopOf, Trail, AmountOf>;
  std::mt19937 random(9);
  Op op(sliding(microseconds(30), microseconds(10)), {}, {});
  TaskFailure failure;
  TaskContext context;
  context.failure = &failure;
  ASSERT_TRUE(op.open(context).ok());
  ListCollector<KeyPart<std::uint32_t, Trail>> out;
  std::map<std::pair<std::uint32_t, std::int64_t>, Trail> wanted;
  const auto pane_of = [](std::int64_t time) { return (time + 100'000) / 10; };
  std::int64_t now = -2000;
  for (int i = 0; i < 100'000; ++i) {
    if (i % 8 == 0) now += static_cast<std::int64_t>(random() % 3);
    const std::int64_t time = now - static_cast<std::int64_t>(random() % (i % 5 == 0 ? 600 : 15));
    // Times of few keys, in which it pays, and of many.
    const std::uint32_t keys = i / 10'000 % 2 == 0 ? 30 : kManyKeys;
    const Sale sale{static_cast<std::uint32_t>(random() % keys), i};
    wanted[{sale.shop, pane_of(time)}].add(sale.amount);
    op.on_record(Record<Sale>{sale, {time}}, out);
    if (random() % 20 == 0) op.on_watermark({now - 10}, out);
    if (random() % 10 == 0) op.end_batch({}, out);
    if (random() % 500 == 0) op.on_barrier({1}, out);
    if (random() % 1000 == 0) op.on_idle(out);
  }
  ASSERT_TRUE(op.close(out).ok());
  std::map<std::pair<std::uint32_t, std::int64_t>, Trail> seen;
  for (const auto& part : out.records())
    seen[{part.value.key, pane_of(part.time.micros)}].merge(part.value.value);
  EXPECT_EQ(seen, wanted);
  EXPECT_LT(out.records().size(), 90'000u) << "records are to be added up";
}

// What stands before each watermark and barrier is all that came before it, of panes that the watermark ends or of all.
TEST(KeyPartial, BringsEverythingInTimeInEverySchedule) {
  harness::Items<Sale> items = {watermark<Sale>(-20)};
  std::mt19937 random(3);
  for (std::int64_t i = 0; i < 400; ++i) {
    items.push_back(harness::record(Sale{static_cast<std::uint32_t>(random() % 5), i},
                                    i / 4 - static_cast<std::int64_t>(random() % 8)));
    if (i % 16 == 0) items.push_back(watermark<Sale>(i / 4 - 8));
  }
  using Totals = std::map<std::int64_t, std::int64_t>;  // By pane.
  const auto pane_of = [](std::int64_t time) { return (time + 1000) / 10; };
  const auto before = [&](const Totals& all, std::int64_t time) {
    return Totals(all.begin(), all.lower_bound(pane_of(time)));
  };
  for (const harness::Schedule& schedule : harness::every_schedule()) {
    SCOPED_TRACE(schedule.name);
    const auto input = schedule.barriers ? harness::with_barriers(items) : items;
    std::vector<Totals> wanted;
    std::vector<Totals> seen;
    Totals sums;
    for (const auto& item : input) {
      if (item.kind == ElementKind::kData) sums[pane_of(item.time_or_epoch)] += item.value.amount;
      if (item.kind == ElementKind::kWatermark) wanted.push_back(before(sums, item.time_or_epoch));
      if (item.kind == ElementKind::kBarrier) wanted.push_back(sums);
    }
    wanted.push_back(sums);
    sums.clear();
    const auto output = harness::Bench<Sale, TotalPart, int, Parts>(
                            schedule, harness::Subject<Sale>(),
                            std::tuple(Parts(tumbling(microseconds(10)), {}, {})))
                            .run(input);
    EXPECT_TRUE(output.failure.ok()) << output.failure.to_string();
    for (const auto& item : output.main) {
      if (item.kind == ElementKind::kData)
        sums[pane_of(item.time_or_epoch)] += item.value.value.result();
      if (item.kind == ElementKind::kWatermark) seen.push_back(before(sums, item.time_or_epoch));
      if (item.kind == ElementKind::kBarrier) seen.push_back(sums);
    }
    seen.push_back(sums);
    EXPECT_EQ(seen, wanted);
  }
}

TEST(KeyPartial, AThrowFailsTheTaskWithItsName) {
  const auto throws = [](const int&) -> std::int64_t { throw std::runtime_error("no value"); };
  KeyPartial<int, std::identity, Total, decltype(throws)> op(tumbling(microseconds(10)), {},
                                                             throws);
  TaskFailure failure;
  TaskContext context;
  context.failure = &failure;
  ASSERT_TRUE(op.open(context).ok());
  ListCollector<KeyPart<int, Total>> out;
  op.on_record(Record<int>{1, {}}, out);
  EXPECT_THAT(std::string(failure.status().message()), HasSubstr("window"));
}

TEST(KeyPartial, RefusesWindowsThatAreNone) {
  Parts op(tumbling(microseconds(0)), {}, {});
  EXPECT_THAT(std::string(op.open(TaskContext()).message()), HasSubstr("window"));
}

TEST(KeyPart, IsNoLargerThanItsKeyAndAccumulatorWhereThatCounts) {
  static_assert(sizeof(KeyPart<std::uint64_t, Count>) == 16);
  static_assert(sizeof(KeyPart<std::uint32_t, Total>) == 16);
  static_assert(!MergesExactly<Sum<double>> && !MergesExactly<Max<double>>);
}

}  // namespace
}  // namespace penstock
