// Goal: whatever the disk does, the newest checkpoint whose commit() returned is found again, or a newer complete one,
// never a broken one; and an error costs one epoch. Method: a simulated disk that fails, or ends in a crash, at each of
// its calls in turn.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/core/checkpoint/checkpoint_store.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using checkpoint_kit::check_content;
using checkpoint_kit::HeardNotices;
using checkpoint_kit::write_checkpoint;
using sim::CallKind;

struct Course {
  std::uint64_t committed = 0;  // The newest epoch whose commit() returned OK.
  std::uint64_t begun = 0;      // The newest number that was used.
  std::uint64_t incarnation = 0;
  std::set<std::uint64_t> gone;  // Epochs that the store says will never be found.
  int failed = 0;
};

// Opens the store and writes epochs, garbage collected after each, whatever fails.
void run_epochs(SimFileSystem& disk, int epochs, Course& course) {
  HeardNotices notices;
  CheckpointStore store(disk, "a/job", {2}, notices);
  if (!store.open().ok()) {
    ++course.failed;
    return;
  }
  EXPECT_GT(store.incarnation(), course.incarnation);
  course.incarnation = store.incarnation();
  for (int i = 0; i < epochs; ++i) {
    const Epoch epoch = store.next_epoch();
    EXPECT_GT(epoch.value, course.begun);
    const Status status = write_checkpoint(store, epoch);
    course.begun = store.next_epoch().value - 1;
    if (status.ok()) {
      course.committed = epoch.value;
      store.collect_garbage();
    } else {
      ++course.failed;
      EXPECT_FALSE(status.message().empty());
      const bool was_begun = store.next_epoch() > epoch;
      if (was_begun && store.abort(epoch).ok()) course.gone.insert(epoch.value);
    }
  }
}

// Opens the store on a disk that is well again.
void expect_newest(SimFileSystem& disk, const Course& course, const std::string& where) {
  HeardNotices notices;
  CheckpointStore store(disk, "a/job", {2}, notices);
  ASSERT_EQ(store.open().to_string(), "ok") << where;
  EXPECT_GT(store.incarnation(), course.incarnation) << where;
  EXPECT_GT(store.next_epoch().value, course.begun) << where;
  const auto found = store.load_newest();
  ASSERT_TRUE(found.ok()) << where << ": " << found.status().to_string();
  EXPECT_EQ(notices.texts, std::vector<std::string>()) << where;
  const auto all = store.folder().list();
  for (const FoundCheckpoint& one : all.value()) {
    EXPECT_EQ(store.load(one.epoch).status().to_string(), "ok") << where;
    EXPECT_FALSE(course.gone.contains(one.epoch.value)) << where;
  }
  const std::uint64_t epoch = found->has_value() ? (*found)->epoch.value : 0;
  EXPECT_GE(epoch, course.committed) << where;
  if (epoch != 0) {
    EXPECT_EQ(check_content(store.folder(), **found).to_string(), "ok") << where;
  }
  EXPECT_EQ(write_checkpoint(store, store.next_epoch()).to_string(), "ok") << where;
}

std::uint64_t calls_of(int epochs) {
  SimFileSystem disk(1);
  Course course;
  run_epochs(disk, epochs, course);
  EXPECT_EQ(course.failed, 0);
  return disk.calls();
}

