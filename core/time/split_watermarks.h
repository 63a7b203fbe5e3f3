// core/time/split_watermarks.h -- the watermark of a task that reads several parts of a source: each has its own.
//
// Rule       The parts (partitions, files) are read in any interleaving, so disorder between them is not disorder of
//            the data: each part's watermark follows its own records, and the task's is the least of those not idle. A
//            part that is known and has not spoken holds the others back until it is idle.
// Default    Records before the first select() belong to one part without a name; the first that has one takes its
//            place.
// Snapshots  A part takes its highest time with it to whichever task reads it; what had gone downstream is a floor for
//            the task that goes on, and for each task where there were more or fewer, the least of all.
// Threads    Pure state of one task; no clock of its own.
// Cost       observe(): one compare per record, with a number that stands for the run until the part changes or the
//            batch ends. end_batch(): O(parts).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/time/watermark_coalescer.h"
#include "penstock/core/time/watermark_generator.h"

namespace penstock {

class SplitWatermarks {
 public:
  explicit SplitWatermarks(WatermarkOptions options);
  SplitWatermarks(const SplitWatermarks& other) : SplitWatermarks(other.options_) {}
  SplitWatermarks& operator=(const SplitWatermarks&) = delete;

  // The parts that are read from now on. Those that are no longer among them hold nobody back.
  void set_splits(std::span<const SplitId> splits);
  // The records that follow are of this part.
  void select(SplitId split) {
    if (!named_ || parts_[selected_].split != split) select_other(split);
  }
  // REQUIRES: time > kMinEventTime.
  void observe(EventTime time) noexcept { highest_ = std::max(highest_, time); }

  // At the end of a batch: what goes downstream.
  WatermarkCoalescer::Update end_batch(Instant now) noexcept;
  // When end_batch() must be called again though no record comes.
  Instant idle_deadline() const noexcept;
  bool is_idle() const noexcept { return coalescer_.is_idle(); }

  void capture(SnapshotWriter& out);
  // `whole`: of a task that goes on in this one.
  Status restore(std::string_view bytes, bool whole);
  void restored();

 private:
  struct Part {
    SplitId split;
    WatermarkGenerator generator;
    bool read = true;
  };

  void settle() noexcept {
    if (highest_ == kMinEventTime) return;
    parts_[selected_].generator.observe(std::exchange(highest_, kMinEventTime));
  }
  void select_other(SplitId split);
  std::size_t find(SplitId split) const noexcept;
  void add(SplitId split);
  void leave(std::size_t part) noexcept;
  void note(const WatermarkCoalescer::Update& update) noexcept;
  void name_first(SplitId split);
  void take_restored(Part& part);

  EventTime highest_ = kMinEventTime;  // Observed of the selected part and not handed to it yet.
  WatermarkOptions options_;
  std::vector<Part> parts_;
  WatermarkCoalescer coalescer_;
  WatermarkCoalescer::Update pending_;  // Since the last end_batch().
  std::size_t selected_ = 0;
  bool named_ = false;
  std::vector<std::pair<SplitId, EventTime>> restored_splits_;
  std::optional<EventTime> restored_current_;
  std::optional<EventTime> restored_unnamed_;
};

}  // namespace penstock
