#include "penstock/core/runtime/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "penstock/tests/core/runtime/task_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Task, WorksWhileThereIsInputAndIsIdleWithItsDeadlineWhenNot) {
  TaskKit kit(1);
  kit.script.turns = {data(5)};
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.step(), StepOutcome::kIdle);
  EXPECT_EQ(kit.task->wake_at(), Instant{70});
  kit.script.wakes_at = Instant{30};
  EXPECT_EQ(kit.step(), StepOutcome::kIdle);
  EXPECT_EQ(kit.task->wake_at(), Instant{30}) << "the earlier of input and operators";
  EXPECT_EQ(kit.task->metrics().records_in, 5u);
}

TEST(Task, EndsEachBatchWithEndBatchAlsoAnEmptyOne) {
  TaskKit kit(1);
  kit.script.turns = {data(1)};
  kit.step();
  EXPECT_THAT(kit.script.log, ElementsAre("poll", "end_batch", "poll")) << "nothing came behind it";
  kit.script.log.clear();
  kit.step();
  EXPECT_THAT(kit.script.log, ElementsAre("poll", "end_batch"));
}

TEST(Task, ReadsARunAndTheWatermarkBehindItFromEachChannelInAStep) {
  TaskKit kit(2);
  kit.script.turns = {data(5, 0), control(ElementHeader::watermark({7}), 0), data(6, 1),
                      control(ElementHeader::watermark({8}), 1), data(1, 0)};
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.turns.size(), 1u);
  EXPECT_EQ(kit.task->metrics().records_in, 11u);
  EXPECT_EQ(kit.task->metrics().watermark, EventTime{7});
}

TEST(Task, AStepThatFindsNothingMoreHasWorked) {
  TaskKit kit(1);
  kit.script.turns = {data(5)};
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  TaskKit full(2);
  full.script.turns = {data(5), data(5)};
  full.script.room_for = 1;
  EXPECT_EQ(full.step(), StepOutcome::kWorked);
  EXPECT_EQ(full.script.turns.size(), 1u);
}

TEST(Task, AStepReadsNoMoreThanItsBudget) {
  TaskKit kit(4);
  kit.script.turns = {data(10, 0), data(6, 1), data(1, 2)};
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.budgets, (std::vector<std::size_t>{16, 6}));
}

TEST(Task, AStepThatHasReadManyRecordsReadsNoFurtherChannel) {
  TaskKit kit(4);
  kit.script.turns = {data(200, 0), data(56, 1), data(1, 2)};
  EXPECT_EQ(kit.task->step(Instant{}, 1024), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.budgets, (std::vector<std::size_t>{1024, 824}));
}

TEST(Task, ASourceIsPolledOnceAStep) {
  TaskKit kit(0);
  kit.script.turns = {data(1), data(1)};
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.turns.size(), 1u);
}

TEST(Task, DoesNotPollWithoutRoomInItsOutputs) {
  TaskKit kit(1);
  kit.script.has_room = false;
  EXPECT_EQ(kit.step(), StepOutcome::kBlocked);
  EXPECT_THAT(kit.script.log, IsEmpty());
}

TEST(Task, ASourceSendsTheBarrierEvenWithoutRoom) {
  TaskKit kit(0);
  kit.script.has_room = false;
  kit.orders.requested_epoch = 2;
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_THAT(kit.script.log, ElementsAre("barrier 1", "barrier 2")) << "none is skipped";
  EXPECT_EQ(kit.step(), StepOutcome::kBlocked);
  EXPECT_EQ(kit.task->metrics().epoch, Epoch{2});
}

TEST(Task, ATaskWithInputsWaitsForTheBarrierInThem) {
  TaskKit kit(1);
  kit.orders.requested_epoch = 3;
  kit.step();
  EXPECT_EQ(kit.task->metrics().epoch, Epoch{0});
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({3}))), ElementsAre("barrier 3"));
}

TEST(Task, AlignsBarriersAndBlocksWhoIsAhead) {
  TaskKit kit(2);
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({1}), 0)), IsEmpty());
  EXPECT_THAT(kit.script.blocked, ElementsAre(true, false));
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({1}), 1)), ElementsAre("barrier 1"));
  EXPECT_THAT(kit.script.blocked, ElementsAre(false, false));
}

