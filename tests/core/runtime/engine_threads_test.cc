#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "penstock/core/runtime/engine.h"
#include "penstock/tests/core/runtime/plan_kit.h"

// Real workers: nothing lost, nothing twice, order kept, barriers consistent, no hang; run under ThreadSanitizer too.
namespace penstock {
namespace {

using kit::build;
using kit::Item;
using kit::Log;
using kit::Tally;

struct BreaksAt100 {
  static constexpr std::uint64_t kAt = 100;
  TaskFailure* failure = nullptr;
  Status open(const TaskContext& context) {
    failure = context.failure;
    return Status();
  }
  void on_record(const Record<Item>& record, auto&& out) noexcept {
    if (record.value.number == kAt)
      failure->set(Status(StatusCode::kUserError, "operator: broke at 100"));
    out.collect(record);
  }
};
struct Load {
  std::uint32_t workers;
  std::size_t ring_slots;
  ExchangeKind kind;
};

class EngineThreads : public testing::TestWithParam<Load> {
 protected:
  static constexpr std::uint64_t kCount = 5'000;
  std::uint64_t copies() const {
    return GetParam().kind == ExchangeKind::kBroadcast ? GetParam().workers : 1;
  }
  EngineOptions options() const {
    return {.workers = GetParam().workers, .batch_max = 64, .ring_slots = GetParam().ring_slots};
  }
};

// Every source's numbers reach every log in their order, whole, and the right number of times.
void check_arrivals(Log& log, std::uint32_t sources, std::uint64_t copies, std::uint64_t count) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> times;
  for (const Log::Task& task : log.tasks) {
    std::map<std::uint32_t, std::uint64_t> next;
    for (const Item& item : task.items) {
      ASSERT_TRUE(item.is_whole());
      ASSERT_GE(item.number, next[item.origin]) << "out of order";
      next[item.origin] = item.number + 1;
      ++times[{item.origin, item.number}];
    }
  }
  ASSERT_EQ(times.size(), sources * count);
  for (const auto& [item, seen] : times)
    ASSERT_EQ(seen, copies) << item.first << ":" << item.second;
}

TEST_P(EngineThreads, LoseNothingRepeatNothingAndKeepOrderPerChannel) {
  auto log = std::make_shared<Log>();
  auto engine =
      build(kit::two_stages({.count = kCount, .burst = 1000}, GetParam().kind, log), options());
  ASSERT_TRUE(engine->start().ok());
  ASSERT_TRUE(engine->wait_for(kit::kHangsAfter)) << kit::describe(engine->metrics());
  EXPECT_TRUE(engine->status().ok());
  check_arrivals(*log, GetParam().workers, copies(), kCount);
}

// What the tasks had seen of source task `origin` in cut `e`, or, without one, at the end.
Tally::Source seen_of(const Tally& tally, std::uint32_t origin, std::uint32_t tasks,
                      std::optional<std::size_t> e) {
  Tally::Source sum;
  for (std::uint32_t task = 0; task < tasks; ++task) {
    const Tally::Task& from = tally.tasks[task];
    const Tally::Source& seen = e ? from.cuts[*e].second[origin] : from.sources[origin];
    sum.count += seen.count;
    sum.next = std::max(sum.next, seen.next);
  }
  return sum;
}

TEST_P(EngineThreads, CutConsistentlyAtEveryEpochWhileRunning) {
  constexpr std::uint64_t kEpochs = 20;
  auto tally = std::make_shared<Tally>();
  auto engine = build(kit::two_stages({}, GetParam().kind, tally), options());
  ASSERT_TRUE(engine->start().ok());
  for (std::uint64_t epoch = 1; epoch <= kEpochs; ++epoch) {
    ASSERT_EQ(engine->request_epoch(), Epoch{epoch});
    ASSERT_TRUE(kit::eventually([&] { return engine->completed_epoch() >= Epoch{epoch}; }))
        << kit::describe(engine->metrics());
  }
  engine->stop();
  const std::uint32_t tasks = GetParam().workers;
  for (std::uint32_t task = 0; task < tasks; ++task) {
    ASSERT_TRUE(tally->tasks[task].sound);
    ASSERT_EQ(tally->tasks[task].cuts.size(), kEpochs);
  }
  // Before a barrier there is a prefix of each source: as many records as its highest number says, none twice.
  for (std::size_t e = 0; e < kEpochs; ++e) {
    for (std::uint32_t origin = 0; origin < tasks; ++origin) {
      const Tally::Source cut = seen_of(*tally, origin, tasks, e);
      ASSERT_EQ(cut.count, cut.next * copies()) << "epoch " << e + 1 << " of source " << origin;
    }
  }
}

TEST_P(EngineThreads, DrainEndsAnEndlessJobWithNothingInFlight) {
  auto tally = std::make_shared<Tally>();
  auto engine = build(kit::two_stages({}, GetParam().kind, tally), options());
  ASSERT_TRUE(engine->start().ok());
  ASSERT_TRUE(kit::eventually([&] { return engine->metrics().records_read() > 1000; }));
  engine->drain();
  ASSERT_TRUE(engine->wait_for(kit::kHangsAfter)) << kit::describe(engine->metrics());
  for (const TaskMetrics& task : engine->metrics().tasks) {
    EXPECT_TRUE(task.finished);
    if (task.stage != "numbers") continue;
    const Tally::Source seen = seen_of(*tally, task.index, GetParam().workers, std::nullopt);
    EXPECT_EQ(seen.count, task.records_out * copies());
    EXPECT_EQ(seen.next, task.records_out);
  }
}

TEST_P(EngineThreads, SmallRingsWithExpandingRecordsNeitherHangNorReorder) {
  auto log = std::make_shared<Log>();
  auto engine =
      build(kit::two_stages({.count = 300}, GetParam().kind, log, kit::Repeat{37}), options());
  ASSERT_TRUE(engine->start().ok());
  ASSERT_TRUE(engine->wait_for(kit::kHangsAfter)) << kit::describe(engine->metrics());
  EXPECT_EQ(log->size(), 300 * 37 * GetParam().workers * copies());
  for (const Log::Task& task : log->tasks) {
    std::map<std::uint32_t, std::uint64_t> last;
    for (const Item& item : task.items) {
      ASSERT_GE(item.number, last[item.origin]);
      last[item.origin] = item.number;
    }
  }
}

std::vector<Load> loads() {
  std::vector<Load> result;
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    for (const std::size_t slots : {std::size_t{2}, std::size_t{16}, std::size_t{4096}}) {
      for (const ExchangeKind kind : {ExchangeKind::kForward, ExchangeKind::kHash,
                                      ExchangeKind::kBroadcast, ExchangeKind::kRebalance}) {
        result.push_back({workers, slots, kind});
      }
    }
  }
  return result;
}
INSTANTIATE_TEST_SUITE_P(WorkersRingsExchanges, EngineThreads, testing::ValuesIn(loads()),
                         [](const auto& load) {
                           return std::string(exchange_kind_name(load.param.kind)) + "_" +
                                  std::to_string(load.param.workers) + "w_" +
                                  std::to_string(load.param.ring_slots);
                         });