TEST(CheckpointFaults, ACrashAtAnyCallLeavesTheNewestCompleteOne) {
  const std::uint64_t calls = calls_of(4);
  for (std::uint64_t seed = 0; seed < rounds(40); ++seed) {
    for (std::uint64_t call = 0; call <= calls; ++call) {
      SimFileSystem disk(seed);
      disk.fail_call(call, EIO, SimFileSystem::Repeat::kForever);
      Course course;
      run_epochs(disk, 4, course);
      disk.clear_faults();
      disk.crash();
      expect_newest(disk, course, "seed " + std::to_string(seed) + " call " + std::to_string(call));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CheckpointFaults, CrashAfterCrashLosesNothing) {
  const std::uint64_t calls = calls_of(3);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimFileSystem disk(seed);
    Random random(seed);
    Course course;
    for (int crash = 0; crash < 6; ++crash) {
      disk.fail_call(disk.calls() + random.below(calls), EIO, SimFileSystem::Repeat::kForever);
      run_epochs(disk, 4, course);
      disk.clear_faults();
      disk.crash();
    }
    expect_newest(disk, course, "seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
  }
}

TEST(CheckpointFaults, AnErrorAtAnyCallCostsOneEpochAndNotTheLastGoodOne) {
  const std::uint64_t calls = calls_of(4);
  for (const int error : {EIO, ENOSPC}) {
    for (std::uint64_t call = 0; call < calls; ++call) {
      SimFileSystem disk(call);
      disk.fail_call(call, error);
      Course course;
      run_epochs(disk, 4, course);
      EXPECT_LE(course.failed, 1) << "call " << call;
      disk.crash();
      expect_newest(disk, course,
                    "error " + std::to_string(error) + " call " + std::to_string(call));
      if (HasFatalFailure()) return;
    }
  }
}

// The next start is cut off as well, at each of its calls.
TEST(CheckpointFaults, ACrashWhileStartingAfterACrashLosesNothing) {
  const std::uint64_t calls = calls_of(3);
  for (std::uint64_t call = 0; call <= calls; ++call) {
    for (std::uint64_t later = 0, calls_at_start = 1; later < calls_at_start; ++later) {
      SimFileSystem disk(call * 100 + later);
      Course course;
      disk.fail_call(call, EIO, SimFileSystem::Repeat::kForever);
      run_epochs(disk, 3, course);
      disk.clear_faults();
      disk.crash();
      const std::uint64_t before = disk.calls();
      disk.fail_call(before + later, EIO, SimFileSystem::Repeat::kForever);
      run_epochs(disk, 0, course);
      calls_at_start = disk.calls() - before;
      disk.clear_faults();
      disk.crash();
      expect_newest(disk, course, "calls " + std::to_string(call) + ", " + std::to_string(later));
      if (HasFatalFailure()) return;
    }
  }
}

// What is done about an error fails as well.
TEST(CheckpointFaults, TwoErrorsInARowLoseNothing) {
  const std::uint64_t calls = calls_of(3);
  std::size_t in_doubt = 0;
  for (std::uint64_t call = 0; call < calls; ++call) {
    for (std::uint64_t later = 1; later <= rounds(20); ++later) {
      SimFileSystem disk(call * 100 + later);
      Course course;
      disk.fail_call(call, EIO);
      disk.fail_call(call + later, EIO);
      run_epochs(disk, 4, course);
      in_doubt += static_cast<std::size_t>(course.failed) > course.gone.size() ? 1 : 0;
      disk.clear_faults();
      disk.crash();
      expect_newest(disk, course, "calls " + std::to_string(call) + ", +" + std::to_string(later));
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(in_doubt, 0u);
}

TEST(CheckpointFaults, AnErrorOfEachKindFailsAnEpochOrIsSaid) {
  for (int kind = 0; kind < sim::kCallKinds; ++kind) {
    SimFileSystem disk(1);
    Course course;
    run_epochs(disk, 4, course);
    const auto of_kind = static_cast<CallKind>(kind);
    if (of_kind == CallKind::kTruncate) continue;  // Not used here.
    const std::uint64_t before = disk.calls(of_kind);
    disk.fail_call(of_kind, before, EIO, SimFileSystem::Repeat::kForever);
    const std::uint64_t committed = course.committed;
    run_epochs(disk, 2, course);
    EXPECT_GT(disk.calls(of_kind), before) << kind;
    EXPECT_TRUE(course.failed > 0 || of_kind == CallKind::kRemove || of_kind == CallKind::kList)
        << kind;
    disk.clear_faults();
    disk.crash();
    expect_newest(disk, course, "kind " + std::to_string(kind));
    EXPECT_GE(course.committed, committed);
  }
}

TEST(CheckpointFaults, ACrashWhileOneIsRemovedLeavesNoneWithoutItsFiles) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t call = 0; call < 10; ++call) {
      SimFileSystem disk(seed);
      Course course;
      run_epochs(disk, 2, course);
      const CheckpointFolder folder(disk, "a/job");
      disk.fail_call(disk.calls() + call, EIO, SimFileSystem::Repeat::kForever);
      static_cast<void>(folder.remove({1}).ok());
      disk.clear_faults();
      disk.crash();
      const std::string where = "seed " + std::to_string(seed) + " call " + std::to_string(call);
      expect_newest(disk, course, where);
      if (HasFatalFailure()) return;
    }
  }
}

// A full disk for a while: nothing works, nothing is lost, and it goes on when there is room.
TEST(CheckpointFaults, GoesOnWhenTheDiskHasRoomAgain) {
  SimFileSystem disk(3);
  HeardNotices notices;
  CheckpointStore store(disk, "a/job", {2}, notices);
  ASSERT_TRUE(store.open().ok());
  ASSERT_TRUE(write_checkpoint(store, store.next_epoch()).ok());
  disk.fail_call(CallKind::kAppend, disk.calls(CallKind::kAppend) + 2, ENOSPC,
                 SimFileSystem::Repeat::kForever);
  for (int i = 0; i < 100; ++i) {  // More than the numbers that one write puts aside.
    const Epoch epoch = store.next_epoch();
    const Status status = write_checkpoint(store, epoch);
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status.to_string();
    EXPECT_EQ(store.load_newest().value()->epoch, Epoch{1});
  }
  disk.clear_faults();
  EXPECT_EQ(write_checkpoint(store, store.next_epoch()).to_string(), "ok");
}

// The epoch whose last sync fails is in doubt: a crash may find it. No other may begin before that is settled.
TEST(CheckpointFaults, TakesBackAnEpochThatMayOrMayNotBeComplete) {
  SimFileSystem disk(3);
  HeardNotices notices;
  CheckpointStore store(disk, "a/job", {2}, notices);
  ASSERT_TRUE(store.open().ok());
  const std::uint64_t syncs = disk.calls(CallKind::kSyncDirectory);
  disk.fail_call(CallKind::kSyncDirectory, syncs + 1, EIO, SimFileSystem::Repeat::kForever);
  EXPECT_FALSE(write_checkpoint(store, {1}).ok());
  EXPECT_FALSE(store.abort({1}).ok());
  EXPECT_FALSE(store.begin({2}).ok());
  disk.clear_faults();
  EXPECT_TRUE(store.begin({2}).ok());
  EXPECT_TRUE(store.abort({1}).ok());
  EXPECT_TRUE(store.abort({2}).ok());
  disk.crash();
  EXPECT_FALSE(disk.exists("a/job/e-1"));
}

}  // namespace
}  // namespace penstock