TEST(Task, AnEndCompletesAnAlignmentBeforeAnythingElse) {
  TaskKit kit(2);
  kit.after(control(ElementHeader::barrier({1}), 0));
  EXPECT_THAT(kit.after(control(ElementHeader::end(), 1)), ElementsAre("barrier 1"));
}

TEST(Task, PassesTheLeastWatermarkAndSaysWhoHoldsIt) {
  TaskKit kit(2);
  EXPECT_THAT(kit.after(control(ElementHeader::watermark({10}), 1)), IsEmpty());
  EXPECT_EQ(kit.task->metrics().watermark_held_by_channel, 0);
  EXPECT_THAT(kit.after(control(ElementHeader::watermark({30}), 0)), ElementsAre("watermark 10"));
  EXPECT_EQ(kit.task->metrics().watermark_held_by_channel, 1);
  EXPECT_EQ(kit.task->metrics().watermark, EventTime{10});
}

TEST(Task, WhenAllInputsAreIdlePassesTheHighestWatermarkThenIdle) {
  TaskKit kit(2);
  kit.after(control(ElementHeader::watermark({10}), 1));
  kit.after(control(ElementHeader::watermark({30}), 0));
  EXPECT_THAT(kit.after(control(ElementHeader::idle(), 0)), IsEmpty());
  EXPECT_THAT(kit.after(control(ElementHeader::idle(), 1)), ElementsAre("watermark 30", "idle"));
  EXPECT_EQ(kit.task->metrics().watermark_held_by_channel, -1);
  EXPECT_THAT(kit.after(data(1, 0)), IsEmpty());
  EXPECT_THAT(kit.after(control(ElementHeader::idle(), 0)), ElementsAre("idle")) << "it had woken";
}

TEST(Task, ClosesWhenItsLastInputHasEndedAndFinishesWhenItsOutputHasLeft) {
  TaskKit kit(2);
  EXPECT_THAT(kit.after(control(ElementHeader::end(), 0)), IsEmpty());
  kit.script.has_left = false;
  EXPECT_THAT(kit.after(control(ElementHeader::end(), 1)), ElementsAre("close"));
  EXPECT_EQ(kit.step(), StepOutcome::kBlocked);
  EXPECT_FALSE(kit.task->metrics().finished);
  kit.script.has_left = true;
  EXPECT_EQ(kit.step(), StepOutcome::kFinished);
  EXPECT_TRUE(kit.task->metrics().finished);
  EXPECT_TRUE(kit.task->done());
  EXPECT_EQ(kit.step(), StepOutcome::kFinished);
}

TEST(Task, ASourceThatEndsSendsTheEndOfTime) {
  TaskKit kit(0);
  EXPECT_THAT(kit.after(ended()), ElementsAre("end of time", "close"));
}

TEST(Task, DrainEndsASourceWithoutTheEndOfTimeAndFinishWithIt) {
  for (const SourceCommand command : {SourceCommand::kDrain, SourceCommand::kFinish}) {
    TaskKit kit(0);
    kit.orders.source_command = command;
    EXPECT_EQ(kit.step(), StepOutcome::kWorked);
    if (command == SourceCommand::kDrain) {
      EXPECT_THAT(kit.script.log, ElementsAre("stop_reading", "end_batch", "close"));
    } else {
      EXPECT_THAT(kit.script.log, ElementsAre("stop_reading", "end of time", "end_batch", "close"));
    }
    EXPECT_EQ(kit.step(), StepOutcome::kFinished);
  }
}

TEST(Task, ASourceThatHoldsRecordsHandsThemOutBeforeItDrains) {
  TaskKit kit(0);
  kit.script.stops_by_itself = true;
  kit.orders.source_command = SourceCommand::kDrain;
  EXPECT_THAT(kit.after(data(2)), ElementsAre("stop_reading"));
  EXPECT_THAT(kit.after(data(2)), IsEmpty()) << "it is told once";
  EXPECT_THAT(kit.after(ended()), ElementsAre("close"));
}

