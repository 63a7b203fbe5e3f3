#include "penstock/core/checkpoint/coordinator.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using std::chrono::milliseconds;

struct Commands final : EpochCommands {
  void request(Epoch epoch) noexcept override { requested = epoch; }
  void give_up(Epoch epoch) noexcept override { given_up = epoch; }
  void committed(Epoch epoch, bool last) noexcept override {
    durable = epoch;
    is_last = last;
  }
  void fail(const Status& status) noexcept override { failure = status; }
  std::uint64_t progress() const noexcept override { return done; }

  Epoch requested, given_up, durable;
  bool is_last = false;
  Status failure;
  std::uint64_t done = 1;
};

class CoordinatorTest : public testing::Test {
 protected:
  CoordinatorTest() { start(); }

  void start(Epoch from = {}) {
    coordinator_.reset();
    for (auto& port : ports_) port = std::make_unique<SnapshotPort>();
    coordinator_ =
        std::make_unique<CheckpointCoordinator>(CheckpointOptions{.directory = "/cp",
                                                                  .interval = milliseconds(100),
                                                                  .timeout = milliseconds(1000),
                                                                  .restore_from = from},
                                                files_, clock_, notices_, commands_);
    opened_ = coordinator_->open(
        "job", {{.stage = {0}, .name = "source", .task_count = 1, .operators = {}},
                {.stage = {1}, .name = "count", .task_count = 1, .operators = {}}});
    for (std::uint32_t i = 0; i < ports_.size(); ++i)
      coordinator_->add_task({{i}, 0, 1, ports_[i].get()});
  }
  void pass(milliseconds time) {
    clock_.advance(time);
    coordinator_->step(clock_.now());
  }
  void capture(std::size_t task, Epoch epoch, const std::string& item, bool ended = false) {
    ports_[task]->begin(epoch);
    SnapshotWriter writer(*ports_[task]);
    writer.select_operator("0");
    writer.section("s", 1);
    writer.add(item);
    writer.flush();
    ports_[task]->finish(ended);
    if (ended) ports_[task]->announce_end();
  }
  // For what another thread asks for.
  template <class Condition>
  bool step_until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      pass(milliseconds(0));
    }
    return true;
  }
  void epoch(const std::string& item) {
    ++commands_.done;
    pass(milliseconds(100));
    for (std::size_t task = 0; task < ports_.size(); ++task)
      capture(task, commands_.requested, item);
    pass(milliseconds(1));
  }
  std::string restored(std::uint32_t stage) {
    std::string all;
    const Status status = coordinator_->restore({stage}, [&](const SnapshotItem& item) {
      all += std::string(item.bytes) + ";";
      return Status();
    });
    EXPECT_TRUE(status.ok()) << status.to_string();
    return all;
  }

  SimFileSystem files_{1};
  VirtualClock clock_;
  checkpoint_kit::HeardNotices notices_;
  Commands commands_;
  std::array<std::unique_ptr<SnapshotPort>, 2> ports_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;
  Status opened_;
};

TEST_F(CoordinatorTest, MakesAnEpochDurableWhenAllTasksHaveCapturedIt) {
  pass(milliseconds(99));
  EXPECT_EQ(commands_.requested, Epoch{});
  pass(milliseconds(1));
  EXPECT_EQ(commands_.requested, Epoch{1});
  capture(0, {1}, "zero");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, Epoch{});
  capture(1, {1}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, Epoch{1});
  EXPECT_FALSE(commands_.is_last);
  EXPECT_EQ(coordinator_->metrics().completed, 1U);
  EXPECT_EQ(coordinator_->metrics().newest_at, clock_.now());
  files_.crash();
  start();
  EXPECT_EQ(coordinator_->restored(), Epoch{1});
  EXPECT_EQ(restored(0), "zero;");
  EXPECT_EQ(restored(1), "one;");
}

TEST_F(CoordinatorTest, PublishesOnlyWhatIsDurableAndBeforeItSaysSo) {
  Epoch durable_at_publication{99};
  pass(milliseconds(100));
  ports_[0]->begin({1});
  ports_[0]->after_commit([&] {
    durable_at_publication = commands_.durable;
    return Status();
  });
  capture(0, {1}, "zero");
  pass(milliseconds(1));
  EXPECT_EQ(durable_at_publication, Epoch{99});
  capture(1, {1}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(durable_at_publication, Epoch{});
  EXPECT_EQ(commands_.durable, Epoch{1});
}

TEST_F(CoordinatorTest, GivesUpAnEpochThatTakesTooLongAndSaysWhoIsMissing) {
  pass(milliseconds(100));
  capture(0, {1}, "zero");
  pass(milliseconds(1000));
  EXPECT_EQ(commands_.given_up, Epoch{1});
  ASSERT_FALSE(notices_.texts.empty());
  EXPECT_NE(notices_.texts.back().find("count/0"), std::string::npos) << notices_.texts.back();
  pass(milliseconds(100));
  EXPECT_EQ(commands_.requested, Epoch{2});
  capture(1, {1}, "late");
  capture(0, {2}, "zero");
  capture(1, {2}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, Epoch{2});
  start();
  EXPECT_EQ(restored(1), "one;");
}

TEST_F(CoordinatorTest, ADiskThatFailsCostsAnEpochAndNotTheJob) {
  pass(milliseconds(100));
  files_.fail_call(sim::CallKind::kSync, 0, ENOSPC, SimFileSystem::Repeat::kForever);
  capture(0, {1}, "zero");
  capture(1, {1}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.given_up, Epoch{1});
  EXPECT_EQ(coordinator_->metrics().failed, 1U);
  EXPECT_TRUE(commands_.failure.ok());
  files_.clear_faults();
  pass(milliseconds(200));
  const Epoch next = commands_.requested;
  ASSERT_GT(next, Epoch{1});
  capture(0, next, "zero");
  capture(1, next, "one");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, next);
}

