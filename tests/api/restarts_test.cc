// Jobs that are started again by themselves: real threads, a real folder, and operators that fail as a test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

class HeardNotices final : public Notices {
 public:
  void post(const Notice& notice) noexcept override {
    const std::lock_guard lock(mutex_);
    texts_.push_back(notice.place + ": " + notice.text);
  }
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

// What all runs of a source share.
struct World {
  std::atomic<int> failures_left{0};
  Status failure{StatusCode::kUnavailable, "the broker is away"};
  std::atomic<std::int64_t> open_until{0};  // It hands out the numbers below, and waits for more.
};

// 0, 1, 2, ... and goes on where its snapshot says.
struct Numbers {
  using Value = std::int64_t;
  static constexpr std::int64_t kEnd = 100'000;
  std::shared_ptr<World> world;
  std::int64_t next = 0;

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant now, auto& emit) {
    PollResult result;
    const std::int64_t end = std::min(kEnd, world->open_until.load());
    for (; result.records < max && next < end && !emit.full(); ++result.records)
      emit(Record<std::int64_t>{next++, EventTime{next}});
    if (result.records == 0 && next == kEnd) result.state = SourceState::kEnded;
    if (result.records == 0 && next < kEnd) {
      result.state = SourceState::kWaiting;
      result.wake_at = now + 1ms;
    }
    return result;
  }
  void capture(Epoch, SnapshotWriter& out) {
    out.section("numbers", 1);
    out.add({reinterpret_cast<const char*>(&next), sizeof next});
  }
  Status restore(const SnapshotItem& item) {
    std::memcpy(&next, item.bytes.data(), sizeof next);
    return Status();
  }
};

// Adds up in state what comes; fails instead, now and then.
struct AddUp {
  using Output = std::int64_t;
  std::shared_ptr<World> world;
  ValueState<std::int64_t> sum;
  TaskFailure* failure = nullptr;

  void open(OperatorContext& context) {
    sum = context.value_state<std::int64_t>("sum");
    failure = context.task().failure;
  }
  void on_record(const Record<std::int64_t>& record,
                 CollectorOf<std::int64_t> auto&& out) noexcept {
    if (record.value % 1000 == 999 && world->failures_left.load() > 0) {
      --world->failures_left;
      return failure->set(world->failure);
    }
    std::int64_t& total = sum.get_or_create();
    total += record.value;
    if (record.value == Numbers::kEnd - 1) out.collect(Record<std::int64_t>{total, record.time});
  }
};

class Restarts : public testing::Test {
 protected:
  Restarts() {
    static std::atomic<int> number{0};
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("penstock-restarts-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    collect_into(job_.source(Numbers{.world = world_})
                     .key_by([](std::int64_t) { return std::uint32_t{1}; })
                     .process(AddUp{.world = world_, .sum = {}}),
                 sums_);
    world_->open_until = Numbers::kEnd;
  }
  ~Restarts() override { std::filesystem::remove_all(folder_); }

  Options options(std::uint32_t restarts) {
    Options run;
    run.notices = &notices_;
    run.checkpoint.directory = folder_.string();
    run.checkpoint.interval = 1ms;
    run.restarts.max = restarts;
    run.restarts.first_wait = 1ms;
    return run;
  }

  static constexpr std::int64_t kSum = Numbers::kEnd * (Numbers::kEnd - 1) / 2;
  std::filesystem::path folder_;
  std::shared_ptr<World> world_ = std::make_shared<World>();
  HeardNotices notices_;
  Job job_{"sum"};
  Collected<std::int64_t> sums_;
};

TEST_F(Restarts, GoOnFromTheNewestCheckpointAsIfNothingHadHappened) {
  world_->failures_left = 3;
  Result<JobHandle> handle = job_.start(options(3));
  ASSERT_TRUE(handle.ok()) << handle.status().to_string();
  ASSERT_TRUE(handle->wait_for(kHangsAfter));
  EXPECT_TRUE(handle->wait().ok()) << handle->wait().to_string();
  EXPECT_EQ(sums_.values().back(), kSum);
  EXPECT_EQ(handle->metrics().restarts, 3u);
  EXPECT_EQ(handle->metrics().records_read(), static_cast<std::uint64_t>(Numbers::kEnd));
  EXPECT_THAT(notices_.texts(),
              Contains(AllOf(HasSubstr("job \"sum\": failed"), HasSubstr("the broker is away"),
                             HasSubstr("start 2 of 3"), HasSubstr(" s, from"))));
}

