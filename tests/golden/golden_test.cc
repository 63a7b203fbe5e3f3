// Golden checkpoints: made once, kept in the tree, restored for ever. PENSTOCK_MAKE_GOLDEN=DIR makes those of this
// version again: docs/state.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "penstock/core/base/buggify.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/golden/golden_files.h"
#include "penstock/tests/golden/golden_jobs.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kFolder = "/golden";
// Folders of tests/golden: 1 has no types of state, 2 has.
const std::string kThisGeneration = "2";
const std::string kOutput = "/golden/out";
constexpr const char* kFiles[] = {"totals", "reminders", "windows", "sessions"};

class GoldenCheckpoint : public testing::Test {
 protected:
  Options options() {
    Options run;
    run.clock = &clock_;
    run.file_system = disk_.get();
    run.notices = &notices_;
    run.batch_max = 1;
    run.seed = 1;
    run.checkpoint.directory = kFolder + "/cp";
    run.checkpoint.interval = 1ms;
    return run;
  }
  void begin() {
    ASSERT_TRUE(disk_->create_directories(kOutput).ok());
    ASSERT_TRUE(disk_->create_directories(kFolder + "/cp").ok());
  }
  void begin_with(const std::string& generation) {
    disk_ = std::make_unique<SimFileSystem>(1);
    notices_.texts.clear();
    const std::unique_ptr<FileSystem> tree = make_posix_file_system();
    const Status copied = golden::copy_folder(*tree, golden::path_of(generation), *disk_, kFolder);
    ASSERT_TRUE(copied.ok()) << copied.to_string();
  }
  // Until a checkpoint that is neither of the beginning nor of the end.
  Status run_halfway(const Job& job) {
    auto handle = job.open(options());
    if (!handle.ok()) return handle.status();
    for (int i = 0; i < 10'000; ++i) {
      if (handle->poll() == StepOutcome::kFailed) return handle->status();
      clock_.advance(2ms);
      const JobMetrics metrics = handle->metrics();
      if (metrics.checkpoints.completed >= 1 && metrics.records_read() >= golden::kBuys / 2) break;
    }
    for (int i = 0; i < 2; ++i) (void)handle->poll();
    const JobMetrics metrics = handle->metrics();
    handle->stop();
    if (metrics.records_read() < golden::kBuys) return {};
    return Status::internal("it was read to its end by the end of checkpoint " +
                            std::to_string(metrics.checkpoints.completed));
  }
  Status run_to_the_end(const Job& job) {
    auto handle = job.open(options());
    if (!handle.ok()) return handle.status();
    StepOutcome outcome = StepOutcome::kWorked;
    for (int i = 0; i < 100'000 && outcome != StepOutcome::kFinished; ++i) {
      outcome = handle->poll();
      if (outcome == StepOutcome::kFailed) break;
      clock_.advance(50us);
    }
    if (outcome != StepOutcome::kFinished && handle->status().ok())
      return Status::internal("the job did not end");
    return handle->status();
  }
  // Keys have no order among each other.
  static std::string sorted(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);) lines.push_back(line + "\n");
    std::sort(lines.begin(), lines.end());
    return std::accumulate(lines.begin(), lines.end(), std::string());
  }
  std::string output_of(const std::string& name) {
    const auto bytes = golden::read_file(*disk_, kOutput + "/" + name + ".ndjson");
    return "--- " + name + "\n" + (bytes.ok() ? sorted(*bytes) : bytes.status().to_string());
  }
  std::string output() {
    std::string all;
    for (const char* const name : kFiles) all += output_of(name);
    return all;
  }
  // What the tree says the job gives, however it came there.
  static std::string expected(const std::string& name) {
    const std::unique_ptr<FileSystem> tree = make_posix_file_system();
    const auto bytes = golden::read_file(*tree, golden::path_of(name));
    return bytes.ok() ? *bytes : bytes.status().to_string();
  }

  std::unique_ptr<SimFileSystem> disk_ = std::make_unique<SimFileSystem>(1);
  VirtualClock clock_{EventTime{golden::kStart + 3'600'000'000}};
  checkpoint_kit::HeardNotices notices_;
};

TEST_F(GoldenCheckpoint, OfThisVersionIsMadeAgainOnDemand) {
  const std::string folder = golden::folder_to_make();
  if (folder.empty()) GTEST_SKIP() << "PENSTOCK_MAKE_GOLDEN names no folder";
  ASSERT_TRUE(Buggify::is_built_in()) << "made by a build with PENSTOCK_CRASH_POINTS alone";
  const Buggify steps("task.one_turn");  // What stands where must not hang on how much a step does.
  const std::unique_ptr<FileSystem> tree = make_posix_file_system();
  begin();
  Status status = run_halfway(golden::job_with<golden::Total>(kOutput));
  ASSERT_TRUE(status.ok()) << status.to_string();
  status = golden::copy_folder(*disk_, kFolder, *tree, folder + "/" + kThisGeneration);
  ASSERT_TRUE(status.ok()) << status.to_string();
  disk_ = std::make_unique<SimFileSystem>(1);
  begin();
  status = run_to_the_end(golden::job_with<golden::Total>(kOutput));
  ASSERT_TRUE(status.ok()) << status.to_string();
  ASSERT_TRUE(golden::write_file(*tree, folder + "/results.txt", output()).ok());
}

TEST_F(GoldenCheckpoint, GivesWhatARunWithoutACrashGives) {
  begin();
  const Status status = run_to_the_end(golden::job_with<golden::Total>(kOutput));
  ASSERT_TRUE(status.ok()) << status.to_string();
  EXPECT_EQ(output(), expected("results.txt"));
}

TEST_F(GoldenCheckpoint, GoesOnInTheJobThatMadeIt) {
  for (const std::string& generation : {std::string("1"), kThisGeneration}) {
    SCOPED_TRACE(generation);
    begin_with(generation);
    const Status status = run_to_the_end(golden::job_with<golden::Total>(kOutput));
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(output(), expected("results.txt"));
    EXPECT_THAT(notices_.texts, Contains(HasSubstr("going on from epoch")));
    EXPECT_THAT(notices_.texts, Each(Not(HasSubstr("another type"))));
  }
}

// What it says of a card that it knew before is old; all numbers are what they would have been.
TEST_F(GoldenCheckpoint, GoesOnInAJobWhoseTypesHaveChanged) {
  begin_with(kThisGeneration);
  const Status status = run_to_the_end(golden::job_with<golden::WideTotal, golden::Tally>(kOutput));
  ASSERT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(
      notices_.texts,
      Contains(AllOf(HasSubstr("state 'total' goes on with another type"),
                     HasSubstr("new 'name' (text(7)); gone 'largest' (int32)"),
                     HasSubstr("wider 'sum' (float to double), 'count' (int32 to int64)"))));
  EXPECT_THAT(golden::state_page(),
              HasSubstr(*std::find_if(notices_.texts.begin(), notices_.texts.end(),
                                      [](const std::string& text) {
                                        return text.find("state 'total'") != std::string::npos;
                                      })));
  std::string numbers = output();
  EXPECT_THAT(numbers, AllOf(HasSubstr("\"grade\":\"old\""), Not(HasSubstr("\"grade\":\"new\""))));
  for (std::size_t at = 0; (at = numbers.find("\"old\"", at)) != std::string::npos;)
    numbers.replace(at, 5, "\"\"");
  EXPECT_EQ(numbers, expected("results.txt"));
}

TEST_F(GoldenCheckpoint, IsRefusedByAJobWhoseTypesHoldLess) {
  begin_with(kThisGeneration);
  const Status status = run_to_the_end(golden::job_with<golden::NarrowTotal>(kOutput));
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("ledger"), HasSubstr("state 'total'"),
                    HasSubstr("the field 'count' as int32 in the checkpoint and now as int16"),
                    HasSubstr("give the field its old type back")));
  EXPECT_THAT(golden::state_page(), HasSubstr(std::string(status.message())));
}

// Without its types, as version 1 of a schema is, nothing but the same goes on.
TEST_F(GoldenCheckpoint, WithoutTypesIsRefusedByAJobWhoseTypesHaveChanged) {
  begin_with("1");
  const Status status = run_to_the_end(golden::job_with<golden::WideTotal>(kOutput));
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("state 'total'"), HasSubstr("opaque(12 bytes")));
}

}  // namespace
}  // namespace penstock
