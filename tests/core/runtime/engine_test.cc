#include "penstock/core/runtime/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "penstock/tests/core/runtime/plan_kit.h"

namespace penstock {
namespace {

using kit::Item;
using kit::Log;
using kit::NumberSource;
using kit::Tally;
using testing::AllOf;
using testing::HasSubstr;

std::unique_ptr<Engine> build(const Plan& plan, EngineOptions options = {}) {
  options.seed = 1;
  Result<std::unique_ptr<Engine>> engine = Engine::build(plan, options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return engine.ok() ? std::move(*engine) : nullptr;
}

std::vector<std::uint64_t> numbers(const Log::Task& task) {
  std::vector<std::uint64_t> result;
  for (const Item& item : task.items) result.push_back(item.number);
  return result;
}

// ---- building ----

TEST(Engine, RefusesOptionsOutOfBoundsAndNamesThem) {
  const Plan plan = kit::two_stages({.count = 1}, ExchangeKind::kForward, std::make_shared<Log>());
  const auto message = [&](EngineOptions options) {
    return std::string(Engine::build(plan, options).status().message());
  };
  EXPECT_THAT(message({.workers = 0}),
              AllOf(HasSubstr("workers"), HasSubstr("0"), HasSubstr("1 to 256")));
  EXPECT_THAT(message({.workers = 257}), HasSubstr("257"));
  EXPECT_THAT(message({.batch_max = 0}), HasSubstr("batch_max"));
  EXPECT_THAT(message({.ring_slots = 48}),
              AllOf(HasSubstr("ring_slots"), HasSubstr("48"), HasSubstr("power of two")));
  EXPECT_THAT(message({.ring_slots = 1}), HasSubstr("ring_slots"));
}

TEST(Engine, RefusesAPlanThatCannotRun) {
  Plan plan;
  plan.add_stage("dangling");
  EXPECT_THAT(std::string(Engine::build(plan, {}).status().message()), HasSubstr("dangling"));
}

// ---- by hand ----

TEST(Engine, RunsByHandToTheEndAndKeepsTheOrder) {
  auto log = std::make_shared<Log>();
  auto engine =
      build(kit::two_stages({.count = 1000}, ExchangeKind::kForward, log), {.ring_slots = 4});
  ASSERT_TRUE(kit::run_by_hand(*engine));
  EXPECT_TRUE(engine->status().ok());
  ASSERT_EQ(log->tasks[0].items.size(), 1000u);
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(log->tasks[0].items[i], Item::of(0, i));
  EXPECT_EQ(log->tasks[0].watermarks, std::vector<EventTime>{kMaxEventTime})
      << "the true end of the input";
  EXPECT_TRUE(log->tasks[0].closed);
}

TEST(Engine, KeepsTheOrderWhenRecordsExpandFarBeyondTheRings) {
  auto log = std::make_shared<Log>();
  auto engine =
      build(kit::two_stages({.count = 20}, ExchangeKind::kForward, log, kit::Repeat{1000}),
            {.ring_slots = 2});
  ASSERT_TRUE(kit::run_by_hand(*engine));
  const auto seen = numbers(log->tasks[0]);
  ASSERT_EQ(seen.size(), 20'000u);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i / 1000);
  EXPECT_GT(engine->metrics().tasks[0].overflows, 0u);
}

TEST(Engine, AnExpansionOverTheQuotaEndsTheJobWithAStatusThatNamesTheStage) {
  auto log = std::make_shared<Log>();
  auto engine =
      build(kit::two_stages({.count = 1}, ExchangeKind::kForward, log, kit::Repeat{3'000'000}),
            {.ring_slots = 2});
  ASSERT_TRUE(kit::run_by_hand(*engine));
  EXPECT_EQ(engine->status().code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(engine->status().message()), HasSubstr("stage \"numbers\""));
}

TEST(Engine, DrainStopsTheSourceEmptiesTheRingsAndDoesNotEndTime) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log));
  for (int i = 0; i < 10; ++i) engine->step();
  engine->drain();
  ASSERT_TRUE(kit::run_by_hand(*engine));
  EXPECT_TRUE(log->tasks[0].watermarks.empty());
  EXPECT_EQ(log->tasks[0].items.size(), engine->metrics().tasks[0].records_out)
      << "nothing stays in the rings";
  EXPECT_TRUE(log->tasks[0].closed);
}

TEST(Engine, FinishEndsTime) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log));
  for (int i = 0; i < 10; ++i) engine->step();
  engine->finish();
  ASSERT_TRUE(kit::run_by_hand(*engine));
  EXPECT_EQ(log->tasks[0].watermarks, std::vector<EventTime>{kMaxEventTime});
}

