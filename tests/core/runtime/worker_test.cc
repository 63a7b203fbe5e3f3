#include "penstock/core/runtime/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "penstock/tests/core/runtime/plan_kit.h"

namespace penstock {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// A source whose records come from another thread: `offered` says how many there are.
struct Shared {
  std::atomic<std::uint64_t> offered{0};
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> polls{0};
};
class OfferedBody final : public StageBody {
 public:
  explicit OfferedBody(Shared& shared) : shared_(shared) {}

  Status open(const TaskContext&) override { return Status(); }
  std::size_t input_channels() const override { return 0; }
  bool ready() noexcept override { return true; }
  Turn poll(Instant, std::size_t budget) override {
    shared_.polls.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t taken = shared_.taken.load(std::memory_order_relaxed);
    const std::uint64_t there = shared_.offered.load(std::memory_order_seq_cst) - taken;
    if (there == 0) return nothing();
    const std::size_t count = std::min<std::size_t>(there, budget);
    shared_.taken.store(taken + count, std::memory_order_seq_cst);
    return {.kind = TurnKind::kData, .records = count, .channel = 0, .control = {}};
  }
  bool stop_reading() noexcept override { return false; }
  void block_channel(std::size_t, bool) noexcept override {}
  void watermark(EventTime) noexcept override {}
  void idle() noexcept override {}
  void barrier(Epoch) noexcept override {}
  bool end_batch(Instant, std::size_t) noexcept override { return false; }
  std::chrono::microseconds skew_limit() const noexcept override {
    return std::chrono::microseconds::max();
  }
  Instant wake_at() const noexcept override { return kNever; }
  Status close() override { return Status(); }
  bool flushed() noexcept override { return true; }
  void request_space() noexcept override {}
  std::size_t queued_elements() const noexcept override { return 0; }
  std::size_t queue_capacity() const noexcept override { return 0; }

  Instant wake_at_ = kNever;

 private:
  Turn nothing() const {
    Turn turn;
    turn.wake_at = wake_at_;
    return turn;
  }

  Shared& shared_;
};

struct WorkerKit {
  explicit WorkerKit(const Clock& clock, nanoseconds spin_limit = microseconds(1))
      : worker({.id = {3}, .spin_limit = spin_limit, .batch_max = 4}, clock) {
    auto own = std::make_unique<OfferedBody>(shared);
    body = own.get();
    task = std::make_unique<Task>(std::move(own), TaskContext{}, orders);
    worker.add_task(task.get());
    EXPECT_TRUE(worker.open_tasks().ok());
  }
  void offer(std::uint64_t count) {
    shared.offered.fetch_add(count, std::memory_order_seq_cst);
    worker.wake_if_parked();
  }

  Shared shared;
  TaskControl orders;
  OfferedBody* body = nullptr;
  std::unique_ptr<Task> task;
  Worker worker;
};

TEST(Worker, StepsByHandAndSaysWhatCameOfIt) {
  VirtualClock clock;
  WorkerKit kit(clock);
  EXPECT_EQ(kit.worker.step(), StepOutcome::kIdle);
  kit.offer(6);
  EXPECT_EQ(kit.worker.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.shared.taken, 4u) << "at most batch_max per step";
  EXPECT_EQ(kit.worker.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.worker.step(), StepOutcome::kIdle);
  kit.orders.source_command = SourceCommand::kDrain;
  EXPECT_EQ(kit.worker.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.worker.step(), StepOutcome::kFinished);
}

TEST(Worker, AccountsTimeToWhatTheStepBeforeItDid) {
  VirtualClock clock;
  WorkerKit kit(clock);
  kit.offer(4);
  kit.worker.step();  // Worked.
  clock.advance(nanoseconds(300));
  kit.worker.step();  // Idle.
  clock.advance(nanoseconds(100));
  kit.worker.step();
  const WorkerMetrics metrics = kit.worker.metrics();
  EXPECT_DOUBLE_EQ(metrics.busy_share, 0.75);
  EXPECT_DOUBLE_EQ(metrics.idle_share, 0.25);
  EXPECT_DOUBLE_EQ(metrics.blocked_share, 0);
  EXPECT_EQ(metrics.steps, 3u);
  EXPECT_EQ(metrics.worker, WorkerId{3});
}

TEST(Worker, NeverMissesAWakeUpHoweverOftenItParks) {
  RealClock clock;
  WorkerKit kit(clock, nanoseconds(0));  // Parks whenever it finds nothing.
  std::thread thread([&] { EXPECT_EQ(kit.worker.run(), StepOutcome::kFinished); });
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    kit.offer(1);
    ASSERT_TRUE(kit::eventually([&] {
      return kit.shared.taken.load(std::memory_order_seq_cst) == i;
    })) << "record "
        << i << " was never taken: a wake-up was lost";
  }
  kit.orders.source_command = SourceCommand::kDrain;
  kit.worker.wake();
  thread.join();
  EXPECT_GT(kit.worker.metrics().sleeps, 0u) << "it never slept: this test has shown nothing";
}

TEST(Worker, SleepsUntilTheDeadlineOfItsTasks) {
  RealClock clock;
  WorkerKit kit(clock, nanoseconds(0));
  // Far enough for the thread to come so far before: it does not sleep on a deadline that has passed.
  kit.body->wake_at_ = clock.now() + std::chrono::milliseconds(500);
  std::thread thread([&] { kit.worker.run(); });
  EXPECT_TRUE(kit::eventually([&] {
    return kit.worker.metrics().sleeps >= 1 && kit.shared.polls > 10;
  })) << "nobody wakes it but the deadline, which has passed by then";
  kit.worker.request_stop();
  thread.join();
}

TEST(Worker, AnIdleOneSleepsInsteadOfStepping) {
  RealClock clock;
  WorkerKit kit(clock, microseconds(1));
  std::thread thread([&] { kit.worker.run(); });
  ASSERT_TRUE(kit::eventually([&] { return kit.worker.metrics().sleeps == 1; }));
  const std::uint64_t steps = kit.worker.metrics().steps;
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_EQ(kit.worker.metrics().steps, steps);
  kit.worker.request_stop();
  thread.join();
}

TEST(Worker, AStopEndsItFromItsSleepAndAbandonClosesItsTasks) {
  RealClock clock;
  WorkerKit kit(clock, nanoseconds(0));
  std::thread thread([&] { EXPECT_EQ(kit.worker.run(), StepOutcome::kIdle); });
  ASSERT_TRUE(kit::eventually([&] { return kit.worker.metrics().sleeps > 0; }));
  kit.worker.request_stop();
  thread.join();
  kit.worker.abandon_tasks();
  EXPECT_TRUE(kit.task->done());
  EXPECT_EQ(kit.worker.failed_task(), nullptr);
}

}  // namespace
}  // namespace penstock
