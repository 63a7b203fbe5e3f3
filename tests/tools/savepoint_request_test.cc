#include "penstock/tools/penstock/savepoint_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "penstock/core/checkpoint/coordinator.h"
#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock::tools {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// A job of one task without work, which answers each epoch at once unless it is told not to.
class SavepointRequestTest : public testing::Test, public EpochCommands {
 protected:
  SavepointRequestTest() {
    coordinator_ = std::make_unique<CheckpointCoordinator>(
        CheckpointOptions{.directory = "/cp", .restore_from = {}}, files_, clock_, notices_, *this);
    EXPECT_TRUE(coordinator_->open("job", {{.stage = {0}, .name = "only", .operators = {}}}).ok());
    coordinator_->add_task({{0}, 0, 1, &port_});
  }
  Result<Epoch> ask(const std::string& name) {
    return request_savepoint(files_,
                             {.directory = "/cp", .name = name, .rest = [this](milliseconds time) {
                                clock_.advance(time);
                                coordinator_->step(clock_.now());
                                coordinator_->step(clock_.now());
                              }});
  }
  bool request_is_there() { return files_.exists("/cp/SAVEPOINT"); }

  bool answers_ = true;
  SimFileSystem files_{1};
  VirtualClock clock_;
  checkpoint_kit::HeardNotices notices_;
  SnapshotPort port_;
  std::unique_ptr<CheckpointCoordinator> coordinator_;

 private:
  void request(Epoch epoch) noexcept override {
    if (!answers_) return;
    port_.begin(epoch);
    port_.finish(false);
  }
  void give_up(Epoch) noexcept override {}
  void committed(Epoch, bool) noexcept override {}
  void fail(const Status&) noexcept override {}
  std::uint64_t progress() const noexcept override { return 0; }
};

TEST_F(SavepointRequestTest, GetsItsOwnSavepointWithinASecondAndLeavesNoRequest) {
  const Instant before = clock_.now();
  const Result<Epoch> first = ask("first");
  ASSERT_TRUE(first.ok()) << first.status().to_string();
  EXPECT_LE(clock_.now() - before, std::chrono::seconds(1));
  const Result<Epoch> second = ask("second");
  ASSERT_TRUE(second.ok());
  EXPECT_LT(*first, *second);
  EXPECT_TRUE(CheckpointFolder(files_, "/cp").read_manifest(*second)->savepoint);
  EXPECT_FALSE(request_is_there());
}

TEST_F(SavepointRequestTest, WaitsForAnotherThatWasFirst) {
  ASSERT_TRUE(write_savepoint_request(files_, "/cp", "other").ok());
  const Result<Epoch> own = ask("own");
  ASSERT_TRUE(own.ok()) << own.status().to_string();
  const Result<Manifest> manifest = CheckpointFolder(files_, "/cp").read_manifest(*own);
  ASSERT_TRUE(manifest.ok());
  const std::string* name = manifest->property(kSavepointRequestProperty);
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(*name, "own");
}

TEST_F(SavepointRequestTest, TakesTheRequestBackWhenTheJobDoesNotAnswer) {
  answers_ = false;
  const Status status = ask("mine").status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_FALSE(request_is_there());
}

TEST_F(SavepointRequestTest, SaysAtOnceThatNoJobRuns) {
  coordinator_.reset();
  const Instant before = clock_.now();
  const Status status = ask("nobody").status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("no job runs on '/cp'"));
  EXPECT_EQ(clock_.now(), before);
  EXPECT_EQ(
      request_savepoint(files_, {.directory = "/none", .name = "a", .rest = {}}).status().code(),
      StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock::tools