TEST(Engine, TwoInOneProcessDoNotKnowOfEachOther) {
  auto first_log = std::make_shared<Log>();
  auto second_log = std::make_shared<Log>();
  auto first =
      build(kit::two_stages({.count = 5000}, ExchangeKind::kHash, first_log), {.workers = 2});
  auto second =
      build(kit::two_stages({}, ExchangeKind::kHash, second_log, BreaksAt100{}), {.workers = 2});
  ASSERT_TRUE(first->start().ok());
  ASSERT_TRUE(second->start().ok());
  EXPECT_TRUE(first->wait_for(kit::kHangsAfter));
  EXPECT_TRUE(second->wait_for(kit::kHangsAfter));
  EXPECT_TRUE(first->status().ok()) << "the other's failure is not ours";
  EXPECT_FALSE(second->status().ok());
  EXPECT_EQ(first_log->size(), 10'000u);
  EXPECT_EQ(first->completed_epoch(), Epoch{0});
}

TEST(Engine, MetricsCanBeReadWhileItRuns) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({.count = 50'000}, ExchangeKind::kHash, log),
                      {.workers = 2, .ring_slots = 16});
  ASSERT_TRUE(engine->start().ok());
  std::uint64_t before = 0;
  while (!engine->wait_for(std::chrono::microseconds(100))) {
    const JobMetrics metrics = engine->metrics();
    ASSERT_EQ(metrics.tasks.size(), 4u);
    ASSERT_GE(metrics.records_read(), before);
    before = metrics.records_read();
    for (const TaskMetrics& task : metrics.tasks) ASSERT_LE(task.queued, task.queue_capacity);
  }
  const JobMetrics metrics = engine->metrics();
  EXPECT_EQ(metrics.records_read(), 100'000u);
  EXPECT_EQ(metrics.tasks[2].records_in + metrics.tasks[3].records_in, 100'000u);
  for (const WorkerMetrics& worker : metrics.workers) {
    EXPECT_NEAR(worker.busy_share + worker.blocked_share + worker.idle_share, 1.0, 1e-6);
  }
}

TEST(Engine, StopEndsWorkersThatSleepAndNoUserCodeRunsAfterIt) {
  auto tally = std::make_shared<Tally>();
  auto engine =
      build(kit::two_stages({}, ExchangeKind::kRebalance, tally), {.workers = 2, .ring_slots = 4});
  ASSERT_TRUE(engine->start().ok());
  ASSERT_TRUE(kit::eventually([&] { return engine->metrics().records_read() > 100; }));
  engine->stop();
  const std::uint64_t count = tally->tasks[0].sources[0].count;
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(tally->tasks[0].sources[0].count, count);
  EXPECT_TRUE(engine->wait().ok());
}

}  // namespace
}  // namespace penstock