TEST(Task, AFinishThatFollowsADrainStillSendsTheEndOfTime) {
  TaskKit kit(0);
  kit.script.stops_by_itself = true;
  kit.orders.source_command = SourceCommand::kDrain;
  kit.after(data(2));
  kit.orders.source_command = SourceCommand::kFinish;
  EXPECT_THAT(kit.after(ended()), ElementsAre("end of time", "close"));
}

TEST(Task, AChannelAsideAlignsBarriersAndHasNoPartInTime) {
  TaskKit kit(2, 1);
  EXPECT_THAT(kit.after(control(ElementHeader::watermark({10}), 0)), ElementsAre("watermark 10"));
  EXPECT_THAT(kit.after(control(ElementHeader::watermark({5000}), 1)), IsEmpty());
  EXPECT_THAT(kit.after(control(ElementHeader::idle(), 1)), IsEmpty());
  EXPECT_EQ(kit.task->metrics().watermark_held_by_channel, 0);
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({1}), 0)), IsEmpty());
  EXPECT_THAT(kit.script.blocked, ElementsAre(true, false));
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({1}), 1)), ElementsAre("barrier 1"));
}

TEST(Task, TheEndOfAChannelAsideIsNotTheTasks) {
  TaskKit kit(2, 1);
  EXPECT_THAT(kit.after(control(ElementHeader::end(), 1)), IsEmpty());
  EXPECT_FALSE(kit.script.has_left_inputs);
  EXPECT_THAT(kit.after(control(ElementHeader::barrier({1}), 0)), ElementsAre("barrier 1"));
  EXPECT_FALSE(kit.task->done());
}

TEST(Task, EndsWhenItsOtherChannelsHaveEndedAndLeavesThoseAside) {
  TaskKit kit(2, 1);
  kit.after(control(ElementHeader::watermark(kMaxEventTime), 0));
  kit.after(control(ElementHeader::end(), 0));
  EXPECT_TRUE(kit.script.has_left_inputs);
  while (kit.step() == StepOutcome::kWorked) continue;
  EXPECT_TRUE(kit.task->metrics().finished);
}

TEST(Task, WaitsForWhatComesAsideWhereTheOthersWereOnlyDrained) {
  TaskKit kit(2, 1);
  kit.after(control(ElementHeader::end(), 0));
  EXPECT_FALSE(kit.script.has_left_inputs) << "a later run would miss what is on its way";
  kit.after(control(ElementHeader::end(), 1));
  while (kit.step() == StepOutcome::kWorked) continue;
  EXPECT_TRUE(kit.task->metrics().finished);
}

TEST(Task, EndsWhenNobodyReadsItAnyMore) {
  for (const std::size_t channels : {0u, 2u}) {
    TaskKit kit(channels);
    kit.step();
    kit.script.is_unread = true;
    kit.script.log.clear();
    EXPECT_EQ(kit.step(), StepOutcome::kWorked);
    EXPECT_TRUE(kit.script.has_left_inputs);
    while (kit.step() == StepOutcome::kWorked) continue;
    EXPECT_THAT(kit.script.log, ElementsAre("end_batch", "close"));
    EXPECT_TRUE(kit.task->metrics().finished);
  }
}

TEST(Task, RecordsOfAChannelAsideAreCountedAndWakeNoIdleChannel) {
  TaskKit kit(2, 1);
  kit.after(control(ElementHeader::watermark({10}), 0));
  EXPECT_THAT(kit.after(control(ElementHeader::idle(), 0)), ElementsAre("idle"));
  Turn rules = data(0);
  rules.records_aside = 3;
  EXPECT_THAT(kit.after(rules), ElementsAre("idle")) << "what they made come out woke the readers";
  EXPECT_EQ(kit.task->metrics().records_in, 3u);
}

TEST(Task, AFailureStopsItAndStays) {
  TaskKit kit(1);
  kit.script.poll_failure = Status::data_error("broken");
  kit.script.turns = {data(1), data(1)};
  EXPECT_EQ(kit.step(), StepOutcome::kFailed);
  EXPECT_EQ(kit.step(), StepOutcome::kFailed);
  EXPECT_EQ(kit.script.turns.size(), 1u) << "no poll after the failure";
  EXPECT_EQ(kit.task->failure().message(), "broken");
  EXPECT_FALSE(kit.task->metrics().finished);
}