TEST(Engine, StopClosesOperatorsButDropsWhatIsInFlight) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log));
  engine->step_task(0, 64);
  engine->stop();
  EXPECT_TRUE(log->tasks[0].items.empty());
  EXPECT_TRUE(log->tasks[0].closed);
  EXPECT_TRUE(engine->status().ok());
}

TEST(Engine, BarriersCutTheStreamWhereTheSourceStood) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log), {.ring_slots = 16});
  engine->step_task(0, 5);
  EXPECT_EQ(engine->request_epoch(), Epoch{1});
  EXPECT_EQ(engine->completed_epoch(), Epoch{0});
  engine->step_task(0, 1);  // The barrier; no record with it.
  engine->step_task(0, 2);
  for (int i = 0; i < 4; ++i) engine->step_task(1, 64);
  ASSERT_EQ(log->tasks[0].barriers.size(), 1u);
  EXPECT_EQ(log->tasks[0].barriers[0], std::pair(Epoch{1}, std::size_t{5}));
  EXPECT_EQ(log->tasks[0].items.size(), 7u);
  EXPECT_EQ(engine->completed_epoch(), Epoch{1});
}

// Records of the two sources of a union, and where they stood when a barrier left.
TEST(Engine, BarriersOfTwoInputsAlign) {
  Plan plan;
  auto log = std::make_shared<Log>();
  const StageId left = plan.add_stage("left");
  const StageId right = plan.add_stage("right");
  const StageId merged = plan.add_stage("union");
  kit::connect(plan, left, merged, ExchangeKind::kForward);
  kit::connect(plan, right, merged, ExchangeKind::kForward);
  kit::seal(plan, left, kit::from_source(NumberSource{}));
  kit::seal(plan, right, kit::from_source(NumberSource{}));
  kit::seal(plan, merged, kit::from_exchanges(), kit::Note(log));
  auto engine = build(plan, {.ring_slots = 16});
  engine->step_task(0, 3);
  engine->request_epoch();
  engine->step_task(0, 1);  // Left sends the barrier and goes on.
  engine->step_task(0, 4);
  for (int i = 0; i < 20; ++i) engine->step_task(2, 64);
  EXPECT_EQ(log->tasks[0].items.size(), 3u) << "left is blocked behind its barrier";
  engine->step_task(1, 1);  // Right's barrier, before its first record.
  engine->step_task(1, 2);
  for (int i = 0; i < 20; ++i) engine->step_task(2, 64);
  ASSERT_EQ(log->tasks[0].barriers.size(), 1u);
  EXPECT_EQ(log->tasks[0].barriers[0].second, 3u);
  EXPECT_EQ(log->tasks[0].items.size(), 9u);
}

TEST(Engine, ASourceThatHasEndedDoesNotHoldEpochsBack) {
  Plan plan;
  auto log = std::make_shared<Log>();
  const StageId bounded = plan.add_stage("bounded");
  const StageId endless = plan.add_stage("endless");
  const StageId merged = plan.add_stage("union");
  kit::connect(plan, bounded, merged, ExchangeKind::kForward);
  kit::connect(plan, endless, merged, ExchangeKind::kForward);
  kit::seal(plan, bounded, kit::from_source(NumberSource{.count = 1}));
  kit::seal(plan, endless, kit::from_source(NumberSource{}));
  kit::seal(plan, merged, kit::from_exchanges(), kit::Note(log));
  auto engine = build(plan);
  for (int i = 0; i < 20; ++i) engine->step();
  ASSERT_TRUE(engine->metrics().tasks[0].finished);
  engine->request_epoch();
  for (int i = 0; i < 20; ++i) engine->step();
  EXPECT_EQ(engine->completed_epoch(), Epoch{1});
  engine->drain();
  ASSERT_TRUE(kit::run_by_hand(*engine));
  EXPECT_EQ(engine->completed_epoch(), Epoch{1}) << "it does not fall back when all have finished";
}

// ---- failures ----

