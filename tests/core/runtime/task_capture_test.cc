#include "penstock/core/runtime/task_capture.h"

#include <gtest/gtest.h>

#include <string>

#include "penstock/tests/core/runtime/task_kit.h"

namespace penstock {
namespace {

TEST(TaskCapture, TakesNoRecordWhileTooManyCopiesOfACaptureWait) {
  SnapshotPort port;
  TaskKit kit(1, 0, &port);
  kit.script.captures = true;
  kit.after(control(ElementHeader::barrier({1})));
  port.take(std::string(SnapshotPort::kRoomBytes, 'x'));
  kit.script.copied_bytes = TaskCapture::kCopiedBytesMax;
  kit.script.turns = {data(5)};
  EXPECT_EQ(kit.step(), StepOutcome::kBlocked);
  EXPECT_EQ(kit.task->metrics().records_in, 0u);
  EXPECT_LT(kit.task->wake_at(), kNever) << "nobody says when they are written";
  while (port.next()) continue;
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.task->metrics().records_in, 5u);
}

TEST(TaskCapture, ReadsSeveralShortTurnsBetweenTwoSlicesOfACapture) {
  SnapshotPort port;
  TaskKit kit(1, 0, &port);
  kit.script.captures = true;
  kit.after(control(ElementHeader::barrier({1})));
  for (int i = 0; i < 40; ++i) {
    kit.script.turns = {data(1)};
    kit.step();
  }
  EXPECT_EQ(kit.script.slices, 5);
  kit.step();  // Nothing to read.
  const int before = kit.script.slices;
  for (int i = 0; i < 10; ++i) kit.step();
  EXPECT_EQ(kit.script.slices, before + 10);
  for (int i = 0; i < 10; ++i) {
    kit.script.turns = {data(256)};
    kit.step();
  }
  EXPECT_EQ(kit.script.slices, before + 20) << "many records are worth a slice";
}

TEST(TaskCapture, TakesLongerSlicesWhereResultsWaitForTheEpoch) {
  const auto budget_of = [](bool is_awaited) {
    SnapshotPort port(is_awaited);
    TaskKit kit(1, 0, &port);
    kit.script.captures = true;
    kit.after(control(ElementHeader::barrier({1})));
    kit.step();
    return kit.script.slice_budget;
  };
  EXPECT_GE(budget_of(true), 8 * budget_of(false));
  EXPECT_GT(budget_of(false), 0u);
}

}  // namespace
}  // namespace penstock
