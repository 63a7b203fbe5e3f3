// A write-ahead log that was kept: made once, read for ever.
#include "penstock/io/file/stream_log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/golden/golden_files.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

// Of tests/golden.
const std::string kLog = "log-1";
const std::string kFolder = "/job/wal-input";

class GoldenStreamLog : public testing::Test {
 protected:
  Result<std::unique_ptr<StreamLog>> open() {
    return StreamLog::open(
        {.clock = &clock_, .file_system = &disk_, .notices = &notices_, .log = {kFolder, 2, 300}});
  }
  static std::string line(int i) { return "line " + std::to_string(i) + "\n"; }
  static Status append(StreamLog& log, const std::string& bytes,
                       const std::string& broken_off = "") {
    Block block;
    block.memory.assign(bytes.begin(), bytes.end());
    block.size = bytes.size();
    block.broken_off = broken_off;
    return log.append(block);
  }
  static Status write(StreamLog& log) {
    for (int i = 0; i < 20; ++i) {
      PENSTOCK_RETURN_IF_ERROR(append(log, line(i)));
      if (i == 9) PENSTOCK_RETURN_IF_ERROR(append(log, "", "the other side went away"));
    }
    return {};
  }

  SimFileSystem disk_{1};
  VirtualClock clock_{EventTime{1'700'000'000'000'000}};
  checkpoint_kit::HeardNotices notices_;
  std::unique_ptr<FileSystem> tree_ = make_posix_file_system();
};

TEST_F(GoldenStreamLog, OfThisVersionIsMadeAgainOnDemand) {
  const std::string folder = golden::folder_to_make();
  if (folder.empty()) GTEST_SKIP() << "PENSTOCK_MAKE_GOLDEN names no folder";
  ASSERT_TRUE(disk_.create_directories(kFolder).ok());
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status().to_string();
  Status status = write(**log);
  ASSERT_TRUE(status.ok()) << status.to_string();
  status = golden::copy_folder(disk_, kFolder, *tree_, folder + "/" + kLog);
  ASSERT_TRUE(status.ok()) << status.to_string();
}

TEST_F(GoldenStreamLog, GivesWhatItTook) {
  const Status copied = golden::copy_folder(*tree_, golden::path_of(kLog), disk_, kFolder);
  ASSERT_TRUE(copied.ok()) << copied.to_string();
  auto log = open();
  ASSERT_TRUE(log.ok()) << log.status().to_string();
  EXPECT_EQ((*log)->first(), 0u);
  std::string wanted;
  for (int i = 0; i < 20; ++i) wanted += line(i) + (i == 9 ? "[the other side went away]" : "");
  ASSERT_TRUE((*log)->seek(0).ok());
  std::string text;
  for (;;) {
    Block block;
    block.memory.resize(BlockQueue::kBlockBytes);
    const Result<bool> more = (*log)->replay(block);
    ASSERT_TRUE(more.ok()) << more.status().to_string();
    if (!*more) break;
    text += block.broken_off.empty() ? std::string(block.bytes()) : "[" + block.broken_off + "]";
  }
  EXPECT_EQ(text, wanted);
}

}  // namespace
}  // namespace penstock
