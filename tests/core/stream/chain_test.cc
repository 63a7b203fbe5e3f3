#include "penstock/core/stream/chain.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "penstock/core/stream/collector.h"

namespace penstock {
namespace {

using Log = std::vector<std::string>;

// Writes down which hook was called, and passes records on with one added.
struct Tracer {
  std::string name;
  Log* log;
  Status open_status;
  Status close_status;
  Instant wakes_at = kNever;

  void note(const std::string& what) { log->push_back(name + "." + what); }
  Status open(const TaskContext&) {
    note("open");
    return open_status;
  }
  void on_record(const Record<int>& record, CollectorOf<int> auto&& out) noexcept {
    note("record");
    out.collect(Record<int>{record.value + 1, record.time});
  }
  void on_watermark(EventTime time, CollectorOf<int> auto&& out) noexcept {
    note("watermark");
    out.collect(Record<int>{1000, time});
  }
  void end_batch(Instant, CollectorOf<int> auto&&) noexcept { note("end_batch"); }
  void on_barrier(Epoch epoch) noexcept { note("barrier" + std::to_string(epoch.value)); }
  Instant wake_at() const noexcept { return wakes_at; }
  Status close(CollectorOf<int> auto&& out) {
    note("close");
    out.collect(Record<int>{2000, {}});
    return close_status;
  }
};

// Has nothing but on_record.
struct Doubler {
  void on_record(const Record<int>& record, CollectorOf<int> auto&& out) noexcept {
    out.collect(Record<int>{record.value * 2, record.time});
  }
};

std::vector<int> values(const ListCollector<int>& list) {
  std::vector<int> result;
  for (const Record<int>& record : list.records()) result.push_back(record.value);
  return result;
}

TEST(Chain, WithoutOperatorsPassesEverything) {
  ListCollector<int> out;
  Chain<ListCollector<int>> chain(out);
  chain.collect(Record<int>{1, {5}});
  chain.watermark({6});
  chain.idle();
  EXPECT_EQ(values(out), std::vector<int>{1});
  EXPECT_EQ(out.records()[0].time, EventTime{5});
  EXPECT_EQ(out.watermarks(), std::vector<EventTime>{{6}});
  EXPECT_EQ(out.idles(), 1);
  EXPECT_EQ(chain.wake_at(), kNever);
}

// Holds records back until its input falls idle.
struct Holder {
  std::vector<Record<int>> held;

  void on_record(const Record<int>& record, CollectorOf<int> auto&&) noexcept {
    held.push_back(record);
  }
  void on_idle(CollectorOf<int> auto&& out) noexcept {
    for (const Record<int>& record : held) out.collect(record);
    held.clear();
  }
};

TEST(Chain, OperatorsEmitBeforeItIsSaidThatTheInputIsIdle) {
  ListCollector<int> out;
  Chain chain(out, Doubler{}, Holder{}, Doubler{});
  chain.collect(Record<int>{1, {5}});
  EXPECT_EQ(values(out), std::vector<int>{});
  chain.idle();
  EXPECT_EQ(values(out), std::vector<int>{4});
  EXPECT_EQ(out.idles(), 1);
}

TEST(Chain, PushesRecordsThroughItsOperatorsInOrder) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, {}}, Doubler{});
  chain.collect(Record<int>{1, {7}});
  EXPECT_EQ(values(out), std::vector<int>{4}) << "(1 + 1) * 2: the order of the operators shows";
  EXPECT_EQ(out.records()[0].time, EventTime{7});
}

TEST(Chain, CallsHooksInChainOrderAndSkipsOperatorsWithoutThem) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, {}}, Doubler{}, Tracer{"b", &log, {}, {}});
  EXPECT_TRUE(chain.open(TaskContext{}).ok());
  chain.end_batch({});
  chain.on_barrier({3});
  EXPECT_EQ(log,
            (Log{"a.open", "b.open", "a.end_batch", "b.end_batch", "a.barrier3", "b.barrier3"}));
}

TEST(Chain, AWatermarkPassesBehindWhatItMadeOperatorsEmit) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, {}}, Tracer{"b", &log, {}, {}});
  chain.watermark({9});
  // a emits 1000, which b sees as a record before it sees the watermark.
  EXPECT_EQ(log, (Log{"a.watermark", "b.record", "b.watermark"}));
  EXPECT_EQ(values(out), (std::vector<int>{1001, 1000}));
  EXPECT_EQ(out.watermarks(), std::vector<EventTime>{{9}});
}

TEST(Chain, StopsOpeningAtTheFirstErrorAndReturnsIt) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, Status::invalid_argument("bad"), {}},
              Tracer{"b", &log, {}, {}});
  EXPECT_EQ(chain.open(TaskContext{}).message(), "bad");
  EXPECT_EQ(log, Log{"a.open"});
}

TEST(Chain, ClosesEveryOperatorAndReturnsTheFirstError) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, Status::data_error("first")},
              Tracer{"b", &log, {}, Status::data_error("second")});
  EXPECT_EQ(chain.close().message(), "first");
  EXPECT_EQ(log, (Log{"a.close", "b.record", "b.close"})) << "what a emits in close still passes b";
  EXPECT_EQ(values(out), (std::vector<int>{2001, 2000}));
}

TEST(Chain, WakesForTheEarliestOfItsOperators) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, {}, {50}}, Doubler{}, Tracer{"b", &log, {}, {}, {20}});
  EXPECT_EQ(chain.wake_at(), Instant{20});
}

TEST(Chain, AfterFrontFeedsTheSecondOperator) {
  Log log;
  ListCollector<int> out;
  Chain chain(out, Tracer{"a", &log, {}, {}}, Doubler{});
  chain.after_front().collect(Record<int>{5, {}});
  EXPECT_EQ(values(out), std::vector<int>{10});
  EXPECT_TRUE(log.empty());
}

}  // namespace
}  // namespace penstock