TEST_F(Restarts, EndWithTheCauseWhenThereWereTooMany) {
  world_->failures_left = 3;
  Result<JobHandle> handle = job_.start(options(2));
  ASSERT_TRUE(handle.ok());
  ASSERT_TRUE(handle->wait_for(kHangsAfter));
  EXPECT_THAT(std::string(handle->wait().message()),
              AllOf(HasSubstr("started again 2 times"), HasSubstr("the broker is away")));
  EXPECT_EQ(handle->wait().code(), StatusCode::kUnavailable);
}

TEST_F(Restarts, AreNotTriedWhereTheJobWouldFailAgain) {
  world_->failures_left = 1;
  world_->failure = Status(StatusCode::kUserError, "a defect");
  Result<JobHandle> handle = job_.start(options(3));
  ASSERT_TRUE(handle.ok());
  ASSERT_TRUE(handle->wait_for(kHangsAfter));
  EXPECT_EQ(handle->wait().code(), StatusCode::kUserError);
  EXPECT_EQ(handle->metrics().restarts, 0u);
}

TEST_F(Restarts, AreRefusedWithAReasonWhereNothingIsKept) {
  world_->failures_left = 1;
  Options run = options(3);
  run.checkpoint.directory.clear();
  Result<JobHandle> handle = job_.start(run);
  ASSERT_TRUE(handle.ok());
  EXPECT_EQ(handle->wait().code(), StatusCode::kUnavailable);
  EXPECT_THAT(notices_.texts(), Contains(HasSubstr("not started again")));
}

TEST_F(Restarts, StopAndDrainEndTheWaitForOne) {
  for (const bool drain : {false, true}) {
    world_->failures_left = 1;
    Options run = options(3);
    run.restarts.first_wait = run.restarts.longest_wait = 1h;
    Result<JobHandle> handle = job_.start(run);
    ASSERT_TRUE(handle.ok());
    ASSERT_TRUE(eventually([&] { return world_->failures_left == 0; }));
    ASSERT_TRUE(eventually([&] { return !notices_.texts().empty(); }));
    drain ? handle->drain() : handle->stop();
    ASSERT_TRUE(handle->wait_for(kHangsAfter));
    EXPECT_EQ(handle->status().code(), StatusCode::kUnavailable);
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(Restarts, AHandleMayGoWhileOneIsWaitedFor) {
  world_->failures_left = 1;
  Options run = options(3);
  run.restarts.first_wait = run.restarts.longest_wait = 1h;
  {
    const Result<JobHandle> handle = job_.start(run);
    ASSERT_TRUE(handle.ok());
    ASSERT_TRUE(eventually([&] { return world_->failures_left == 0; }));
  }
  EXPECT_THAT(sums_.values(), IsEmpty());
}

TEST_F(Restarts, ASavepointHoldsAllThatTheJobHasDoneAndCanBeGoneBackTo) {
  world_->open_until = 5000;
  Epoch saved;
  {
    Result<JobHandle> handle = job_.start(options(3));
    ASSERT_TRUE(handle.ok());
    ASSERT_TRUE(eventually([&] { return handle->metrics().records_read() == 5000; }));
    const Result<Epoch> made = handle->savepoint();
    ASSERT_TRUE(made.ok()) << made.status().to_string();
    saved = *made;
    world_->open_until = Numbers::kEnd;
    ASSERT_TRUE(handle->wait_for(kHangsAfter));
    ASSERT_TRUE(handle->wait().ok());
    EXPECT_EQ(handle->savepoint().status().code(), StatusCode::kFailedPrecondition);
  }
  Options back = options(0);
  back.checkpoint.restore_from = saved;
  Result<JobHandle> handle = job_.start(back);
  ASSERT_TRUE(handle.ok()) << handle.status().to_string();
  ASSERT_TRUE(handle->wait().ok());
  EXPECT_EQ(handle->metrics().tasks.front().records_in_before, 5000u);
  EXPECT_EQ(sums_.values(), (std::vector<std::int64_t>{kSum, kSum}));
}

TEST_F(Restarts, ASavepointNeedsAFolder) {
  Options run = options(0);
  run.checkpoint.directory.clear();
  Result<JobHandle> handle = job_.start(run);
  ASSERT_TRUE(handle.ok());
  EXPECT_THAT(std::string(handle->savepoint().status().message()), HasSubstr("no folder"));
}

}  // namespace
}  // namespace penstock
