#include "penstock/core/runtime/task.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/buggify.h"
#include "penstock/core/base/protocol_trace.h"

namespace penstock {

Task::Task(std::unique_ptr<StageBody> body, TaskContext context, const TaskControl& control,
           SnapshotPort* port)
    : body_(std::move(body)),
      context_(std::move(context)),
      control_(control),
      coalescer_(body_->time_channels()),
      aligner_(body_->input_channels()),
      capture_(*body_, port, counters_, context_.task_index == 0),
      time_channels_(body_->time_channels()),
      open_channels_(time_channels_),
      open_aside_(body_->input_channels() - time_channels_),
      turns_max_(std::clamp<std::size_t>(2 * body_->input_channels(), 1, kTurnsMax)),
      is_source_(body_->input_channels() == 0) {
  context_.failure = &failure_;
  context_.counters = &counters_;
}

Status Task::open() {
  Status status = body_->open(context_).with_place("stage \"" + context_.stage_name + "\"");
  skew_limit_ = body_->skew_limit();
  return status;
}

Status Task::restore(const SnapshotItem& item, bool& known) {
  has_items_ = true;
  known = item.operator_id == TaskCapture::kOperator;
  const Status status = known ? capture_.restore(item) : body_->restore(item, known);
  return status.with_place("stage \"" + context_.stage_name + "\"");
}

Status Task::restored(Epoch epoch) {
  counters_.epoch.store(epoch.value, std::memory_order_relaxed);
  captured_ = committed_ = epoch;
  counted_before_.store(counters_.records_in.get(), std::memory_order_relaxed);
  if (!has_items_) return Status();
  if (const auto& watermarks = capture_.restored()) {
    counters_.watermark_micros.store(watermarks->in.micros, std::memory_order_relaxed);
    coalescer_.restore(watermarks->in);
    if (watermarks->out != kMinEventTime) body_->send_watermark(watermarks->out);
  }
  return body_->restored().with_place("stage \"" + context_.stage_name + "\"");
}

StepOutcome Task::step(Instant now, std::size_t budget) {
  now_ = now;
  wake_at_ = kNever;
  const bool captured = capture_.enabled() && go_on_capturing();
  StepOutcome outcome = StepOutcome::kFailed;
  switch (state_) {
    case State::kRunning:
      outcome = step_running(now, budget);
      break;
    case State::kFiring:
      outcome = step_firing(now);
      break;
    case State::kDraining:
      outcome = step_draining();
      break;
    case State::kEnded:
      outcome = step_ended();
      break;
    case State::kFinished:
      return StepOutcome::kFinished;
    case State::kFailed:
      return StepOutcome::kFailed;
  }
  const bool rests = outcome == StepOutcome::kIdle || outcome == StepOutcome::kBlocked;
  if (rests) until_slice_ = 0;
  if (capture_.running()) wake_at_ = std::min(wake_at_, now + kCapturePatience);
  return captured && rests ? StepOutcome::kWorked : outcome;
}

StepOutcome Task::step_draining() {
  if (failure_.failed()) return fail();
  if (!body_->flushed()) return StepOutcome::kBlocked;
  if (!capture_.enabled()) return end();
  capture_.announce_end();
  state_ = State::kEnded;
  return StepOutcome::kWorked;
}

StepOutcome Task::step_ended() {
  if (failure_.failed()) return fail();
  const std::uint64_t last = control_.last_epoch.load(std::memory_order_relaxed);
  if (last > 0 && committed_.value >= last) return end();
  const Epoch requested{control_.requested_epoch.load(std::memory_order_acquire)};
  if (captured_ >= requested) return StepOutcome::kIdle;
  counters_.epoch.store(requested.value, std::memory_order_relaxed);
  begin_capture(requested, true);
  return StepOutcome::kWorked;
}

StepOutcome Task::end() {
  release_body();
  if (failure_.failed()) return fail();
  state_ = State::kFinished;
  finished_.store(true, std::memory_order_relaxed);
  return StepOutcome::kFinished;
}

// True: it did something, and there is more.
bool Task::go_on_capturing() {
  if (!PENSTOCK_BUGGIFY("task.hears_late")) hear_of_commits();
  if (!capture_.running()) return false;
  if (captured_.value <= control_.aborted_epoch.load(std::memory_order_relaxed)) {
    capture_.cancel();
    return false;
  }
  if (until_slice_ > 0) return false;
  until_slice_ = kElementsPerSlice;
  return capture_.advance();
}

void Task::hear_of_commits() {
  const Epoch committed{control_.committed_epoch.load(std::memory_order_relaxed)};
  if (committed <= committed_) return;
  PENSTOCK_PROTOCOL(kHeard, committed, capture_.port());
  committed_ = committed;
  body_->committed(committed);
}

void Task::begin_capture(Epoch epoch, bool ended) {
  PENSTOCK_PROTOCOL(kPassed, epoch, capture_.port());
  // The epoch before may have become durable since this step began; what is captured now stands behind that.
  hear_of_commits();
  capture_.cancel();  // Of an epoch that was given up, or there would be no other.
  captured_ = epoch;
  if (epoch.value <= control_.aborted_epoch.load(std::memory_order_relaxed)) return;
  capture_.begin(epoch, coalescer_.current(), ended);
}

StepOutcome Task::step_running(Instant now, std::size_t budget) {
  if (failure_.failed()) return fail();
  if (is_source_ && follow_commands()) return StepOutcome::kWorked;
  if (body_->is_unread()) {
    finish(false);
    return StepOutcome::kWorked;
  }
  return read_turns(now, budget);
}

StepOutcome Task::read_turns(Instant now, std::size_t budget) {
  StepOutcome outcome = StepOutcome::kBlocked;
  const std::size_t left_min = budget - std::min(budget, kReadsOnBelow);
  for (std::size_t turns = 0; turns < turns_max_ && budget > left_min; ++turns) {
    if (!body_->ready() || capture_.overfull() || PENSTOCK_BUGGIFY("task.ring_full"))
      return failure_.failed() ? fail() : outcome;
    const Turn turn = body_->poll(now, PENSTOCK_BUGGIFY("task.batch_of_one") ? 1 : budget);
    const bool is_empty = turn.kind == TurnKind::kEmpty;
    if (turns > 0 && is_empty && !failure_.failed()) return outcome;
    outcome = after_turn(turn, now);
    budget -= std::min(budget, turn.records);
    const bool goes_on = outcome == StepOutcome::kWorked && state_ == State::kRunning &&
                         !is_empty && !has_fired_ && !capture_.running();
    if (!goes_on || PENSTOCK_BUGGIFY("task.one_turn")) break;
  }
  return outcome;
}

// Epochs and ends reach a source here, before it looks at its credit: a barrier must leave while records cannot.
bool Task::follow_commands() {
  // Acquire: whoever meets the barrier knows which epochs were durable when it was asked for.
  const std::uint64_t requested = control_.requested_epoch.load(std::memory_order_acquire);
  const std::uint64_t passed = counters_.epoch.load(std::memory_order_relaxed);
  if (requested > passed && !PENSTOCK_BUGGIFY("source.barrier_late")) {
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
  until_slice_ -=
      std::min(until_slice_, std::max(turn.records, kElementsPerSlice / kTurnsPerSlice));
  if (turn.records_aside > 0) {
    counters_.records_in.add(turn.records_aside);
    // What they have made come out told the readers that time goes on here.
    idle_waits_ = idle_waits_ || coalescer_.is_idle();
  }
  if (turn.records > 0) {
    counters_.records_in.add(turn.records);
    if (!is_source_) coalescer_.on_records(turn.channel);
    idle_waits_ = false;
  }
  if (turn.kind == TurnKind::kControl) on_control(turn);
  if (turn.kind == TurnKind::kEnded && !failure_.failed()) finish(obeyed_ != SourceCommand::kDrain);
  if (failure_.failed()) return fail();
  // Under light load a watermark stands behind each few records. If it fired a slice of what is due as well, records
  // would come faster than they are read for as long as that takes.
  const FiringPace& pace = context_.firing;
  const std::size_t slice =
      turn.kind == TurnKind::kControl ? 0 : std::max(pace.slice, turn.records * pace.per_record);
  const bool more_due = state_ == State::kRunning && end_batch(now, slice);
  has_fired_ = more_due && slice > 0;
  if (failure_.failed()) return fail();
  const bool reads_on = reads_on_ahead(turn, now);
  if (turn.kind != TurnKind::kEmpty || more_due || reads_on) return StepOutcome::kWorked;
  wake_at_ = std::min(turn.wake_at, body_->wake_at());
  if (starved_since_ != kNever) wake_at_ = std::min(wake_at_, starved_since_ + kSkewPatience);
  return StepOutcome::kIdle;
}

bool Task::end_batch(Instant now, std::size_t fire_budget) {
  if (fire_budget > 1 && PENSTOCK_BUGGIFY("task.fires_one")) fire_budget = 1;
  const bool more = body_->end_batch(now, fire_budget);
  if (!more && std::exchange(idle_waits_, false)) {
    body_->idle();
    static_cast<void>(body_->end_batch(now, 0));
  }
  return more;
}

StepOutcome Task::step_firing(Instant now) {
  until_slice_ = 0;
  if (failure_.failed()) return fail();
  if (!body_->ready() || capture_.overfull()) return StepOutcome::kBlocked;
  if (end_batch(now, context_.firing.slice))
    return failure_.failed() ? fail() : StepOutcome::kWorked;
  close_body();
  state_ = State::kDraining;
  return StepOutcome::kWorked;
}

void Task::on_control(const Turn& turn) {
  const bool tells_time = turn.channel < time_channels_;
  switch (turn.control.kind()) {
    case ElementKind::kWatermark:
      if (tells_time) on_update(coalescer_.on_watermark(turn.channel, turn.control.time()));
      return;
    case ElementKind::kIdle:
      if (tells_time) on_update(coalescer_.on_idle(turn.channel));
      return;
    case ElementKind::kBarrier: {
      const std::optional<Epoch> complete = aligner_.on_barrier(turn.channel, turn.control.epoch());
      update_blocks();
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
  if (update.became_idle || !coalescer_.is_idle()) idle_waits_ = update.became_idle;
  if (skew_limit_ != std::chrono::microseconds::max()) update_blocks();
  const std::optional<std::size_t> holder = coalescer_.held_by();
  held_by_.store(holder ? static_cast<std::int64_t>(*holder) : -1, std::memory_order_relaxed);
}

void Task::pass_barrier(Epoch epoch) {
  body_->barrier(epoch);
  counters_.epoch.store(epoch.value, std::memory_order_relaxed);
  if (capture_.enabled()) begin_capture(epoch, false);
  aligner_.release();
  update_blocks();
}

void Task::update_blocks() {
  skews_ = false;
  for (std::size_t i = 0; i < body_->input_channels(); ++i) {
    const bool ahead = !aligner_.aligning() && !skew_waived_ && runs_ahead(i);
    skews_ = skews_ || ahead;
    body_->block_channel(i, aligner_.is_blocked(i) || ahead);
  }
}

// Where a source that was idle has two ways to this task, one may be ahead for as long as that source is behind; and if
// the channel that is not read stops that source, for ever. So what others do not bring in time is not waited for.
bool Task::reads_on_ahead(const Turn& turn, Instant now) {
  if (turn.kind != TurnKind::kEmpty || !skews_) {
    starved_since_ = kNever;
    const bool has_read = turn.kind != TurnKind::kEmpty && state_ == State::kRunning;
    if (has_read && std::exchange(skew_waived_, false)) update_blocks();
    return false;
  }
  if (starved_since_ == kNever) starved_since_ = now;
  if (now - starved_since_ < kSkewPatience && !PENSTOCK_BUGGIFY("task.skew_waived")) return false;
  starved_since_ = kNever;
  skew_waived_ = true;
  update_blocks();
  return true;
}

// Not before the task has a watermark: a source that has never spoken would stop all others.
bool Task::runs_ahead(std::size_t channel) const noexcept {
  if (channel >= time_channels_ || skew_limit_ == std::chrono::microseconds::max()) return false;
  const EventTime own = coalescer_.current();
  const EventTime its = coalescer_.channel_watermark(channel);
  return own != kMinEventTime && its != kMaxEventTime && !coalescer_.is_idle() && own < its &&
         static_cast<std::uint64_t>(its.micros) - static_cast<std::uint64_t>(own.micros) >=
             static_cast<std::uint64_t>(skew_limit_.count());
}

void Task::end_channel(std::size_t channel) {
  // A channel drained before the end of time holds the watermark where it is; what others have sent must come out.
  const bool tells_time = channel < time_channels_;
  if (tells_time && coalescer_.channel_watermark(channel) != kMaxEventTime)
    skew_limit_ = std::chrono::microseconds::max();
  update_blocks();
  if (const std::optional<Epoch> complete = aligner_.on_end(channel)) pass_barrier(*complete);
  --(tells_time ? open_channels_ : open_aside_);
  if (open_channels_ > 0) return;
  // Where the input was only drained, what comes aside belongs to what goes on later.
  if (open_aside_ == 0 || coalescer_.current() == kMaxEventTime) finish(false);
}

void Task::finish(bool end_of_time) {
  if (end_of_time) {
    counters_.watermark_micros.store(kMaxEventTime.micros, std::memory_order_relaxed);
    body_->watermark(kMaxEventTime);
  }
  body_->leave_inputs();
  state_ = State::kFiring;
  static_cast<void>(step_firing(now_));
}

void Task::close_body() {
  if (std::exchange(closed_, true)) return;
  const Status status = body_->close();
  if (!status.ok()) failure_.set(status);
}

void Task::release_body() {
  if (std::exchange(released_, true)) return;
  const Status status = body_->release();
  if (!status.ok()) failure_.set(status);
}

Status Task::abandon() {
  close_body();
  release_body();
  if (state_ != State::kFinished) state_ = State::kFailed;
  return failure_.status();
}

namespace {

// Read while both are written.
double share(const Counter& part, const Counter& whole) noexcept {
  const std::uint64_t all = whole.get();
  return all == 0 ? 0 : std::min(1.0, static_cast<double>(part.get()) / static_cast<double>(all));
}

}  // namespace

TaskMetrics Task::metrics() const {
  TaskMetrics result;
  result.stage = context_.stage_name;
  result.index = context_.task_index;
  result.records_in = counters_.records_in.get();
  result.records_in_before = counted_before_.load(std::memory_order_relaxed);
  result.records_out = counters_.records_out.get();
  result.errors = counters_.errors.get();
  result.skipped = counters_.skipped.get();
  result.dead_letters = counters_.dead_letters.get();
  result.late = counters_.late.get();
  result.misdated = counters_.misdated.get();
  result.lag = counters_.lag.get();
  result.delivered = counters_.delivered.get();
  result.undelivered = counters_.undelivered.get();
  result.side_unread = counters_.side_unread.get();
  result.overflows = counters_.overflows.get();
  result.row_blocks = counters_.row_blocks.get();
  result.state_keys = counters_.state_keys.get();
  result.state_bytes = counters_.state_bytes.get();
  result.hottest_group = static_cast<std::uint32_t>(counters_.hottest_group.get());
  result.hottest_group_share = share(counters_.hottest_group_records, counters_.sampled_records);
  result.queued = body_->queued_elements();
  result.queue_capacity = body_->queue_capacity();
  result.watermark = {counters_.watermark_micros.load(std::memory_order_relaxed)};
  result.watermark_held_by_channel = held_by_.load(std::memory_order_relaxed);
  result.epoch = {counters_.epoch.load(std::memory_order_relaxed)};
  result.finished = finished_.load(std::memory_order_relaxed);
  return result;
}

}  // namespace penstock
