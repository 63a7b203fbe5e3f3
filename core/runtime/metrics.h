// core/runtime/metrics.h -- a job's figures as plain values, taken while it runs or after.
//
// Every figure is written by one worker and read relaxed: each is true at some moment near the reading, they are not
// one consistent cut. Shares are of wall time since start, 0 to 1. Counts go on over a restart from a checkpoint: they
// are of all runs, each record once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/time.h"
#include "penstock/core/checkpoint/coordinator.h"

namespace penstock {

struct TaskMetrics {
  std::string stage;
  std::uint32_t index = 0;
  WorkerId worker;
  std::uint64_t records_in = 0;
  std::uint64_t records_in_before = 0;  // Of these: in the runs that it goes on from.
  std::uint64_t records_out = 0;
  std::uint64_t errors = 0;
  std::uint64_t skipped = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t late = 0;
  std::uint64_t misdated = 0;
  std::uint64_t lag = 0;
  std::uint64_t delivered = 0;
  std::uint64_t undelivered = 0;
  std::uint64_t side_unread = 0;
  std::uint64_t overflows = 0;
  std::uint64_t row_blocks = 0;
  std::uint64_t state_keys = 0;
  std::uint64_t state_bytes = 0;
  // Of keyed tasks: the key group (core/base/key_group.h) with most of the records that came of late, and its share of
  // the task's, from a sample.
  std::uint32_t hottest_group = 0;
  double hottest_group_share = 0;
  std::size_t queued = 0;
  std::size_t queue_capacity = 0;
  EventTime watermark = kMinEventTime;
  // The input channel that holds the watermark back; -1 when none does (sources, all idle).
  std::int64_t watermark_held_by_channel = -1;
  Epoch epoch;            // Last barrier that has passed.
  bool finished = false;  // Has ended, and everything it emitted has left it.
};

struct WorkerMetrics {
  WorkerId worker;
  double busy_share = 0;     // Steps that moved records.
  double blocked_share = 0;  // Steps that waited for room in an output.
  double idle_share = 0;     // The rest: spinning or parked.
  std::uint64_t steps = 0;
  std::uint64_t sleeps = 0;
};

// A key group of a keyed stage, and its share of the stage's records. All records of a group go to one task, so a share
// near that of a whole task, 1 of their number, says that more tasks will not help.
struct KeyGroupShare {
  std::string stage;
  std::uint32_t group = 0;
  double share = 0;
};

struct JobMetrics {
  std::vector<TaskMetrics> tasks;
  std::vector<WorkerMetrics> workers;
  CheckpointMetrics checkpoints;
  std::uint32_t restarts = 0;  // How often the job was started again; see RestartOptions.

  // Sums over the tasks.
  std::uint64_t errors() const noexcept;
  std::uint64_t skipped() const noexcept;
  std::uint64_t dead_letters() const noexcept;
  std::uint64_t late() const noexcept;
  std::uint64_t misdated() const noexcept;
  std::uint64_t lag() const noexcept;
  std::uint64_t delivered() const noexcept;
  std::uint64_t undelivered() const noexcept;
  std::uint64_t state_keys() const noexcept;
  std::uint64_t state_bytes() const noexcept;
  // Of each keyed stage that had records, in the order of the stages.
  std::vector<KeyGroupShare> hottest_groups() const;
  // Records that source tasks (those without input channels) read.
  std::uint64_t records_read() const noexcept;
  // Of these: in the runs that this one goes on from.
  std::uint64_t records_read_before() const noexcept;
};

}  // namespace penstock
