// Jobs that go on from a checkpoint, by hand on a virtual clock and a simulated disk: what goes on with them, and what
// they say where they have changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/io/json/json.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

struct Visit {
  std::uint32_t shop = 0;
  std::int64_t at = 0;
};
constexpr auto penstock_json_fields(Tag<Visit>) {
  return json::fields(json::field("shop", &Visit::shop), json::field("at", &Visit::at));
}

constexpr int kLines = 3000;
constexpr int kBroken = 30;  // Of these.
constexpr int kLate = 50;

// Each hundredth line is broken, some others come far too late.
std::vector<std::string> lines() {
  std::vector<std::string> all;
  for (int i = 0; i < kLines; ++i) {
    const bool late = i > 1000 && i % 40 == 1;
    const std::int64_t at = late ? 5 : 10 * (i + 1);
    all.push_back(i % 100 == 50 ? "{broken"
                                : "{\"shop\":" + std::to_string(i % 7) +
                                      ",\"at\":" + std::to_string(at) + "}");
  }
  return all;
}

struct Counted {
  using Output = ShopCount;
  std::string state = "count";
  ValueState<std::int64_t> count;
  void open(OperatorContext& context) { count = context.value_state<std::int64_t>(state); }
  void on_record(const Record<Visit>& record, CollectorOf<ShopCount> auto&& out) noexcept {
    out.collect(Record<ShopCount>{{record.value.shop, ++count.get_or_create()}, record.time});
  }
};

struct Shape {
  std::uint32_t tasks = 1;
  bool with_windows = true;
  bool with_time = true;
  std::string state = "count";
};

// Lines that are decoded and shared by a stage of windows and one of counts.
struct ShopJob {
  Job job{"shops"};
  Collected<ShopCount> counts;

  explicit ShopJob(const Shape& shape = {}) {
    auto read = job.source(memory_source(lines()), json::decoder<Visit>(),
                           {.on_error = ErrorPolicy::kSkip});
    if (shape.with_time) {
      go_on(std::move(read).event_time([](const Visit& v) { return EventTime{v.at}; }), shape);
    } else {
      go_on(std::move(read), shape);
    }
  }

 private:
  template <class Visits>
  void go_on(Visits of_time, const Shape& shape) {
    auto visits = std::move(of_time).share();
    if (shape.with_windows) {
      visits.read()
          .key_by(&Visit::shop)
          .named("windows")
          .parallelism(shape.tasks)
          .window(tumbling(100us))
          .count()
          .for_each([](const auto&) {});
    }
    collect_into(visits.read()
                     .key_by(&Visit::shop)
                     .named("counts")
                     .parallelism(shape.tasks)
                     .process(Counted{.state = shape.state, .count = {}}),
                 counts);
  }
};

class RestoredJob : public testing::Test {
 protected:
  Options options() {
    Options run;
    run.clock = &clock_;
    run.file_system = files_.get();
    run.notices = &notices_;
    run.batch_max = 16;
    run.seed = 1;
    run.checkpoint.directory = "/cp";
    run.checkpoint.interval = 1ms;
    return run;
  }
  // Until `epochs` are complete, and then some records more, of which no snapshot knows.
  static bool run_into_the_third_epoch(JobHandle& handle, VirtualClock& clock) {
    for (int i = 0; i < 100'000 && handle.metrics().checkpoints.completed < 3; ++i) {
      if (handle.poll() == StepOutcome::kFailed) return false;
      clock.advance(500us);
    }
    const std::uint64_t read = handle.metrics().records_read();
    for (int i = 0; i < 5; ++i) (void)handle.poll();
    const JobMetrics then = handle.metrics();
    return then.checkpoints.completed >= 3 && then.records_read() > read &&
           then.records_read() < kLines;
  }
  void crash(const Shape& shape = {}) {
    const ShopJob first(shape);
    Result<JobHandle> handle = first.job.open(options());
    ASSERT_TRUE(handle.ok()) << handle.status().to_string();
    ASSERT_TRUE(run_into_the_third_epoch(*handle, clock_));
    handle->stop();
    notices_.texts.clear();
  }
  Status run_to_the_end(const Job& job, const Options& run, JobMetrics* metrics = nullptr) {
    Result<JobHandle> handle = job.open(run);
    if (!handle.ok()) return handle.status();
    StepOutcome outcome = StepOutcome::kWorked;
    for (int i = 0; i < 1'000'000 && outcome != StepOutcome::kFinished; ++i) {
      outcome = handle->poll();
      if (outcome == StepOutcome::kFailed) break;
      clock_.advance(50us);
    }
    if (metrics != nullptr) *metrics = handle->metrics();
    if (outcome != StepOutcome::kFinished && handle->status().ok())
      return Status::internal("the job did not end");
    return handle->status();
  }

  std::unique_ptr<SimFileSystem> files_ = std::make_unique<SimFileSystem>(1);
  VirtualClock clock_;
  checkpoint_kit::HeardNotices notices_;
};

