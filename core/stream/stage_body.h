// core/stream/stage_body.h -- a stage's code as its task drives it: one virtual call per batch, never per record.
//
// Threads    Owned by one worker. Nothing here blocks.
// Protocol   open, then any number of {ready, poll, watermark, idle, barrier, end_batch}, then close. poll() and
//            end_batch() are called only while ready() is true; poll() stops at the first control element, so a batch
//            is plain data or one event. release() comes last of all, whatever went before.
// Snapshots  restore() any number of times and restored() between open and the first poll. capture() behind barrier(),
//            or after close() for a task that has ended; then capture_more() until it says false.
// Firing     What a watermark makes due comes out in slices, one per end_batch(), between which records go on flowing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/element.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

// What a poll met.
enum class TurnKind : std::uint8_t {
  kData,     // `records` records went through.
  kControl,  // `control` was taken from `channel`; perhaps records before it.
  kEmpty,    // No input now. A source names in `wake_at` when it wants to be polled again.
  kEnded,    // A source has no more records, ever.
};

struct Turn {
  TurnKind kind = TurnKind::kEmpty;
  std::size_t records = 0;
  std::size_t channel = 0;
  ElementHeader control;
  Instant wake_at = kNever;
  std::size_t records_aside = 0;  // From channels that carry no time, beside `records`.
};

class StageBody {
 public:
  virtual ~StageBody() = default;

  virtual Status open(const TaskContext& context) = 0;
  virtual std::size_t input_channels() const = 0;  // 0: a source.
  // The first so many channels carry time: they make the watermark, and the stage ends when they have ended. The others
  // (broadcast) only take part in the alignment of barriers.
  virtual std::size_t time_channels() const { return input_channels(); }

  // Whether every output can take another record. Retries what an earlier batch left over.
  virtual bool ready() noexcept = 0;
  virtual Turn poll(Instant now, std::size_t budget) = 0;
  // Tells a source to read no more. True: it hands out what it holds and then says kEnded; false: it ends at once.
  virtual bool stop_reading() noexcept = 0;
  // Stops or resumes reading `channel` (alignment of a barrier).
  virtual void block_channel(std::size_t channel, bool blocked) noexcept = 0;
  // The task reads no more: whoever still sends to it is told not to wait for room.
  virtual void leave_inputs() noexcept {}
  // Whether every reader of its outputs has left; then there is nothing to do for anybody.
  virtual bool is_unread() const noexcept { return false; }

  virtual void watermark(EventTime time) noexcept = 0;
  virtual void idle() noexcept = 0;
  virtual void barrier(Epoch epoch) noexcept = 0;
  // Emits what operators hold for the end of a batch, then about `fire_budget` keys or timers of what is due;
  // flushes sinks, publishes outputs. True: more is due.
  virtual bool end_batch(Instant now, std::size_t fire_budget) noexcept = 0;
  // How far one input's watermark may be ahead of the task's before it is better not read; max(): any distance.
  virtual std::chrono::microseconds skew_limit() const noexcept = 0;
  // When end_batch() must be called again though no record came; kNever when it need not.
  virtual Instant wake_at() const noexcept = 0;
  // After the last record: closes operators and sinks, and sends End on every output.
  virtual Status close() = 0;
  // After close(): whether everything has left for the rings. Retries what has not.
  virtual bool flushed() noexcept = 0;
  // Closes the source: nothing more will be captured.
  virtual Status release() { return Status(); }

  virtual void capture(Epoch, SnapshotWriter&) noexcept {}
  virtual bool capture_more(std::size_t, SnapshotWriter&) noexcept { return false; }
  // Whether what the outside must confirm for the cut, as that it has a record, is confirmed.
  virtual bool captured() const noexcept { return true; }
  virtual std::size_t copied_bytes() const noexcept { return 0; }
  virtual void cancel_capture() noexcept {}
  // False in `known`: the stage has no such operator.
  virtual Status restore(const SnapshotItem&, bool& known) {
    known = false;
    return Status();
  }
  virtual Status restored() { return Status(); }
  // The last one it has sent; and the same again after a restore: what its readers knew of it is not kept.
  virtual EventTime sent_watermark() const noexcept { return kMinEventTime; }
  virtual void send_watermark(EventTime) noexcept {}
  virtual void committed(Epoch) noexcept {}

  // Asks to be woken once a full output has room again; the caller must try ready() once more before it sleeps.
  virtual void request_space() noexcept = 0;
  virtual std::size_t queued_elements() const noexcept = 0;  // In its input rings; any thread.
  virtual std::size_t queue_capacity() const noexcept = 0;
};

}  // namespace penstock
