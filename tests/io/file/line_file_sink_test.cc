#include "penstock/io/file/line_file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <thread>

#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

class LineFileSinkTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<ByteWriter>> open(const ByteSink& sink) const {
    return sink.open({0, 1, files_.get()});
  }
  std::unique_ptr<ByteWriter> writer(const std::string& path, bool append = false) const {
    return std::move(open(*line_file_sink({.path = path, .append = append}))).value();
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "alerts.ndjson";
};

TEST_F(LineFileSinkTest, WritesALinePerRecordWithTheFlush) {
  const auto out = writer(path_);
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_TRUE(out->write("").ok());
  EXPECT_EQ(test::read_whole_file(path_), "");
  EXPECT_TRUE(out->flush().ok());
  EXPECT_EQ(test::read_whole_file(path_), "one\n\n");
}

TEST_F(LineFileSinkTest, FlushesWhenItCloses) {
  const auto out = writer(path_);
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_TRUE(out->close().ok());
  EXPECT_TRUE(out->close().ok());
  EXPECT_TRUE(out->flush().ok());
  EXPECT_EQ(test::read_whole_file(path_), "one\n");
}

TEST_F(LineFileSinkTest, EmptiesTheFileUnlessItAppends) {
  test::write_file(path_, "old\n");
  EXPECT_TRUE(writer(path_, true)->close().ok());
  EXPECT_EQ(test::read_whole_file(path_), "old\n");
  EXPECT_TRUE(writer(path_)->close().ok());
  EXPECT_EQ(test::read_whole_file(path_), "");
}

TEST_F(LineFileSinkTest, MakesFilesThatOnlyTheirOwnerReads) {
  const auto out = writer(path_);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(LineFileSinkTest, KeepsLinesOfSeveralTasksWhole) {
  constexpr int kTasks = 4;
  constexpr int kLines = 5'000;
  const auto sink = line_file_sink({.path = path_});
  std::vector<std::thread> tasks;
  for (int task = 0; task < kTasks; ++task) {
    tasks.emplace_back([&, task] {
      const auto out = std::move(open(*sink)).value();
      const std::string line(50 + static_cast<std::size_t>(task), static_cast<char>('a' + task));
      for (int i = 0; i < kLines; ++i) {
        ASSERT_TRUE(out->write(line).ok());
        if (i % 7 == 0) {
          ASSERT_TRUE(out->flush().ok());
        }
      }
      ASSERT_TRUE(out->close().ok());
    });
  }
  for (std::thread& task : tasks) task.join();
  std::istringstream text(test::read_whole_file(path_));
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    ASSERT_EQ(line.size(), 50 + static_cast<std::size_t>(line[0] - 'a'));
    ASSERT_EQ(std::count(line.begin(), line.end(), line[0]),
              static_cast<std::ptrdiff_t>(line.size()));
  }
  EXPECT_EQ(lines, kTasks * kLines);
}

TEST_F(LineFileSinkTest, ReportsAFullDiskAtTheFlush) {
  const auto out = writer("/dev/full");
  EXPECT_TRUE(out->write("one").ok());
  const Status status = out->flush();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.to_string(), HasSubstr("'/dev/full': No space left on device"));
}

TEST_F(LineFileSinkTest, ReportsAFullDiskAtTheCloseAndAtALargeWrite) {
  const auto out = writer("/dev/full");
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_EQ(out->close().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(writer("/dev/full")->write(std::string(1 << 20, 'x')).code(),
            StatusCode::kResourceExhausted);
}

TEST_F(LineFileSinkTest, ReportsAFileThatMayGrowNoFurther) {
  const auto out = writer(path_);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_TRUE(out->write(std::string(10'000, 'x')).ok());
  const Status status = out->flush();
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.to_string(), HasSubstr(path_));
}

TEST_F(LineFileSinkTest, NamesAPathThatCannotBeOpened) {
  const auto no_folder = open(*line_file_sink({.path = folder_ / "missing/alerts"}));
  EXPECT_THAT(no_folder.status().to_string(), HasSubstr(folder_ / "missing/alerts"));
  const auto folder = open(*line_file_sink({.path = folder_.path()}));
  EXPECT_THAT(folder.status().to_string(), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace penstock
