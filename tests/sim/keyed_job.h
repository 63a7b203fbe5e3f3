// tests/sim/keyed_job.h -- a job of windows, sessions and timers over given events, with its naive answer beside it.
//
//   sources -> event time -> exchanges, unions -> key_by -> windows, sessions, timers, ... -> sinks that write all down
//
// Threads    One.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/tests/sim/ledger.h"
#include "penstock/tests/sim/naive_windows.h"
#include "penstock/tests/sim/sim_run.h"

namespace penstock::sim {

struct SourceTaskTrace {
  std::uint64_t sent = 0;
  Cuts cuts;
};

// What came out of one task, and what can be seen to be wrong from there.
struct RowTaskTrace {
  SimRows rows;
  Cuts cuts;
  std::vector<EventTime> cut_watermarks;
  EventTime watermark = kMinEventTime;
  std::string defect;
};

// What can be told of an answer when records were too late.
enum class LateAnswer : std::uint8_t {
  kExact,  // Without those that were set aside as late, it is what it would be.
  kTotal,  // Each record that was not late is in the sum of the rows once.
  kNone,
};

struct RowSink {
  std::string name;
  std::vector<RowTaskTrace> tasks;
  std::vector<SimEvents> late;  // By task.
  std::shared_ptr<std::string> defect = std::make_shared<std::string>();
  std::function<SimRows(const SimEvents&)> naive;
  LateAnswer when_late = LateAnswer::kNone;
  bool passes_late = false;            // Its operator does not judge lateness.
  Slots<SimRow>* published = nullptr;  // Null: nothing survives a crash.
  bool of_event_time =
      true;  // Else rows come by the clock, and `naive` gives those that come at once.
};

struct KeyedJob {
  std::unique_ptr<Job> job;
  std::vector<SimEvents> sent;  // What each source task sends, in order.
  std::vector<std::shared_ptr<SourceTaskTrace>> sources;
  std::vector<std::shared_ptr<RowSink>> sinks;
  bool may_be_late = false;
};

struct KeyedJobSeeds {
  std::uint64_t content = 0;      // Events and operators: what the answer depends on.
  std::uint64_t dealing = 0;      // Who sends which event when.
  std::uint64_t shape = 0;        // Parallelism and exchanges.
  std::uint32_t keyed_tasks = 0;  // Of each keyed stage; 0: as the shape has it.
  bool may_be_late = false;
  bool with_wishes = true;  // Timers whose answer depends on which source sent what.
};

// What survives the runs of a job that crashes: by sink.
struct KeyedLedger {
  std::deque<Slots<SimRow>> sinks;
};
// With a ledger, which outlives the job, sinks publish into it.
KeyedJob make_keyed_job(const KeyedJobSeeds& seeds, KeyedLedger* ledger = nullptr);

}  // namespace penstock::sim