struct Thrower {
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
struct FailsToOpen {
  Status open(const TaskContext&) { return Status(StatusCode::kNotFound, "no such table"); }
  void on_record(const Record<Item>&, auto&&) noexcept {}
};
struct ThrowsInOpen {
  Status open(const TaskContext&) { throw std::runtime_error("open went wrong"); }
  void on_record(const Record<Item>&, auto&&) noexcept {}
};
struct ThrowsInClose {
  void on_record(const Record<Item>&, auto&&) noexcept {}
  Status close(auto&&) { throw std::runtime_error("close went wrong"); }
};
struct ThrowingSource {
  using Value = Item;
  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t, Instant, auto&) { throw std::runtime_error("wire cut"); }
};

class EngineFailure : public testing::TestWithParam<std::uint32_t> {
 protected:
  // The outcome of a job on GetParam() workers; 0: by hand.
  Status outcome(const Plan& plan) {
    EngineOptions options{.workers = std::max(1u, GetParam())};
    auto engine = build(plan, options);
    if (GetParam() == 0) {
      EXPECT_TRUE(kit::run_by_hand(*engine));
      engine->stop();
      return engine->status();
    }
    EXPECT_TRUE(engine->start().ok());
    EXPECT_TRUE(engine->wait_for(kit::kHangsAfter)) << kit::describe(engine->metrics());
    return engine->status();
  }
};

TEST_P(EngineFailure, OfAnOperatorEndsTheJobWithItsReasonAndTheStage) {
  const Status status =
      outcome(kit::two_stages({}, ExchangeKind::kForward, std::make_shared<Log>(), Thrower{}));
  EXPECT_EQ(status.code(), StatusCode::kUserError);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("stage \"numbers\""), HasSubstr("operator: broke at 100")));
}

TEST_P(EngineFailure, ToOpenEndsTheJobAndClosesWhatWasNeverOpened) {
  auto log = std::make_shared<Log>();
  const Status status = outcome(kit::two_stages({}, ExchangeKind::kForward, log, FailsToOpen{}));
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("stage \"numbers\""), HasSubstr("no such table")));
}

TEST_P(EngineFailure, ByExceptionInOpenOrCloseOrASourceEndsTheJobNotTheProcess) {
  auto log = std::make_shared<Log>();
  const Status opened = outcome(kit::two_stages({}, ExchangeKind::kForward, log, ThrowsInOpen{}));
  EXPECT_THAT(std::string(opened.message()),
              AllOf(HasSubstr("numbers"), HasSubstr("open went wrong")));
  const Status closed =
      outcome(kit::two_stages({.count = 5}, ExchangeKind::kForward, log, ThrowsInClose{}));
  EXPECT_THAT(std::string(closed.message()),
              AllOf(HasSubstr("numbers"), HasSubstr("close went wrong")));
  Plan plan;
  kit::seal(plan, plan.add_stage("wire"), kit::from_source(ThrowingSource{}));
  EXPECT_THAT(std::string(outcome(plan).message()),
              AllOf(HasSubstr("wire"), HasSubstr("wire cut")));
}

INSTANTIATE_TEST_SUITE_P(ByHandAndWithWorkers, EngineFailure, testing::Values(0u, 1u, 2u, 4u));

// ---- threads ----

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
      build(kit::two_stages({}, ExchangeKind::kHash, second_log, Thrower{}), {.workers = 2});
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

TEST(Engine, MayBeDestroyedWithoutEverHavingRun) {
  auto log = std::make_shared<Log>();
  auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log));
  engine.reset();
  EXPECT_FALSE(log->tasks[0].closed) << "what was not opened is not closed";
}

class NoThreads final : public Scheduler {
 public:
  Result<std::unique_ptr<ThreadHandle>> spawn(ThreadOptions options,
                                              std::function<void()> body) override {
    if (left_-- == 0)
      return Status(StatusCode::kResourceExhausted, "no thread for " + options.name);
    return real_->spawn(std::move(options), std::move(body));
  }
  explicit NoThreads(int left) : left_(left) {}

 private:
  int left_;
  std::unique_ptr<Scheduler> real_ = make_thread_scheduler();
};

TEST(Engine, AStartWithoutEnoughThreadsFailsAndEndsThoseThatRun) {
  for (const int threads : {0, 2}) {
    NoThreads scheduler(threads);
    auto log = std::make_shared<Log>();
    auto engine = build(kit::two_stages({}, ExchangeKind::kForward, log),
                        {.workers = 4, .scheduler = &scheduler});
    const Status status = engine->start();
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
    EXPECT_TRUE(engine->wait_for(kit::kHangsAfter));
    EXPECT_EQ(log->size(), 0u) << "nobody reads before everybody is open";
  }
}

}  // namespace
}  // namespace penstock