// Of all stages but the windows: those get what has been added up, and how much that is hangs on where epochs are cut.
std::map<std::string, std::uint64_t> records_in(const JobMetrics& metrics) {
  std::map<std::string, std::uint64_t> sums;
  for (const TaskMetrics& task : metrics.tasks) sums[task.stage] += task.records_in;
  sums.erase("windows");
  return sums;
}

TEST_F(RestoredJob, CountsEachRecordOnceOverACrash) {
  JobMetrics whole;
  {
    Options no_checkpoints = options();
    no_checkpoints.checkpoint = {};
    ASSERT_TRUE(run_to_the_end(ShopJob().job, no_checkpoints, &whole).ok());
  }
  ASSERT_EQ(whole.errors(), kBroken);
  ASSERT_EQ(whole.late(), kLate);
  for (const std::uint32_t tasks : {1u, 3u}) {
    crash({.tasks = 2});
    const ShopJob second({.tasks = tasks});
    JobMetrics metrics;
    const Status status = run_to_the_end(second.job, options(), &metrics);
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(metrics.records_read(), kLines);
    EXPECT_GT(metrics.records_read_before(), 0u);
    EXPECT_LT(metrics.records_read_before(), kLines);
    EXPECT_EQ(metrics.errors(), kBroken);
    EXPECT_EQ(metrics.skipped(), kBroken);
    EXPECT_EQ(metrics.late(), kLate);
    EXPECT_EQ(records_in(metrics), records_in(whole)) << tasks << " tasks";
    files_ = std::make_unique<SimFileSystem>(1);
  }
}

TEST_F(RestoredJob, SaysNothingOfAJobThatIsTheSame) {
  crash();
  ASSERT_TRUE(run_to_the_end(ShopJob().job, options()).ok());
  EXPECT_THAT(notices_.texts, Contains(HasSubstr("going on from epoch")));
  EXPECT_THAT(notices_.texts, Each(Not(HasSubstr("changed"))));
}

TEST_F(RestoredJob, ListsWhatIsKeptRescaledAndBeginsAnew) {
  crash({.tasks = 2, .with_windows = false});
  ASSERT_TRUE(run_to_the_end(ShopJob({.tasks = 4}).job, options()).ok());
  EXPECT_THAT(notices_.texts, Contains(AllOf(HasSubstr("the job has changed"), HasSubstr("kept: "),
                                             HasSubstr("stage \"counts\" from 2 to 4 tasks"),
                                             HasSubstr("begins anew: stage \"windows\""))));
}

TEST_F(RestoredJob, RefusesToDropTheStateOfAStageUnlessItIsAllowed) {
  crash();
  const ShopJob changed({.with_windows = false});
  const Status refused = run_to_the_end(changed.job, options());
  EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("stage \"windows\""), HasSubstr("--allow-dropped-state")));
  Options allowed = options();
  allowed.checkpoint.allow_dropped_state = true;
  const Status status = run_to_the_end(changed.job, allowed);
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(notices_.texts, Contains(HasSubstr("dropped: stage \"windows\"")));
}

TEST_F(RestoredJob, RefusesToDropAStateOfAnOperatorUnlessItIsAllowed) {
  crash();
  const ShopJob changed({.state = "other"});
  const Status refused = run_to_the_end(changed.job, options());
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("state 'count'"), HasSubstr("--allow-dropped-state")));
  Options allowed = options();
  allowed.checkpoint.allow_dropped_state = true;
  const Status status = run_to_the_end(changed.job, allowed);
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(notices_.texts, Contains(HasSubstr("dropped: state 'count'")));
}

TEST_F(RestoredJob, RefusesToDropTheStateOfAnOperatorThatIsGoneUnlessItIsAllowed) {
  crash({.with_windows = false});
  const ShopJob changed({.with_windows = false, .with_time = false});
  const Status refused = run_to_the_end(changed.job, options());
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("operator 0"), HasSubstr("--allow-dropped-state")));
  Options allowed = options();
  allowed.checkpoint.allow_dropped_state = true;
  const Status status = run_to_the_end(changed.job, allowed);
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(notices_.texts, Contains(HasSubstr("dropped: state of operator 0 of stage")));
}

TEST_F(RestoredJob, EndsWithTheSameReasonAsARunningOneWhenItsStateNeedsTooMuchMemory) {
  crash();
  Options small = options();
  small.state_keys_max = 3;
  const Status restored = run_to_the_end(ShopJob().job, small);
  EXPECT_EQ(restored.code(), StatusCode::kResourceExhausted) << restored.to_string();
  small.checkpoint = {};
  const Status running = run_to_the_end(ShopJob().job, small);
  EXPECT_EQ(running.code(), StatusCode::kResourceExhausted) << running.to_string();
}

}  // namespace
}  // namespace penstock
