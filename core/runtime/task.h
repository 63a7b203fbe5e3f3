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
// Snapshots  At a barrier the task sends it on and captures its part; one that has ended goes on taking part in epochs,
//            always the same, until one in which all tasks had ended is durable. Only then it is finished.
// Threads    step() belongs to one worker; counters() may be read by any thread. No step blocks.
// Errors     A failed operator, source or sink ends the task: step() says kFailed and failure() holds the reason.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/checkpoint/barrier_aligner.h"
#include "penstock/core/runtime/metrics.h"
#include "penstock/core/runtime/task_capture.h"
#include "penstock/core/stream/stage_body.h"
#include "penstock/core/time/watermark_coalescer.h"

namespace penstock {

// How sources are told to end. kDrain: stop reading, let everything in flight come out. kFinish: the same, and time
// is over: all that waits for a later watermark comes out as well.
enum class SourceCommand : std::uint8_t { kRun, kDrain, kFinish };

// What the control thread says to every task; each looks once per step.
struct TaskControl {
  std::atomic<std::uint64_t> requested_epoch{0};
  std::atomic<std::uint64_t> aborted_epoch{0};    // And those before it are not captured any more.
  std::atomic<std::uint64_t> committed_epoch{0};  // Durable.
  std::atomic<std::uint64_t> last_epoch{0};       // Durable, and all tasks had ended; 0: none.
  std::atomic<SourceCommand> source_command{SourceCommand::kRun};
};

enum class StepOutcome : std::uint8_t { kWorked, kIdle, kBlocked, kFinished, kFailed };

class Task {
 public:
  // `port`: where its snapshots go, and outlives it; null: there are none.
  Task(std::unique_ptr<StageBody> body, TaskContext context, const TaskControl& control,
       SnapshotPort* port = nullptr);

  Status open();
  // After open(): what the tasks of its stage had captured; then restored() once, after the last item of all.
  Status restore(const SnapshotItem& item, bool& known);
  Status restored(Epoch epoch);
  // A bounded amount of work: at most `budget` records, kTurnsMax runs and control elements, and one slice of what is
  // due.
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
  // A number that changes when the task has done something.
  std::uint64_t progress() const noexcept {
    return counters_.records_in.get() + counters_.records_out.get() +
           static_cast<std::uint64_t>(counters_.watermark_micros.load(std::memory_order_relaxed));
  }

 private:
  static constexpr std::chrono::milliseconds kSkewPatience{10};
  static constexpr std::chrono::milliseconds kCapturePatience{1};
  // What is read between two slices of a capture: under light load a control element stands behind each few records,
  // and a slice behind each of them would let records come faster than they are read.
  static constexpr std::size_t kElementsPerSlice = 64;
  static constexpr std::size_t kTurnsPerSlice = 8;
  // Of a step: it reads a run and the watermark behind it from each channel. With one turn a step a task with several
  // channels would read more slowly than their writers write, and its rings would always be full.
  static constexpr std::size_t kTurnsMax = 8;
  // So many records are enough for one step: more make it longer and nothing faster.
  static constexpr std::size_t kReadsOnBelow = 256;

  // kFiring: no more input; what the last watermark made due comes out. kDraining: closed, outputs empty themselves.
  // kEnded: takes part in snapshots still.
  enum class State : std::uint8_t { kRunning, kFiring, kDraining, kEnded, kFinished, kFailed };

  StepOutcome step_running(Instant now, std::size_t budget);
  StepOutcome read_turns(Instant now, std::size_t budget);
  StepOutcome step_firing(Instant now);
  StepOutcome step_draining();
  StepOutcome step_ended();
  StepOutcome end();
  bool go_on_capturing();
  void hear_of_commits();
  void begin_capture(Epoch epoch, bool ended);
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
  void release_body();

  std::unique_ptr<StageBody> body_;
  TaskContext context_;
  const TaskControl& control_;
  TaskFailure failure_;
  TaskCounters counters_;
  WatermarkCoalescer coalescer_;
  BarrierAligner aligner_;
  TaskCapture capture_;
  std::size_t until_slice_ = 0;                   // Elements.
  Epoch captured_;                                // The last one that it has captured, or begun to.
  Epoch committed_;                               // The last one that it has been told of.
  std::atomic<std::uint64_t> counted_before_{0};  // Of its records_in: by those it goes on from.
  std::atomic<std::int64_t> held_by_{-1};
  std::size_t time_channels_;
  std::size_t open_channels_;  // Of those.
  std::size_t open_aside_;     // Of the others.
  std::chrono::microseconds skew_limit_ = std::chrono::microseconds::max();
  bool skews_ = false;              // Some channel is not read because it runs ahead.
  bool skew_waived_ = false;        // Until something has been read.
  Instant starved_since_ = kNever;  // It skews, and nothing has come.
  Instant now_{};                   // Of the step.
  Instant wake_at_ = kNever;
  State state_ = State::kRunning;
  SourceCommand obeyed_ = SourceCommand::kRun;
  std::atomic<bool> finished_{false};
  std::size_t turns_max_;  // Per step.
  bool is_source_;
  bool has_fired_ = false;  // In the last turn: a step works off one slice of what is due.
  bool closed_ = false;
  bool released_ = false;
  bool has_items_ = false;   // It has been restored.
  bool idle_waits_ = false;  // Behind what is still due.
};

}  // namespace penstock