TEST(Task, AFailureToCloseIsNotLostWhenItDrains) {
  TaskKit kit(0);
  kit.script.close_status = Status(StatusCode::kResourceExhausted, "disk full");
  kit.orders.source_command = SourceCommand::kDrain;
  kit.step();
  EXPECT_EQ(kit.step(), StepOutcome::kFailed);
  EXPECT_EQ(kit.task->failure().message(), "disk full");
}

TEST(Task, AbandonClosesOnceAndReturnsTheFailure) {
  TaskKit kit(1);
  kit.script.close_status = Status(StatusCode::kResourceExhausted, "disk full");
  EXPECT_EQ(kit.task->abandon().message(), "disk full");
  EXPECT_EQ(kit.task->abandon().message(), "disk full");
  EXPECT_THAT(kit.script.log, ElementsAre("close"));
  EXPECT_EQ(kit.step(), StepOutcome::kFailed) << "nothing runs after it";
}

TEST(Task, AFailureToOpenNamesTheStage) {
  Script script;
  script.open_status = Status(StatusCode::kNotFound, "no such file");
  TaskContext context;
  context.stage_name = "payments";
  TaskControl orders;
  Task task(std::make_unique<ScriptedBody>(script, 0), context, orders);
  EXPECT_THAT(std::string(task.open().message()),
              testing::AllOf(HasSubstr("payments"), HasSubstr("no such file")));
}

TEST(Task, MetricsNameItAndShowItsQueue) {
  TaskKit kit(1);
  const TaskMetrics metrics = kit.task->metrics();
  EXPECT_EQ(metrics.stage, "stage");
  EXPECT_EQ(metrics.index, 4u);
  EXPECT_EQ(metrics.queued, 3u);
  EXPECT_EQ(metrics.queue_capacity, 8u);
}

TEST(Task, WorksOffWhatIsDueInSlicesThoughNoRecordComes) {
  TaskKit kit(1);
  kit.script.due = 2500;
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.step(), StepOutcome::kIdle);
  EXPECT_EQ(kit.script.fire_budgets, (std::vector<std::size_t>{1024, 1024, 1024}));
}

TEST(Task, VisitsMoreOfWhatIsDueWhenMoreRecordsCome) {
  TaskKit kit(1);
  kit.script.turns = {data(100), data(3)};
  kit.step();
  kit.step();
  EXPECT_EQ(kit.script.fire_budgets, (std::vector<std::size_t>{3200, 1024}));
}

TEST(Task, OneSliceAStepIsWorkedOffThoughMoreChannelsHaveRecords) {
  TaskKit kit(2);
  kit.script.due = 10000;
  kit.script.turns = {control(ElementHeader::watermark({7}), 0), data(3, 0), data(4, 1)};
  kit.step();
  EXPECT_EQ(kit.script.fire_budgets, (std::vector<std::size_t>{0, 1024}));
  EXPECT_EQ(kit.script.turns.size(), 1u);
}

TEST(Task, WorksOffNothingBesideAControlElement) {
  TaskKit kit(1);
  kit.script.due = 1500;
  kit.after(control(ElementHeader::watermark({7})));
  EXPECT_EQ(kit.script.fire_budgets, (std::vector<std::size_t>{0}));
  EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.fire_budgets, (std::vector<std::size_t>{0, 1024}));
}

TEST(Task, SendsIdleOnlyBehindWhatIsDue) {
  TaskKit kit(1);
  kit.script.due = 1500;
  EXPECT_EQ(kit.after(control(ElementHeader::idle())), (std::vector<std::string>{}));
  kit.step();
  EXPECT_EQ(std::count(kit.script.log.begin(), kit.script.log.end(), "idle"), 0);
  kit.step();
  EXPECT_EQ(std::count(kit.script.log.begin(), kit.script.log.end(), "idle"), 1);
}

TEST(Task, ForgetsAnIdleThatRecordsHaveOvertaken) {
  TaskKit kit(1);
  kit.script.due = 1500;
  kit.after(control(ElementHeader::idle()));
  EXPECT_EQ(kit.after(data(1)), (std::vector<std::string>{}));
  EXPECT_EQ(kit.step(), StepOutcome::kIdle);
  EXPECT_EQ(std::count(kit.script.log.begin(), kit.script.log.end(), "idle"), 0);
}

