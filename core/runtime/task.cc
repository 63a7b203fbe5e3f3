#include "penstock/core/runtime/task.h"

#include <algorithm>
#include <utility>

namespace penstock {

Task::Task(std::unique_ptr<StageBody> body, TaskContext context, const TaskControl& control)
    : body_(std::move(body)),
      context_(std::move(context)),
      control_(control),
      coalescer_(body_->input_channels()),
      aligner_(body_->input_channels()),
      open_channels_(body_->input_channels()),
      is_source_(body_->input_channels() == 0) {
  context_.failure = &failure_;
  context_.counters = &counters_;
}

Status Task::open() {
  return body_->open(context_).with_place("stage \"" + context_.stage_name + "\"");
}

StepOutcome Task::step(Instant now, std::size_t budget) {
  switch (state_) {
    case State::kRunning:
      return step_running(now, budget);
    case State::kDraining:
      if (failure_.failed()) return fail();
      if (!body_->flushed()) return StepOutcome::kBlocked;
      state_ = State::kFinished;
      finished_.store(true, std::memory_order_relaxed);
      return StepOutcome::kFinished;
    case State::kFinished:
      return StepOutcome::kFinished;
    case State::kFailed:
      return StepOutcome::kFailed;
  }
  return StepOutcome::kFailed;
}

StepOutcome Task::step_running(Instant now, std::size_t budget) {
  wake_at_ = kNever;
  if (is_source_ && follow_commands()) return StepOutcome::kWorked;
  if (!body_->ready()) return failure_.failed() ? fail() : StepOutcome::kBlocked;
  return after_turn(body_->poll(now, budget), now);
}

// Epochs and ends reach a source here, before it looks at its credit: a barrier must leave while records cannot.
bool Task::follow_commands() {
  const std::uint64_t requested = control_.requested_epoch.load(std::memory_order_relaxed);
  const std::uint64_t passed = counters_.epoch.load(std::memory_order_relaxed);
  if (requested > passed) {
    // One by one, none skipped. Where two ways lead from a source to a task, a skipped barrier lets the task block one
    // way for an epoch that never comes on the other, while that other waits for room in the first: the job hangs.
    pass_barrier({passed + 1});
    return true;
  }
  const SourceCommand command = control_.source_command.load(std::memory_order_relaxed);
  if (command == obeyed_) return false;
  const SourceCommand before = std::exchange(obeyed_, command);
  if (before != SourceCommand::kRun || body_->stop_reading())
    return false;  // It ends with TurnKind::kEnded.
  finish(command == SourceCommand::kFinish);
  return true;
}

StepOutcome Task::fail() noexcept {
  state_ = State::kFailed;
  return StepOutcome::kFailed;
}

StepOutcome Task::after_turn(const Turn& turn, Instant now) {
  if (turn.records > 0) {
    counters_.records_in.add(turn.records);
    if (!is_source_) coalescer_.on_records(turn.channel);
  }
  if (turn.kind == TurnKind::kControl) on_control(turn);
  if (turn.kind == TurnKind::kEnded && !failure_.failed()) finish(obeyed_ != SourceCommand::kDrain);
  if (state_ == State::kRunning) body_->end_batch(now);
  if (failure_.failed()) return fail();
  if (turn.kind != TurnKind::kEmpty) return StepOutcome::kWorked;
  wake_at_ = std::min(turn.wake_at, body_->wake_at());
  return StepOutcome::kIdle;
}

void Task::on_control(const Turn& turn) {
  switch (turn.control.kind()) {
    case ElementKind::kWatermark:
      return on_update(coalescer_.on_watermark(turn.channel, turn.control.time()));
    case ElementKind::kIdle:
      return on_update(coalescer_.on_idle(turn.channel));
    case ElementKind::kBarrier: {
      const std::optional<Epoch> complete = aligner_.on_barrier(turn.channel, turn.control.epoch());
      for (std::size_t i = 0; i < body_->input_channels(); ++i)
        body_->block_channel(i, aligner_.is_blocked(i));
      if (complete) pass_barrier(*complete);
      return;
    }
    case ElementKind::kEnd:
      return end_channel(turn.channel);
    case ElementKind::kData:
      PENSTOCK_CHECK(false);
  }
}

void Task::on_update(const WatermarkCoalescer::Update& update) {
  if (update.watermark) {
    counters_.watermark_micros.store(update.watermark->micros, std::memory_order_relaxed);
    body_->watermark(*update.watermark);
  }
  if (update.became_idle) body_->idle();
  const std::optional<std::size_t> holder = coalescer_.held_by();
  held_by_.store(holder ? static_cast<std::int64_t>(*holder) : -1, std::memory_order_relaxed);
}

void Task::pass_barrier(Epoch epoch) {
  body_->barrier(epoch);
  counters_.epoch.store(epoch.value, std::memory_order_relaxed);
  aligner_.release();
  for (std::size_t i = 0; i < body_->input_channels(); ++i) body_->block_channel(i, false);
}

void Task::end_channel(std::size_t channel) {
  body_->block_channel(channel, true);  // Nothing comes after End.
  if (const std::optional<Epoch> complete = aligner_.on_end(channel)) pass_barrier(*complete);
  if (--open_channels_ == 0) finish(false);
}

void Task::finish(bool end_of_time) {
  if (end_of_time) {
    counters_.watermark_micros.store(kMaxEventTime.micros, std::memory_order_relaxed);
    body_->watermark(kMaxEventTime);
  }
  close_body();
  state_ = State::kDraining;
}

void Task::close_body() {
  if (std::exchange(closed_, true)) return;
  const Status status = body_->close();
  if (!status.ok()) failure_.set(status);
}

Status Task::abandon() {
  close_body();
  if (state_ != State::kFinished) state_ = State::kFailed;
  return failure_.status();
}

TaskMetrics Task::metrics() const {
  TaskMetrics result;
  result.stage = context_.stage_name;
  result.index = context_.task_index;
  result.records_in = counters_.records_in.get();
  result.records_out = counters_.records_out.get();
  result.errors = counters_.errors.get();
  result.skipped = counters_.skipped.get();
  result.dead_letters = counters_.dead_letters.get();
  result.late = counters_.late.get();
  result.side_unread = counters_.side_unread.get();
  result.overflows = counters_.overflows.get();
  result.state_keys = counters_.state_keys.get();
  result.state_bytes = counters_.state_bytes.get();
  result.queued = body_->queued_elements();
  result.queue_capacity = body_->queue_capacity();
  result.watermark = {counters_.watermark_micros.load(std::memory_order_relaxed)};
  result.watermark_held_by_channel = held_by_.load(std::memory_order_relaxed);
  result.epoch = {counters_.epoch.load(std::memory_order_relaxed)};
  result.finished = finished_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace penstock
