// bench/workloads/bare.h -- the workloads as bare loops: one thread, no engine; ratios are taken against them.
//
// They use the same generator, the same lines and the same checksum as the engine does, and are as fast as one thread
// can be made to run with these: what the engine adds is all that a ratio shows. Nothing is done ahead, shared between
// records or left out that a source with the engine behind it could not do as well.
// Threads    The calling one; several calls may run at the same time.
// Errors     A line that is not what nexmark_json.h makes stops the process: it would be a defect of ours.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/nexmark_json.h"
#include "penstock/bench/workloads/run_result.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

// Generator -> filter -> map or state -> checksum. The generator runs inside the timed part; sentences are made first.
RunResult run_bare(Query query, Disorder disorder, std::uint64_t events);

// q0, q1 and q2 over lines: simdjson On-Demand over each line in place -> filter -> map -> checksum. Visits all fields
// of a line in the order of the document, as a decoder does that must accept any order; of duplicate fields the last
// one counts.
RunResult run_bare_json(Query query, const NexmarkJson& lines);

// The form that `workload` asks for; lines are made first, untimed.
RunResult run_bare(const Workload& workload, std::uint64_t events);

}  // namespace penstock::bench
