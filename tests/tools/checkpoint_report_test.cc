#include "penstock/tools/penstock/checkpoint_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/harness/temporary_folder.h"
#include "penstock/tools/penstock/checkpoint_command.h"

namespace penstock::tools {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CheckpointReport : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::make_unique<CheckpointStore>(*files_, root_, CheckpointStoreOptions{}, notices_);
    ASSERT_EQ(store_->open().to_string(), "ok");
    for (std::uint64_t e = 1; e <= 3; ++e) {
      ASSERT_EQ(checkpoint_kit::write_checkpoint(*store_, {e}, e == 2).to_string(), "ok");
    }
  }

  void append_byte(const std::string& path) {
    auto file = files_->open_for_writing(root_ + "/" + path, WriteMode::kAppend);
    ASSERT_TRUE((*file)->append("x").ok());
  }
  // What the command prints, and then how it exits.
  std::string run(std::vector<std::string> arguments) {
    CLI::App app("penstock");
    int exit_code = -1;
    add_checkpoint_command(app, exit_code);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    arguments.insert(arguments.begin(), "checkpoint");
    std::reverse(arguments.begin(), arguments.end());
    try {
      app.parse(arguments);
    } catch (const CLI::ParseError&) {
      exit_code = 2;
    }
    return testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr() +
           "exit " + std::to_string(exit_code);
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  checkpoint_kit::HeardNotices notices_;
  test::TemporaryFolder temporary_;
  const std::string& root_ = temporary_.path();
  std::unique_ptr<CheckpointStore> store_;
};

TEST_F(CheckpointReport, ListsThemNewestFirst) {
  append_byte("e-1/MANIFEST");
  EXPECT_THAT(run({"ls", root_}),
              ContainsRegex("^EPOCH +CREATED +PARTS +BYTES +STATE\n"
                            "e-3 +1970-01-01T00:00:03Z +3 +[0-9]+ +complete\n"
                            "e-2 +1970-01-01T00:00:02Z +3 +[0-9]+ +savepoint\n"
                            "e-1 +- +- +- +bad: .*its checksum is wrong.*\nexit 0$"));
}

TEST_F(CheckpointReport, VerifiesEveryByte) {
  EXPECT_THAT(run({"verify", root_}),
              ContainsRegex("^e-3 +good: 3 parts, [0-9]+ bytes\ne-2.*\ne-1 +good.*\nexit 0$"));
  append_byte("e-2/part-1-0");
  EXPECT_THAT(run({"verify", root_}),
              AllOf(ContainsRegex("\ne-2 +BAD: '.*/e-2/part-1-0': it has [0-9]+ bytes instead of"),
                    HasSubstr("exit 1")));
  EXPECT_THAT(run({"verify", root_, "e-3"}), AllOf(Not(HasSubstr("e-2")), HasSubstr("exit 0")));
}

TEST_F(CheckpointReport, ShowsTheNewestOrTheOneAskedFor) {
  EXPECT_THAT(
      run({"show", root_}),
      AllOf(
          StartsWith(
              "checkpoint   e-3 (complete)\njob          fraud\ncreated      1970-01-01T00:00:03Z\n"
              "incarnation  1\n"),
          HasSubstr("\nsources\n  payments"), HasSubstr("byte 3\n"),
          ContainsRegex("1 +rules +tasks 2, key_by, rules\n"),
          ContainsRegex("part-1-1 +stage 1, task 1 of 2, [0-9]+ bytes\n"),
          ContainsRegex("batch +3\nexit 0")));
  EXPECT_THAT(run({"show", root_, "2"}), StartsWith("checkpoint   e-2 (savepoint)\n"));
}

TEST_F(CheckpointReport, LetsNoTextReachTheTerminalAsACommand) {
  ASSERT_TRUE(store_->begin(store_->next_epoch()).ok());
  Manifest manifest;
  manifest.epoch = {store_->next_epoch().value - 1};
  manifest.job = "a\x1b[2J\\";
  ASSERT_TRUE(store_->commit(manifest).ok());
  EXPECT_THAT(run({"show", root_}), HasSubstr("job          a\\x1b[2J\\x5c\n"));
}

TEST_F(CheckpointReport, RemovesOneButNotUnderARunningJob) {
  EXPECT_THAT(run({"rm", root_, "2"}), AllOf(HasSubstr("a job runs on it"), HasSubstr("exit 1")));
  store_.reset();
  EXPECT_THAT(run({"rm", root_, "2"}), "exit 0");
  EXPECT_THAT(run({"ls", root_}), Not(HasSubstr("e-2")));
  EXPECT_FALSE(files_->exists(root_ + "/e-2.tmp"));
  EXPECT_THAT(run({"rm", root_, "e-2"}), HasSubstr("there is no checkpoint e-2"));
}

TEST_F(CheckpointReport, RemovesTheLastOneOnlyWhenForced) {
  store_.reset();
  append_byte("e-1/MANIFEST");
  EXPECT_EQ(run({"rm", root_, "3"}), "exit 0");
  EXPECT_THAT(run({"rm", root_, "2"}), AllOf(HasSubstr("is the last one"), HasSubstr("exit 1")));
  EXPECT_EQ(run({"rm", root_, "2", "--force"}), "exit 0");
}

TEST_F(CheckpointReport, SaysWhatIsWrongWithWhatItWasGiven) {
  EXPECT_THAT(run({"ls", root_ + "/none"}), AllOf(HasSubstr("/none'"), HasSubstr("exit 1")));
  EXPECT_THAT(run({"show", root_, "9"}),
              AllOf(HasSubstr("there is no checkpoint e-9"), HasSubstr("exit 1")));
  for (const char* epoch : {"0", "-1", "07", "e-", "1x", "99999999999999999999", "../x"}) {
    EXPECT_THAT(run({"show", root_, "--", epoch}),
                AllOf(HasSubstr("is no epoch"), HasSubstr("exit 78")))
        << epoch;
  }
  EXPECT_EQ(run({"rm", root_}), "exit 2");
  EXPECT_EQ(run({}), "exit 2");
  ASSERT_TRUE(files_->create_directories(root_ + "/empty").ok());
  EXPECT_THAT(run({"verify", root_ + "/empty"}),
              AllOf(HasSubstr("there is no checkpoint in"), HasSubstr("exit 1")));
}

}  // namespace
}  // namespace penstock::tools
