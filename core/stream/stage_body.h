// core/stream/stage_body.h -- a stage's code as its task drives it: one virtual call per batch, never per record.
//
// Threads    Owned by one worker. Nothing here blocks.
// Protocol   open, then any number of {ready, poll, watermark, idle, barrier, end_batch}, then close. poll() is called
//            only while ready() is true and stops at the first control element, so a batch is plain data or one event.
#pragma once

#include <cstddef>
#include <cstdint>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/element.h"
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
};

class StageBody {
 public:
  virtual ~StageBody() = default;

  virtual Status open(const TaskContext& context) = 0;
  virtual std::size_t input_channels() const = 0;  // 0: a source.

  // Whether every output can take another record. Retries what an earlier batch left over.
  virtual bool ready() noexcept = 0;
  virtual Turn poll(Instant now, std::size_t budget) = 0;
  // Tells a source to read no more. True: it hands out what it holds and then says kEnded; false: it ends at once.
  virtual bool stop_reading() noexcept = 0;
  // Stops or resumes reading `channel` (alignment of a barrier).
  virtual void block_channel(std::size_t channel, bool blocked) noexcept = 0;

  virtual void watermark(EventTime time) noexcept = 0;
  virtual void idle() noexcept = 0;
  virtual void barrier(Epoch epoch) noexcept = 0;
  // Emits what operators hold for the end of a batch, flushes sinks, publishes outputs.
  virtual void end_batch(Instant now) noexcept = 0;
  // When end_batch() must be called again though no record came; kNever when it need not.
  virtual Instant wake_at() const noexcept = 0;
  // After the last record: closes operators, sinks and sources, and sends End on every output.
  virtual Status close() = 0;
  // After close(): whether everything has left for the rings. Retries what has not.
  virtual bool flushed() noexcept = 0;

  // Asks to be woken once a full output has room again; the caller must try ready() once more before it sleeps.
  virtual void request_space() noexcept = 0;
  virtual std::size_t queued_elements() const noexcept = 0;  // In its input rings; any thread.
  virtual std::size_t queue_capacity() const noexcept = 0;
};

}  // namespace penstock
