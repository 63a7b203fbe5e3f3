#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock {
namespace {

class PosixFileSystem : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  std::string content(const std::string& name) {
    auto file = files_->open_for_reading(path(name));
    if (!file.ok()) return file.status().to_string();
    std::string text(file.value()->size().value(), '\0');
    text.resize(file.value()->read_at(0, text).value());
    return text;
  }
  Status write(const std::string& name, WriteMode mode, const std::string& text) {
    auto file = files_->open_for_writing(path(name), mode);
    if (!file.ok()) return file.status();
    PENSTOCK_RETURN_IF_ERROR(file.value()->append(text));
    PENSTOCK_RETURN_IF_ERROR(file.value()->sync());
    return file.value()->close();
  }
  void expect_error(const Status& status, StatusCode code, const std::string& name) {
    EXPECT_EQ(status.code(), code) << status.to_string();
    EXPECT_NE(status.message().find("'" + path(name) + "'"), std::string_view::npos)
        << status.to_string();
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::TemporaryFolder temporary_;
  const std::string& root_ = temporary_.path();
};

TEST_F(PosixFileSystem, CutsAFileOffAndNeverMakesItLonger) {
  ASSERT_TRUE(write("file", WriteMode::kCreateNew, "onetwo").ok());
  ASSERT_TRUE(files_->truncate(path("file"), 3).ok());
  EXPECT_EQ(content("file"), "one");
  ASSERT_TRUE(files_->truncate(path("file"), 10).ok());
  EXPECT_EQ(content("file"), "one");
  expect_error(files_->truncate(path("none"), 0), StatusCode::kNotFound, "none");
}

TEST_F(PosixFileSystem, WritesAsTheModeSays) {
  ASSERT_TRUE(write("file", WriteMode::kCreateNew, "one").ok());
  ASSERT_TRUE(write("file", WriteMode::kAppend, "two").ok());
  EXPECT_EQ(content("file"), "onetwo");
  ASSERT_TRUE(write("file", WriteMode::kTruncate, "3").ok());
  EXPECT_EQ(content("file"), "3");
  expect_error(write("file", WriteMode::kCreateNew, "x"), StatusCode::kUnavailable, "file");
  EXPECT_EQ(content("file"), "3");
}

TEST_F(PosixFileSystem, ReadsAnyPartAndNothingBeyondTheEndUntilTheFileGrows) {
  ASSERT_TRUE(write("file", WriteMode::kCreateNew, "abcdef").ok());
  auto file = files_->open_for_reading(path("file"));
  char buffer[4] = {};
  EXPECT_EQ(file.value()->read_at(1, buffer).value(), 4u);
  EXPECT_EQ(std::string(buffer, 4), "bcde");
  EXPECT_EQ(file.value()->read_at(5, buffer).value(), 1u);
  EXPECT_EQ(file.value()->read_at(6, buffer).value(), 0u);
  ASSERT_TRUE(write("file", WriteMode::kAppend, "gh").ok());
  EXPECT_EQ(file.value()->read_at(6, buffer).value(), 2u);
  EXPECT_EQ(file.value()->size().value(), 8u);
}

TEST_F(PosixFileSystem, KeepsFilesAndDirectoriesToTheirOwner) {
  ASSERT_TRUE(files_->create_directories(path("a/b")).ok());
  ASSERT_TRUE(write("a/b/file", WriteMode::kCreateNew, "x").ok());
  struct stat info {};
  ASSERT_EQ(stat(path("a/b/file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(PosixFileSystem, CreatesRenamesListsSyncsAndRemoves) {
  ASSERT_TRUE(files_->create_directories(path("d/e/")).ok());
  ASSERT_TRUE(files_->create_directories(path("d//e")).ok());  // Again.
  ASSERT_TRUE(write("d/2", WriteMode::kCreateNew, "").ok());
  ASSERT_TRUE(write("d/1.tmp", WriteMode::kCreateNew, "x").ok());
  ASSERT_TRUE(files_->rename(path("d/1.tmp"), path("d/1")).ok());
  ASSERT_TRUE(files_->sync_directory(path("d")).ok());
  EXPECT_EQ(files_->list(path("d")).value(), (std::vector<std::string>{"1", "2", "e"}));
  ASSERT_TRUE(files_->remove(path("d/1")).ok());
  ASSERT_TRUE(files_->remove(path("d/e")).ok());
  EXPECT_FALSE(files_->exists(path("d/1")));
  EXPECT_TRUE(files_->exists(path("d/2")));
}

TEST_F(PosixFileSystem, NamesThePathInEveryError) {
  ASSERT_TRUE(write("file", WriteMode::kCreateNew, "x").ok());
  expect_error(files_->open_for_reading(path("none")).status(), StatusCode::kNotFound, "none");
  expect_error(files_->open_for_reading(root_ + "/.").status(), StatusCode::kInvalidArgument, ".");
  expect_error(files_->open_for_writing(path("no/file"), WriteMode::kTruncate).status(),
               StatusCode::kNotFound, "no/file");
  expect_error(files_->rename(path("none"), path("new")), StatusCode::kNotFound, "none");
  expect_error(files_->remove(path("none")), StatusCode::kNotFound, "none");
  expect_error(files_->create_directories(path("file")), StatusCode::kNotFound, "file");
  expect_error(files_->create_directories(path("file/d")), StatusCode::kNotFound, "file");
  expect_error(files_->sync_directory(path("file")), StatusCode::kNotFound, "file");
  expect_error(files_->list(path("none")).status(), StatusCode::kNotFound, "none");
}

TEST_F(PosixFileSystem, RefusesToReadAPipeInsteadOfWaitingForItsWriter) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  expect_error(files_->open_for_reading(path("pipe")).status(), StatusCode::kInvalidArgument,
               "pipe");
}

TEST_F(PosixFileSystem, ReportsAFullDisk) {
  auto file = files_->open_for_writing("/dev/full", WriteMode::kAppend);
  ASSERT_TRUE(file.ok());
  const Status status = file.value()->append("x");
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_NE(status.message().find("'/dev/full'"), std::string_view::npos);
}

// Goal: a short write is followed by another one, whose error is reported. Method: the limit of
// file sizes lets the kernel take the first 10 bytes only.
TEST_F(PosixFileSystem, GoesOnAfterAShortWrite) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  auto file = files_->open_for_writing(path("file"), WriteMode::kTruncate);
  const Status status = file.value()->append("0123456789ab");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  expect_error(status, StatusCode::kResourceExhausted, "file");
  EXPECT_EQ(content("file"), "0123456789");
}

TEST_F(PosixFileSystem, RefusesAFileAfterItsClose) {
  auto file = files_->open_for_writing(path("file"), WriteMode::kTruncate);
  ASSERT_TRUE(file.value()->close().ok());
  EXPECT_TRUE(file.value()->close().ok());
  expect_error(file.value()->append("x"), StatusCode::kFailedPrecondition, "file");
  expect_error(file.value()->sync(), StatusCode::kFailedPrecondition, "file");
}

// /dev/full cannot be synced (EINVAL), which stands for any failing sync.
TEST_F(PosixFileSystem, RefusesAFileAfterAFailedSync) {
  auto file = files_->open_for_writing("/dev/full", WriteMode::kAppend);
  EXPECT_FALSE(file.value()->sync().ok());
  EXPECT_EQ(file.value()->sync().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(file.value()->append("x").code(), StatusCode::kFailedPrecondition);
}

TEST_F(PosixFileSystem, LeavesRecordsOfSeveralAppendingWritersWhole) {
  constexpr int kRecords = 500;
  const auto write_all = [&](char letter) {
    auto file = files_->open_for_writing(path("shared"), WriteMode::kAppend);
    const std::string record = std::string(3000, letter) + "\n";
    for (int i = 0; i < kRecords; ++i) ASSERT_TRUE(file.value()->append(record).ok());
  };
  std::thread other(write_all, 'a');
  write_all('b');
  other.join();
  std::istringstream lines(content("shared"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    ASSERT_EQ(line.size(), 3000u);
    ASSERT_EQ(std::set<char>(line.begin(), line.end()).size(), 1u);
  }
  EXPECT_EQ(count, 2 * kRecords);
}

// Another process has the lock: a child that takes it, says so through a pipe, and waits to be killed.
TEST_F(PosixFileSystem, NamesTheProcessThatHasALockAndTakesItWhenThatOneIsKilled) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = files_->lock(path("LOCK"));
    const char answer = lock.ok() ? 'y' : 'n';
    if (::write(told[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(told[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const Status status = files_->lock(path("LOCK")).status();
  expect_error(status, StatusCode::kFailedPrecondition, "LOCK");
  EXPECT_NE(status.message().find("(process " + std::to_string(child) + ")"),
            std::string_view::npos)
      << status.to_string();
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(files_->lock(path("LOCK")).ok());
  close(told[0]);
  close(told[1]);
}

TEST_F(PosixFileSystem, GivesALockToOneHolderAtATime) {
  auto first = files_->lock(path("LOCK"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(content("LOCK"), std::to_string(getpid()) + "\n");
  EXPECT_EQ(files_->lock(path("LOCK")).status().code(), StatusCode::kFailedPrecondition);
  first->reset();
  EXPECT_TRUE(files_->lock(path("LOCK")).ok());
  expect_error(files_->lock(path("none/LOCK")).status(), StatusCode::kNotFound, "none/LOCK");
}

// Files must not leak into a program that the process starts.
TEST_F(PosixFileSystem, ClosesItsFilesOnExec) {
  auto file = files_->open_for_writing(path("file"), WriteMode::kTruncate);
  ASSERT_TRUE(file.ok());
  const std::string unique_name = std::filesystem::path(root_).filename();
  const std::string command = "ls -l /proc/self/fd | grep -c " + unique_name;
  FILE* pipe = popen(command.c_str(), "r");
  char answer = '\0';
  ASSERT_EQ(fread(&answer, 1, 1, pipe), 1u);
  pclose(pipe);
  EXPECT_EQ(answer, '0');
}

}  // namespace
}  // namespace penstock
