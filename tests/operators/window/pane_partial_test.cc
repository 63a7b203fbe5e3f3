#include "penstock/operators/window/pane_partial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "penstock/tests/harness/alloc_count.h"

namespace penstock {
namespace {

using std::chrono::microseconds;
using testing::ElementsAre;
using testing::HasSubstr;

using Total = Sum<std::int64_t>;

// {time of the part, sum, records}
using Part = std::tuple<std::int64_t, std::int64_t, std::uint64_t>;

class PanePartialTest : public testing::Test {
 protected:
  using Op = PanePartial<std::int64_t, Total, std::identity>;

  explicit PanePartialTest(WindowSpec spec = sliding(microseconds(30), microseconds(10)))
      : op_(spec, {}) {
    TaskContext context;
    context.failure = &failure_;
    EXPECT_TRUE(op_.open(context).ok());
  }
  void record(std::int64_t time, std::int64_t value) {
    op_.on_record(Record<std::int64_t>{value, {time}}, out_);
  }
  void watermark(std::int64_t time) { op_.on_watermark({time}, out_); }
  // What has come out since the last call.
  std::vector<Part> parts() {
    std::vector<Part> result;
    for (; seen_ < out_.records().size(); ++seen_) {
      const auto& part = out_.records()[seen_];
      result.emplace_back(part.time.micros, part.value.value.result(), part.value.records);
    }
    return result;
  }

  TaskFailure failure_;
  Op op_;
  ListCollector<PanePart<Total>> out_;
  std::size_t seen_ = 0;
};

TEST_F(PanePartialTest, APartComesOutWhenTheWatermarkReachesTheEndOfItsPane) {
  record(1, 1);
  record(9, 2);
  record(10, 4);
  record(0, 8);
  watermark(9);
  EXPECT_THAT(parts(), ElementsAre());
  watermark(10);
  EXPECT_THAT(parts(), ElementsAre(Part{9, 11, 3}));
  watermark(25);
  EXPECT_THAT(parts(), ElementsAre(Part{19, 4, 1}));
  watermark(kMaxEventTime.micros);
  EXPECT_THAT(parts(), ElementsAre());
}

TEST_F(PanePartialTest, RecordsThatComeLaterMakeAnotherPart) {
  record(5, 1);
  watermark(20);
  record(6, 2);
  record(25, 4);
  record(7, 8);
  EXPECT_THAT(parts(), ElementsAre(Part{9, 1, 1}));
  watermark(21);
  EXPECT_THAT(parts(), ElementsAre(Part{9, 10, 2}));
}

TEST_F(PanePartialTest, ReadersThatDoNotWaitForAnIdleTaskMissNothing) {
  record(1, 1);
  op_.end_batch({}, out_);
  EXPECT_THAT(parts(), ElementsAre());
  op_.on_idle(out_);
  EXPECT_THAT(parts(), ElementsAre(Part{9, 1, 1}));
  op_.end_batch({}, out_);
  record(12, 2);
  op_.end_batch({}, out_);
  EXPECT_THAT(parts(), ElementsAre(Part{19, 2, 1})) << "the first batch says that it is back";
  record(13, 3);
  op_.end_batch({}, out_);
  EXPECT_THAT(parts(), ElementsAre());
}

TEST_F(PanePartialTest, WhatIsLeftComesOutWhenItCloses) {
  record(5, 1);
  record(15, 2);
  EXPECT_TRUE(op_.close(out_).ok());
  EXPECT_THAT(parts(), ElementsAre(Part{9, 1, 1}, Part{19, 2, 1}));
}

TEST_F(PanePartialTest, NothingIsLostOrCountedTwiceUnderAnyDisorder) {
  std::mt19937 random(9);
  std::map<std::int64_t, std::pair<std::int64_t, std::uint64_t>> wanted;
  std::int64_t now = -2000;
  for (int i = 0; i < 20'000; ++i) {
    now += static_cast<std::int64_t>(random() % 3);
    const std::int64_t time = now - static_cast<std::int64_t>(random() % (i % 5 == 0 ? 600 : 15));
    const auto value = static_cast<std::int64_t>(random() % 100);
    record(time, value);
    auto& [sum, records] = wanted[(time + 100'000) / 10 * 10 - 100'000 + 9];
    sum += value;
    ++records;
    if (random() % 20 == 0) watermark(now - 10);
  }
  EXPECT_TRUE(op_.close(out_).ok());
  std::map<std::int64_t, std::pair<std::int64_t, std::uint64_t>> seen;
  for (const auto& [time, sum, records] : parts()) {
    seen[time].first += sum;
    seen[time].second += records;
  }
  EXPECT_EQ(seen, wanted);
  EXPECT_LT(out_.records().size(), 10'000u) << "records are to be added up";
}

TEST_F(PanePartialTest, AllocatesNothingHoweverManyPanesAreOpen) {
  struct Nowhere {
    std::uint64_t parts = 0;
    void collect(const Record<PanePart<Total>>&) noexcept { ++parts; }
  } nowhere;
  const std::uint64_t before = thread_allocations_so_far();
  for (std::int64_t i = 0; i < 10'000; ++i)
    op_.on_record(Record<std::int64_t>{1, {i * 7919 % 100'000}}, nowhere);
  EXPECT_EQ(thread_allocations_so_far(), before);
  EXPECT_GT(nowhere.parts, 0u);
}

TEST(PanePartial, AThrowFailsTheTaskWithItsName) {
  const auto throws = [](const int&) -> int { throw std::runtime_error("no value"); };
  PanePartial<int, Sum<int>, decltype(throws)> op(tumbling(microseconds(10)), throws);
  TaskFailure failure;
  TaskContext context;
  context.failure = &failure;
  ASSERT_TRUE(op.open(context).ok());
  ListCollector<PanePart<Sum<int>>> out;
  op.on_record(Record<int>{1, {}}, out);
  EXPECT_THAT(std::string(failure.status().message()), HasSubstr("window_all"));
}

TEST(PanePartial, RefusesWindowsThatAreNone) {
  PanePartial<std::int64_t, Total, std::identity> op(tumbling(microseconds(0)), {});
  EXPECT_THAT(std::string(op.open(TaskContext()).message()), HasSubstr("window_all"));
}

}  // namespace
}  // namespace penstock
