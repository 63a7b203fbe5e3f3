#include "penstock/tests/sim/sim_file_system.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <string_view>

#include "penstock/tests/sim/sim_disk.h"

namespace penstock {
namespace {

std::string content(FileSystem& disk, const std::string& path) {
  auto file = disk.open_for_reading(path);
  if (!file.ok()) return "<" + std::string(status_code_name(file.status().code())) + ">";
  std::string text(1000, '\0');
  text.resize(file.value()->read_at(0, text).value());
  return text;
}

Status write_file(FileSystem& disk, const std::string& path, std::string_view text, bool sync) {
  auto file = disk.open_for_writing(path, WriteMode::kTruncate);
  if (!file.ok()) return file.status();
  PENSTOCK_RETURN_IF_ERROR(file.value()->append(text));
  if (sync) PENSTOCK_RETURN_IF_ERROR(file.value()->sync());
  return file.value()->close();
}

// The way to replace a file so that a crash leaves the old or the new one.
Status replace_safely(FileSystem& disk, std::string_view text) {
  PENSTOCK_RETURN_IF_ERROR(write_file(disk, "job/new.tmp", text, true));
  PENSTOCK_RETURN_IF_ERROR(disk.rename("job/new.tmp", "job/file"));
  return disk.sync_directory("job");
}

void make_job(SimFileSystem& disk, std::string_view text) {
  ASSERT_TRUE(disk.create_directories("job").ok());
  ASSERT_TRUE(disk.sync_directory("/").ok());
  ASSERT_TRUE(replace_safely(disk, text).ok());
}

TEST(SimFileSystem, ReadsBackWhatWasWrittenWithoutACrash) {
  SimFileSystem disk(1);
  ASSERT_TRUE(disk.create_directories("a/b").ok());
  ASSERT_TRUE(write_file(disk, "a/b/one", "1", false).ok());
  ASSERT_TRUE(write_file(disk, "a/b/two", "2", false).ok());
  EXPECT_EQ(disk.list("a/b").value(), (std::vector<std::string>{"one", "two"}));
  ASSERT_TRUE(disk.rename("a/b", "a/c").ok());
  EXPECT_EQ(content(disk, "a/c/two"), "2");
  EXPECT_FALSE(disk.exists("a/b"));
  EXPECT_FALSE(disk.remove("a/c").ok());  // Not empty.
  ASSERT_TRUE(disk.remove("a/c/one").ok());
  EXPECT_EQ(content(disk, "a/c/one"), "<not found>");
}

TEST(SimFileSystem, KeepsWhatWasSyncedThroughAnyCrash) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "precious");
    disk.crash();
    ASSERT_EQ(content(disk, "job/file"), "precious") << "seed " << seed;
  }
}

TEST(SimFileSystem, LosesATailOfUnsyncedBytesAndMayLeaveZerosThere) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "ab");
    auto file = disk.open_for_writing("job/file", WriteMode::kAppend);
    ASSERT_TRUE(file.value()->append("cd").ok());
    disk.crash();
    EXPECT_FALSE(file.value()->append("ef").ok());
    seen.insert(content(disk, "job/file"));
  }
  const std::string_view zeros("\0\0", 2);
  EXPECT_EQ(seen, (std::set<std::string>{"ab", "abc", "abcd", "ab" + std::string(zeros.substr(1)),
                                         "ab" + std::string(zeros),
                                         "abc" + std::string(zeros.substr(1))}));
}

TEST(SimFileSystem, LosesACutOrWhatCameBehindItButNothingBeforeIt) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "abcd");
    ASSERT_TRUE(disk.truncate("job/file", 2).ok());
    ASSERT_TRUE(disk.truncate("job/file", 9).ok());
    EXPECT_EQ(content(disk, "job/file"), "ab");
    auto file = disk.open_for_writing("job/file", WriteMode::kAppend);
    ASSERT_TRUE(file.value()->append("xy").ok());
    EXPECT_EQ(content(disk, "job/file"), "abxy");
    disk.crash();
    seen.insert(content(disk, "job/file").substr(0, 4));
  }
  EXPECT_TRUE(seen.contains("abcd")) << "the cut was lost";
  EXPECT_TRUE(seen.contains("ab"));
  EXPECT_TRUE(seen.contains("abxy"));
  for (const std::string& each : seen) EXPECT_EQ(each.substr(0, 2), "ab") << each;
}

TEST(SimFileSystem, ReplacesAFileAtomicallyIfItsBytesAreSyncedFirst) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "old");
    ASSERT_TRUE(write_file(disk, "job/new.tmp", "new", true).ok());
    ASSERT_TRUE(disk.rename("job/new.tmp", "job/file").ok());
    disk.crash();
    seen.insert(content(disk, "job/file"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
}

TEST(SimFileSystem, ShowsTheBugOfARenameBeforeTheSync) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "old");
    ASSERT_TRUE(write_file(disk, "job/new.tmp", "new", false).ok());
    ASSERT_TRUE(disk.rename("job/new.tmp", "job/file").ok());
    ASSERT_TRUE(disk.sync_directory("job").ok());
    disk.crash();
    seen.insert(content(disk, "job/file"));
  }
  EXPECT_TRUE(seen.contains(""));  // Neither the old nor the new content.
  EXPECT_FALSE(seen.contains("old"));
}

TEST(SimFileSystem, NeverShowsOneFileUnderTwoNamesAfterACrash) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, "x");
    ASSERT_TRUE(disk.rename("job/file", "job/b").ok());
    ASSERT_TRUE(disk.rename("job/b", "job/c").ok());
    disk.crash();
    ASSERT_EQ(disk.list("job").value().size(), 1u) << "seed " << seed;
  }
}

