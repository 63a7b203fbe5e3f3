#include "penstock/core/checkpoint/restore_progress.h"

#include <gtest/gtest.h>

#include "penstock/tests/core/checkpoint/checkpoint_kit.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(RestoreProgress, TellsBytesOfBytesAfterASecondAndThenEveryTwo) {
  VirtualClock clock;
  checkpoint_kit::HeardNotices notices;
  RestoreProgress progress(clock, notices);
  progress.expect(600);
  progress.expect(400);
  for (int i = 1; i <= 10; ++i) {  // 100 bytes each half second.
    clock.advance(500ms);
    progress.add(100);
  }
  EXPECT_EQ(notices.texts,
            (std::vector<std::string>{"checkpoints: restoring: 200 of 1000 bytes, 20 %",
                                      "checkpoints: restoring: 600 of 1000 bytes, 60 %"}));
}

TEST(RestoreProgress, SaysNothingOfAShortRestore) {
  VirtualClock clock;
  checkpoint_kit::HeardNotices notices;
  RestoreProgress progress(clock, notices);
  progress.expect(1000);
  for (int i = 0; i < 9; ++i) {
    clock.advance(100ms);
    progress.add(110);
  }
  EXPECT_TRUE(notices.texts.empty());
}

}  // namespace
}  // namespace penstock
