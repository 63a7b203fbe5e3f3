// tests/sim/random_plan.h -- a job of random shape from a seed, with a naive evaluation of the same job beside it.
//
// Every stream carries SimRecord, so that any piece of the grammar fits any other: sources, map, filter, flat_map,
// split, union, share, keyed counts, broadcast beside a keyed stream, and forward, rebalance and broadcast exchanges of
// random parallelism. Records leave in sinks that write down what came and where each barrier stood.
// Naive      Evaluates a stream from how many records each source task has sent: the multiset of what must have reached
//            it, by plain loops over vectors. Nothing in the grammar depends on the order in which tasks take turns.
// Threads    One.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/tests/sim/sim_run.h"

namespace penstock::sim {

struct SimRecord {
  std::uint32_t source = 0;  // Source task, or the node that counted.
  std::uint32_t key = 0;
  std::uint64_t sequence = 0;
  std::int64_t value = 0;
  friend auto operator<=>(const SimRecord&, const SimRecord&) = default;
};
using SimRecords = std::vector<SimRecord>;

// What happened at one task of a source or a sink.
struct TaskTrace {
  std::uint64_t sent = 0;  // Sources.
  SimRecords records;      // Sinks, in order.
  Cuts cuts;               // Records before each barrier.
  EventTime watermark = kMinEventTime;
  std::string defect;  // The first rule that was broken in sight of the task.
};

// How many records of each source task count.
using Prefix = std::map<std::uint32_t, std::uint64_t>;
using Naive = std::function<SimRecords(const Prefix&)>;

struct SinkTrace {
  std::vector<TaskTrace> tasks;
  Naive naive;
  bool may_be_late =
      false;  // Some source falls idle: what it sends when it wakes may be behind the watermark.
  bool ordered = false;  // Records of one source and key arrive as they were sent.
};

struct SimTrace {
  std::map<std::uint32_t, std::shared_ptr<TaskTrace>>
      sources;  // By the id that their records carry.
  std::vector<std::shared_ptr<SinkTrace>> sinks;
};

struct RandomPlan {
  std::unique_ptr<Job> job;
  SimTrace trace;
};

RandomPlan make_random_plan(std::uint64_t seed);

}  // namespace penstock::sim
