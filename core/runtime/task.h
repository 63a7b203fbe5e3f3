// core/runtime/task.h -- one parallel instance of a stage: drives its body through records, time, epochs and the end.
//
// Skew       A channel whose watermark runs further ahead of the task's than the stage's operators want is not read
//            until the others follow, or they would store its records for nothing. The alignment of a barrier overrides
//            that: each could wait for the other otherwise. Channels that are idle or ended hold nobody back. When
//            nothing else has come for 10 ms, the next batch is read all the same: what the others wait for may stand
//            behind it.
// Aside      Channels that carry no time (broadcast) take part in the alignment of barriers only: they neither hold the
//            watermark nor the task, which ends when its other channels have ended. It then leaves them, and a task all
//            of whose readers have left ends too: a bounded input ends its job though the rules beside it have no end.
// Threads    step() belongs to one worker; counters() may be read by any thread. No step blocks.
// Errors     A failed operator, source or sink ends the task: step() says kFailed and failure() holds the reason.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/checkpoint/barrier_aligner.h"
#include "penstock/core/runtime/metrics.h"
#include "penstock/core/stream/stage_body.h"
#include "penstock/core/time/watermark_coalescer.h"

namespace penstock {

// How sources are told to end. kDrain: stop reading, let everything in flight come out. kFinish: the same, and time
// is over: all that waits for a later watermark comes out as well.
enum class SourceCommand : std::uint8_t { kRun, kDrain, kFinish };

// What the control thread says to every task; each looks once per step.
struct TaskControl {
  std::atomic<std::uint64_t> requested_epoch{0};
  std::atomic<SourceCommand> source_command{SourceCommand::kRun};
};

enum class StepOutcome : std::uint8_t { kWorked, kIdle, kBlocked, kFinished, kFailed };

class Task {
 public:
  Task(std::unique_ptr<StageBody> body, TaskContext context, const TaskControl& control);

  Status open();
  // A bounded amount of work: at most `budget` records or one control element.
  StepOutcome step(Instant now, std::size_t budget);
  // Before the worker sleeps on a blocked task: asks the readers of its outputs to wake it.
  void request_space() noexcept { body_->request_space(); }
  // Ends the task wherever it is: closes operators and sinks so that what they hold is flushed.
  Status abandon();

  // When step() must be called again though nothing arrives.
  Instant wake_at() const noexcept { return wake_at_; }
  bool done() const noexcept { return state_ == State::kFinished || state_ == State::kFailed; }
  const Status& failure() const noexcept { return failure_.status(); }
  const std::string& stage_name() const noexcept { return context_.stage_name; }
  // Any thread.
  TaskMetrics metrics() const;

 private:
  static constexpr std::chrono::milliseconds kSkewPatience{10};

  // kFiring: no more input; what the last watermark made due comes out. kDraining: closed, outputs empty themselves.
  enum class State : std::uint8_t { kRunning, kFiring, kDraining, kFinished, kFailed };

  StepOutcome step_running(Instant now, std::size_t budget);
  StepOutcome step_firing(Instant now);
  bool follow_commands();
  StepOutcome fail() noexcept;
  StepOutcome after_turn(const Turn& turn, Instant now);
  bool end_batch(Instant now, std::size_t fire_budget);
  void on_control(const Turn& turn);
  void on_update(const WatermarkCoalescer::Update& update);
  void pass_barrier(Epoch epoch);
  void end_channel(std::size_t channel);
  void update_blocks();
  bool reads_on_ahead(const Turn& turn, Instant now);
  bool runs_ahead(std::size_t channel) const noexcept;
  void finish(bool end_of_time);
  void close_body();

  std::unique_ptr<StageBody> body_;
  TaskContext context_;
  const TaskControl& control_;
  TaskFailure failure_;
  TaskCounters counters_;
  WatermarkCoalescer coalescer_;
  BarrierAligner aligner_;
  std::atomic<std::int64_t> held_by_{-1};
  std::size_t time_channels_;
  std::size_t open_channels_;  // Of those.
  std::chrono::microseconds skew_limit_ = std::chrono::microseconds::max();
  bool skews_ = false;              // Some channel is not read because it runs ahead.
  bool skew_waived_ = false;        // Until something has been read.
  Instant starved_since_ = kNever;  // It skews, and nothing has come.
  Instant now_{};                   // Of the step.
  Instant wake_at_ = kNever;
  State state_ = State::kRunning;
  SourceCommand obeyed_ = SourceCommand::kRun;
  std::atomic<bool> finished_{false};
  bool is_source_;
  bool closed_ = false;
  bool idle_waits_ = false;  // Behind what is still due.
};

}  // namespace penstock