TEST_F(CoordinatorTest, AsksForNoEpochWhileNothingHappens) {
  pass(milliseconds(100));
  capture(0, {1}, "zero");
  capture(1, {1}, "one");
  pass(milliseconds(1));
  for (int i = 0; i < 20; ++i) pass(milliseconds(100));
  EXPECT_EQ(commands_.requested, Epoch{1});
  ++commands_.done;
  pass(milliseconds(1));
  EXPECT_EQ(commands_.requested, Epoch{2});
}

TEST_F(CoordinatorTest, TheLastEpochComesAtOnceWhenAllTasksHaveEnded) {
  ports_[0]->announce_end();
  ports_[1]->announce_end();
  pass(milliseconds(1));
  ASSERT_EQ(commands_.requested, Epoch{1});
  capture(0, {1}, "zero", true);
  capture(1, {1}, "one", true);
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, Epoch{1});
  EXPECT_TRUE(commands_.is_last);
  pass(milliseconds(1000));
  EXPECT_EQ(commands_.requested, Epoch{1}) << "there is nothing behind the last one";
}

TEST_F(CoordinatorTest, AnEpochWithATaskThatRunsIsNotTheLast) {
  pass(milliseconds(100));
  capture(0, {1}, "zero", true);
  capture(1, {1}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(commands_.durable, Epoch{1});
  EXPECT_FALSE(commands_.is_last);
}

TEST_F(CoordinatorTest, TheJobFailsWhenItsLastEpochCannotBecomeDurable) {
  files_.fail_call(sim::CallKind::kSync, 0, EIO, SimFileSystem::Repeat::kForever);
  ports_[0]->announce_end();
  ports_[1]->announce_end();
  for (int i = 0; i < 50 && commands_.failure.ok(); ++i) {
    pass(milliseconds(100));
    capture(0, commands_.requested, "zero", true);
    capture(1, commands_.requested, "one", true);
  }
  EXPECT_FALSE(commands_.failure.ok());
}

TEST_F(CoordinatorTest, ANamedEpochIsTakenOrRefused) {
  for (int i = 0; i < 2; ++i) {
    ++commands_.done;
    pass(milliseconds(100));
    capture(0, commands_.requested, "zero" + std::to_string(i));
    capture(1, commands_.requested, "one");
    pass(milliseconds(1));
  }
  start({1});
  EXPECT_EQ(restored(0), "zero0;");
  start({77});
  EXPECT_FALSE(opened_.ok());
}

TEST_F(CoordinatorTest, ASavepointBeginsAtOnceThoughNothingWasToDoAndStays) {
  commands_.done = 0;
  pass(milliseconds(100));
  capture(0, commands_.requested, "zero");
  capture(1, commands_.requested, "one");
  pass(milliseconds(1));
  const Epoch before = commands_.requested;
  std::jthread asks([&] {
    const Result<Epoch> made = coordinator_->savepoint(std::chrono::seconds(60));
    ASSERT_TRUE(made.ok()) << made.status().to_string();
    EXPECT_EQ(made->value, before.value + 1);
  });
  ASSERT_TRUE(step_until([&] { return commands_.requested != before; }));
  capture(0, commands_.requested, "zero");
  capture(1, commands_.requested, "one");
  pass(milliseconds(1));
  asks.join();
  const Epoch saved = commands_.durable;
  for (int i = 0; i < 5; ++i) epoch("later");
  EXPECT_TRUE(files_.exists("/cp/" + checkpoint_name(saved)));
  EXPECT_FALSE(files_.exists("/cp/" + checkpoint_name(before)));
  start(saved);
  EXPECT_EQ(restored(0), "zero;");
}

TEST_F(CoordinatorTest, ASavepointThatIsGivenUpSaysWhy) {
  std::jthread asks([&] {
    const Result<Epoch> made = coordinator_->savepoint(std::chrono::seconds(60));
    EXPECT_NE(made.status().message().find("count/0"), std::string_view::npos)
        << made.status().to_string();
  });
  ASSERT_TRUE(step_until([&] { return commands_.requested != Epoch{}; }));
  capture(0, commands_.requested, "zero");
  pass(milliseconds(1000));
  asks.join();
}

TEST_F(CoordinatorTest, NobodyWaitsForASavepointOfAJobThatHasEnded) {
  capture(0, {1}, "zero", true);
  capture(1, {1}, "one", true);
  pass(milliseconds(1));
  capture(0, {1}, "zero", true);
  capture(1, {1}, "one", true);
  pass(milliseconds(1));
  ASSERT_TRUE(commands_.is_last);
  EXPECT_EQ(coordinator_->savepoint(std::chrono::seconds(60)).status().code(),
            StatusCode::kFailedPrecondition);
}

TEST_F(CoordinatorTest, AFileInTheFolderAsksForASavepointUntilOneIsComplete) {
  commands_.done = 0;
  ASSERT_TRUE(write_savepoint_request(files_, "/cp", "abc1").ok());
  pass(milliseconds(500));
  ASSERT_EQ(commands_.requested, Epoch{1});
  pass(milliseconds(1000));  // Given up: the tasks are too slow.
  EXPECT_EQ(read_savepoint_request(files_, "/cp").value(), "abc1");
  pass(milliseconds(100));
  ASSERT_EQ(commands_.requested, Epoch{2});
  capture(0, {2}, "zero");
  capture(1, {2}, "one");
  pass(milliseconds(1));
  EXPECT_EQ(read_savepoint_request(files_, "/cp").status().code(), StatusCode::kNotFound);
  const Manifest made = CheckpointFolder(files_, "/cp").read_manifest({2}).value();
  EXPECT_TRUE(made.savepoint);
  ASSERT_NE(made.property(kSavepointRequestProperty), nullptr);
  EXPECT_EQ(*made.property(kSavepointRequestProperty), "abc1");
}

TEST_F(CoordinatorTest, ARequestThatComesDuringASavepointGetsOneOfItsOwn) {
  ASSERT_TRUE(write_savepoint_request(files_, "/cp", "first").ok());
  pass(milliseconds(500));
  ASSERT_TRUE(write_savepoint_request(files_, "/cp", "second").ok());
  for (const Epoch each : {Epoch{1}, Epoch{2}}) {
    ASSERT_EQ(commands_.requested, each);
    capture(0, each, "zero");
    capture(1, each, "one");
    pass(milliseconds(500));
    pass(milliseconds(1));
  }
  const CheckpointFolder folder(files_, "/cp");
  EXPECT_EQ(*folder.read_manifest({1}).value().property(kSavepointRequestProperty), "first");
  EXPECT_EQ(*folder.read_manifest({2}).value().property(kSavepointRequestProperty), "second");
}

TEST_F(CoordinatorTest, AFileThatIsNoRequestIsRemovedWithANotice) {
  const auto file = files_.open_for_writing("/cp/SAVEPOINT", WriteMode::kCreateNew);
  ASSERT_TRUE((*file)->append("../../etc/passwd\n").ok());
  pass(milliseconds(500));
  EXPECT_FALSE(files_.exists("/cp/SAVEPOINT"));
  EXPECT_NE(notices_.texts.back().find("SAVEPOINT"), std::string::npos);
}

TEST(RestoreChoice, IsReadAsPeopleWriteIt) {
  CheckpointOptions options;
  EXPECT_TRUE(read_restore_choice("e-17", options).ok());
  EXPECT_EQ(options.restore_from, Epoch{17});
  EXPECT_TRUE(read_restore_choice("none", options).ok());
  EXPECT_TRUE(options.begin_anew);
  EXPECT_EQ(options.restore_from, Epoch{});
  EXPECT_TRUE(read_restore_choice("18", options).ok());
  EXPECT_FALSE(options.begin_anew);
  EXPECT_EQ(options.restore_from, Epoch{18});
  EXPECT_TRUE(read_restore_choice("newest", options).ok());
  EXPECT_EQ(options.restore_from, Epoch{});
  for (const char* wrong : {"", "0", "e-0", "e-", "-1", "17 ", "oldest"})
    EXPECT_EQ(read_restore_choice(wrong, options).code(), StatusCode::kInvalidArgument) << wrong;
}

TEST_F(CoordinatorTest, EpochsAreNeverReused) {
  pass(milliseconds(100));
  EXPECT_EQ(commands_.requested, Epoch{1});
  files_.crash();
  start();
  EXPECT_EQ(coordinator_->restored(), Epoch{});
  EXPECT_GE(coordinator_->base_epoch(), Epoch{1});
}

// A task that opens slowly would otherwise take the first epoch for one that it has passed.
TEST_F(CoordinatorTest, WhatTasksBeginWithStaysWhenAnEpochIsRequestedBeforeTheyAreOpen) {
  const Epoch before = coordinator_->base_epoch();
  pass(milliseconds(100));
  EXPECT_EQ(commands_.requested, Epoch{1});
  EXPECT_EQ(coordinator_->base_epoch(), before);
  EXPECT_LT(before, commands_.requested);
}

}  // namespace
}  // namespace penstock
