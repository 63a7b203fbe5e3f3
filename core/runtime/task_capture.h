// core/runtime/task_capture.h -- how a task takes part in snapshots: captures in slices, and what it gets back.
//
// A capture stands at the cut of its epoch: what is small at once, behind the barrier that has been sent on; the rest
// in slices between batches. Without a port there are no snapshots and nothing here does anything.
// Its own    The task keeps the watermark that it has told its operators, and the last one that they have sent on
//            (section "watermarks" of operator "task"), and what it has counted up to the cut (section "counters"). Of
//            what a stage had counted its first task goes on with the sum, however many tasks there were.
// Threads    The task's worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/checkpoint/snapshot_port.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/stage_body.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

class TaskCapture {
 public:
  // `keeps_count`: it is the task of its stage that goes on with what was counted.
  TaskCapture(StageBody& body, SnapshotPort* port, TaskCounters& counters,
              bool keeps_count) noexcept
      : body_(body), port_(port), counters_(counters), keeps_count_(keeps_count) {}

  bool enabled() const noexcept { return port_ != nullptr; }
  bool running() const noexcept { return running_; }
  // So many copies wait for the keeper that no record should make more.
  bool overfull() const noexcept {
    return running_ && !port_->has_room() && body_.copied_bytes() >= kCopiedBytesMax;
  }
  static constexpr std::size_t kCopiedBytesMax = std::size_t{64} << 20;
  const SnapshotPort* port() const noexcept { return port_; }

  // REQUIRES: enabled, none runs. `ended`: the task has, and will be the same in every later epoch.
  void begin(Epoch epoch, EventTime watermark, bool ended) noexcept;
  // A slice; true: it did something and should soon be called again. False with running(): the keeper has no room, or
  // the outside has not confirmed everything.
  bool advance() noexcept;
  void cancel() noexcept;
  void announce_end() noexcept { port_->announce_end(); }

  struct Watermarks {
    EventTime in = kMinEventTime;
    EventTime out = kMinEventTime;
  };
  // Items of operator "task". Each watermark is the least of those that the tasks of the stage had.
  Status restore(const SnapshotItem& item);
  const std::optional<Watermarks>& restored() const noexcept { return restored_; }

  static constexpr std::string_view kOperator = "task";

 private:
  // Entries per slice: 20 us where none of them is in a cache.
  static constexpr std::size_t kSlice = 128;
  // Where results wait for all slices: nobody sees a record that waits for one sooner if that is short. 0.3 ms then.
  static constexpr std::size_t kAwaitedSlice = 16 * kSlice;

  std::size_t slice() const noexcept;

  Status restore_watermarks(std::string_view bytes);
  Status restore_counter(std::string_view bytes);

  StageBody& body_;
  SnapshotPort* port_;
  TaskCounters& counters_;
  const bool keeps_count_;
  std::optional<SnapshotWriter> writer_;
  Epoch epoch_;  // Of the one that runs.
  bool running_ = false;
  bool more_ = false;
  bool ended_ = false;
  std::optional<Watermarks> restored_;
};

}  // namespace penstock
