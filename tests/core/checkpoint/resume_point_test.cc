#include "penstock/core/checkpoint/resume_point.h"

#include <gtest/gtest.h>

#include <string>

#include "penstock/tests/core/checkpoint/checkpoint_kit.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

class ResumePointTest : public testing::Test {
 protected:
  ResumePointTest() {
    CheckpointStore store = open();
    for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
      EXPECT_TRUE(checkpoint_kit::write_checkpoint(store, {epoch}).ok());
      store.collect_garbage();
    }
  }
  CheckpointStore open() {
    CheckpointStore store(files_, "/cp", {.retain = 2}, notices_);
    EXPECT_TRUE(store.open().ok());
    return store;
  }
  // What a start without a choice goes on from; 0: nothing.
  std::uint64_t newest() {
    CheckpointStore store = open();
    const Result<std::optional<Manifest>> found = store.load_newest();
    EXPECT_TRUE(found.ok()) << found.status().to_string();
    return found.ok() && found->has_value() ? (*found)->epoch.value : 0;
  }
  void choose(std::uint64_t epoch) {
    CheckpointStore store = open();
    EXPECT_TRUE(store.resume_from({epoch}).ok());
  }

  SimFileSystem files_{1};
  checkpoint_kit::HeardNotices notices_;
};

TEST_F(ResumePointTest, AChoiceHoldsForLaterStartsAndOverACrash) {
  EXPECT_EQ(newest(), 4u);
  choose(3);
  EXPECT_EQ(newest(), 3u);
  files_.crash();
  EXPECT_EQ(newest(), 3u);
  choose(4);
  EXPECT_EQ(newest(), 4u);
}

TEST_F(ResumePointTest, ANewStartHoldsForLaterStartsAndRemovesNothing) {
  choose(0);
  EXPECT_EQ(newest(), 0u);
  EXPECT_TRUE(files_.exists("/cp/e-4"));
}

TEST_F(ResumePointTest, EndsWithTheNextCheckpointAndWhatWasChosenStaysUntilItIsSuperfluous) {
  choose(3);
  std::uint64_t last = 0;
  {
    CheckpointStore store = open();
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(store.load_newest().ok());
      last = store.next_epoch().value;
      EXPECT_TRUE(checkpoint_kit::write_checkpoint(store, {last}).ok());
      store.collect_garbage();
      EXPECT_EQ(files_.exists("/cp/e-3"), i == 0) << "one that is passed over counted";
    }
  }
  EXPECT_EQ(newest(), last);
}

TEST_F(ResumePointTest, ADamagedChoiceIsNoLicenceToGuess) {
  choose(3);
  const auto file = files_.open_for_writing("/cp/RESUME", WriteMode::kTruncate);
  ASSERT_TRUE((*file)->append("PENSTOCK-RESUME 1 2 9 77\n").ok());
  CheckpointStore store = open();
  const Status status = store.load_newest().status();
  EXPECT_EQ(status.code(), StatusCode::kDataError);
  EXPECT_NE(status.message().find("RESUME"), std::string_view::npos);
}

TEST_F(ResumePointTest, AChosenCheckpointThatIsGoneIsNoNewStart) {
  choose(3);
  const CheckpointFolder folder(files_, "/cp");
  ASSERT_TRUE(folder.remove({3}).ok());
  CheckpointStore store = open();
  const Status status = store.load_newest().status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find("e-3"), std::string_view::npos) << status.to_string();
}

}  // namespace
}  // namespace penstock