TEST(Task, LetsOutWhatIsDueBeforeItCloses) {
  TaskKit kit(1);
  kit.script.due = 4000;
  kit.after(control(ElementHeader::watermark(kMaxEventTime)));
  EXPECT_EQ(kit.after(control(ElementHeader::end())), (std::vector<std::string>{}));
  kit.script.log.clear();
  for (int slice = 0; slice < 3; ++slice) EXPECT_EQ(kit.step(), StepOutcome::kWorked);
  EXPECT_EQ(kit.script.log,
            (std::vector<std::string>{"end_batch", "end_batch", "end_batch", "close"}));
  EXPECT_EQ(kit.step(), StepOutcome::kFinished);
}

struct SkewedKit : TaskKit {
  SkewedKit() : TaskKit(2) {}
  void watermarks(std::int64_t first, std::int64_t second) {
    after(control(ElementHeader::watermark({first}), 0));
    after(control(ElementHeader::watermark({second}), 1));
  }
};

struct SkewTest : testing::Test {
  SkewTest() {
    Script limited;
    limited.skew_limit = std::chrono::microseconds(10);
    kit.script.skew_limit = limited.skew_limit;
    EXPECT_TRUE(kit.task->open().ok());
  }
  SkewedKit kit;
};

TEST_F(SkewTest, AChannelThatRunsAheadIsNotReadUntilTheOtherFollows) {
  kit.watermarks(5, 20);
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{false, true}));
  kit.after(control(ElementHeader::watermark({11}), 0));
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{false, false}));
}
TEST_F(SkewTest, AnIdleChannelHoldsNobodyBack) {
  kit.watermarks(5, 20);
  kit.after(control(ElementHeader::idle(), 0));
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{false, false}));
}
TEST_F(SkewTest, ADrainedChannelHoldsNobodyBack) {
  kit.watermarks(5, 20);
  kit.after(control(ElementHeader::end(), 0));
  EXPECT_FALSE(kit.script.blocked[1]);
}
TEST_F(SkewTest, ABarrierUnblocksTheChannelThatRunsAhead) {
  kit.watermarks(5, 20);
  kit.after(control(ElementHeader::barrier({1}), 0));
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{true, false}));
  kit.after(control(ElementHeader::barrier({1}), 1));
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{false, true})) << "aligned, and still ahead";
}
TEST_F(SkewTest, WhatTheOthersDoNotBringInTimeIsNotWaitedFor) {
  const auto at_millis = [](std::int64_t millis) { return Instant{millis * 1'000'000}; };
  kit.watermarks(5, 20);
  EXPECT_EQ(kit.task->step(at_millis(1), 16), StepOutcome::kIdle);
  EXPECT_EQ(kit.task->wake_at(), Instant{70}) << "the input's own deadline is sooner";
  EXPECT_EQ(kit.task->step(at_millis(9), 16), StepOutcome::kIdle);
  EXPECT_TRUE(kit.script.blocked[1]);
  EXPECT_EQ(kit.task->step(at_millis(11), 16), StepOutcome::kWorked);
  EXPECT_FALSE(kit.script.blocked[1]);
  kit.script.turns = {data(3, 1)};
  EXPECT_EQ(kit.task->step(at_millis(12), 16), StepOutcome::kWorked);
  EXPECT_TRUE(kit.script.blocked[1]) << "one batch, and then it waits again";
  kit.script.turns = {data(1, 0)};
  EXPECT_EQ(kit.task->step(at_millis(21), 16), StepOutcome::kWorked);
  EXPECT_EQ(kit.task->step(at_millis(23), 16), StepOutcome::kIdle) << "something has come";
  EXPECT_TRUE(kit.script.blocked[1]);
}
TEST_F(SkewTest, ASourceThatHasNeverSpokenStopsNobody) {
  kit.after(control(ElementHeader::watermark({1000}), 1));
  EXPECT_EQ(kit.script.blocked, (std::vector<bool>{false, false}));
}

}  // namespace
}  // namespace penstock
