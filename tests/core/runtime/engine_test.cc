#include "penstock/core/runtime/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "penstock/tests/core/runtime/plan_kit.h"

namespace penstock {
namespace {

using kit::build;
using kit::Item;
using kit::Log;
using kit::NumberSource;
using testing::AllOf;
using testing::HasSubstr;

std::vector<std::uint64_t> numbers(const Log::Task& task) {
  std::vector<std::uint64_t> result;
  result.reserve(task.items.size());
  for (const Item& item : task.items) result.push_back(item.number);
  return result;
}

// ---- building ----

TEST(Engine, RefusesOptionsOutOfBounds) {
  const Plan plan = kit::two_stages({.count = 1}, ExchangeKind::kForward, std::make_shared<Log>());
  EXPECT_THAT(std::string(Engine::build(plan, {.workers = 0}).status().message()),
              HasSubstr("workers"));
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
      outcome(kit::two_stages({}, ExchangeKind::kForward, std::make_shared<Log>(), BreaksAt100{}));
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