TEST(SimFileSystem, GivesEqualCrashesForEqualSeeds) {
  const auto run = [](std::uint64_t seed) {
    SimFileSystem disk(seed);
    make_job(disk, "old");
    static_cast<void>(write_file(disk, "job/file", "0123456789abcdef", false).ok());
    disk.crash();
    return content(disk, "job/file");
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_EQ(run(seed), run(seed));
}

TEST(SimFileSystem, FailsEachCallOnceAndTheOldFileSurvivesEachFailureAndACrash) {
  SimFileSystem whole(0);
  make_job(whole, "old");
  const std::uint64_t before = whole.calls();
  ASSERT_TRUE(replace_safely(whole, "new").ok());
  const std::uint64_t after = whole.calls();
  ASSERT_EQ(after - before, 6u);  // Open, append, sync, close, rename, sync of the directory.
  for (std::uint64_t call = before; call < after; ++call) {
    SimFileSystem disk(call);
    make_job(disk, "old");
    disk.fail_call(call, ENOSPC);
    const Status status = replace_safely(disk, "new");
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << "call " << call;
    disk.crash();
    const std::string left = content(disk, "job/file");
    EXPECT_TRUE(left == "old" || (left == "new" && call == after - 1))
        << "call " << call << ": " << left;
  }
}

TEST(SimFileSystem, RefusesAFileWhoseSyncFailed) {
  SimFileSystem disk(1);
  auto file = disk.open_for_writing("file", WriteMode::kCreateNew);
  ASSERT_TRUE(file.value()->append("bytes").ok());
  disk.fail_call(disk.calls(), EIO);
  EXPECT_NE(file.value()->sync().message().find("'file'"), std::string_view::npos);
  EXPECT_EQ(file.value()->sync().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(disk.open_for_writing("file", WriteMode::kCreateNew).status().code(),
            StatusCode::kUnavailable);
}

TEST(SimFileSystem, StaysFullUntilTheFaultIsCleared) {
  SimFileSystem disk(1);
  disk.fail_call(1, ENOSPC, SimFileSystem::Repeat::kForever);
  auto file = disk.open_for_writing("file", WriteMode::kTruncate);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file.value()->append("x").ok());
  EXPECT_FALSE(file.value()->append("x").ok());
  disk.clear_faults();
  EXPECT_TRUE(file.value()->append("x").ok());
}

TEST(SimFileSystem, LosesAnyPageOfWhatWasNotSynced) {
  const std::string page(sim::kPageBytes, 'x');
  const std::string zeros(sim::kPageBytes, '\0');
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimFileSystem disk(seed);
    make_job(disk, page);
    auto file = disk.open_for_writing("job/file", WriteMode::kAppend);
    ASSERT_TRUE(file.value()->append(page + page).ok());
    disk.crash();
    std::string bytes(3 * page.size(), '\0');
    bytes.resize(disk.open_for_reading("job/file").value()->read_at(0, bytes).value());
    ASSERT_EQ(bytes.substr(0, page.size()), page) << "seed " << seed;
    if (bytes.size() > 2 * page.size()) seen.insert(bytes.substr(page.size(), page.size() + 1));
  }
  EXPECT_TRUE(seen.contains(page + 'x'));
  EXPECT_TRUE(seen.contains(zeros + 'x'));  // The later page came through, the earlier did not.
}

TEST(SimFileSystem, FailsTheCallsOfOneKind) {
  SimFileSystem disk(1);
  make_job(disk, "x");
  const std::uint64_t renames = disk.calls(sim::CallKind::kRename);
  disk.fail_call(sim::CallKind::kRename, renames + 1, EIO);
  EXPECT_TRUE(disk.rename("job/file", "job/a").ok());
  EXPECT_FALSE(disk.rename("job/a", "job/b").ok());
  EXPECT_TRUE(disk.rename("job/a", "job/b").ok());
  EXPECT_EQ(disk.calls(sim::CallKind::kRename), renames + 3);
}

TEST(SimFileSystem, IsCopiedWithAllThatItsUsersSeeAndGoesItsOwnWayThen) {
  SimFileSystem disk(1);
  ASSERT_TRUE(disk.create_directories("folder").ok());
  const auto write = [](FileSystem& to, const std::string& bytes) {
    auto file = to.open_for_writing("folder/file", WriteMode::kTruncate);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->append(bytes).ok());
    ASSERT_TRUE((*file)->close().ok());
  };
  const auto size = [](FileSystem& of) {
    return (*of.open_for_reading("folder/file"))->size().value();
  };
  write(disk, "one");
  const auto copy = disk.copy(2);
  write(disk, "three");
  copy->crash();
  EXPECT_EQ(size(*copy), 3u);
  EXPECT_EQ(size(disk), 5u);
}

TEST(SimFileSystem, FreesLocksWithTheirHoldersAndInACrash) {
  SimFileSystem disk(1);
  auto lock = disk.lock("LOCK");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(disk.lock("LOCK").status().code(), StatusCode::kFailedPrecondition);
  disk.crash();
  auto later = disk.lock("LOCK");
  EXPECT_TRUE(later.ok());
  lock->reset();  // Of before the crash: not this one's.
  EXPECT_FALSE(disk.lock("LOCK").ok());
  later->reset();
  EXPECT_TRUE(disk.lock("LOCK").ok());
}

}  // namespace
}  // namespace penstock
