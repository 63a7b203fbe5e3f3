#include "penstock/core/stream/erased.h"

#include <gtest/gtest.h>

#include <vector>

#include "penstock/core/stream/collector.h"

namespace penstock {
namespace {

struct Add {
  int by;
  void on_record(const Record<int>& record, AnyCollector<int>& out) noexcept {
    out.collect(Record<int>{record.value + by, record.time});
  }
};
struct KeepEven {
  void on_record(const Record<int>& record, AnyCollector<int>& out) noexcept {
    if (record.value % 2 == 0) out.collect(record);
  }
};
struct Twice {
  void on_record(const Record<int>& record, AnyCollector<int>& out) noexcept {
    out.collect(record);
    out.collect(record);
  }
};

std::vector<int> values(const ListCollector<int>& list) {
  std::vector<int> result;
  for (const Record<int>& record : list.records()) result.push_back(record.value);
  return result;
}

TEST(AnyCollector, PassesRecordsToItsTarget) {
  ListCollector<int> list;
  AnyCollector<int> any(list);
  any.collect(Record<int>{3, {4}});
  EXPECT_EQ(values(list), std::vector<int>{3});
  EXPECT_EQ(list.records()[0].time, EventTime{4});
}

TEST(AnyCollector, WithoutTargetTakesRecordsAndDropsThem) {
  AnyCollector<int> any;
  any.collect(Record<int>{1, {}});
}

TEST(AnyCollector, ACopyLeadsToTheTargetAndNotToTheOriginal) {
  ListCollector<int> first;
  ListCollector<int> second;
  AnyCollector<int> original(first);
  AnyCollector<int> copy(original);
  original = AnyCollector<int>(second);
  copy.collect(Record<int>{1, {}});
  EXPECT_EQ(first.records().size(), 1u);
  EXPECT_TRUE(second.records().empty());
}

TEST(DynamicChain, WithoutOperatorsPassesRecords) {
  ListCollector<int> list;
  DynamicChain<int> chain{AnyCollector<int>(list)};
  chain.collect(Record<int>{1, {}});
  EXPECT_EQ(values(list), std::vector<int>{1});
}

TEST(DynamicChain, RunsItsOperatorsInTheOrderTheyWereAppended) {
  ListCollector<int> list;
  DynamicChain<int> chain{AnyCollector<int>(list)};
  chain.append(Add{1});
  chain.append(KeepEven{});
  chain.append(Twice{});
  chain.append(Add{10});
  for (int value = 0; value < 4; ++value) chain.collect(Record<int>{value, {value}});
  EXPECT_EQ(values(list), (std::vector<int>{12, 12, 14, 14}));
}

TEST(DynamicChain, CanGrowBetweenRecords) {
  ListCollector<int> list;
  DynamicChain<int> chain{AnyCollector<int>(list)};
  chain.collect(Record<int>{1, {}});
  chain.append(Add{100});
  chain.collect(Record<int>{1, {}});
  EXPECT_EQ(values(list), (std::vector<int>{1, 101}));
}

}  // namespace
}  // namespace penstock
