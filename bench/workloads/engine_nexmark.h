// bench/workloads/engine_nexmark.h -- q0, q1 and q2 as jobs: generator, fused operators, a sum at the end.
#pragma once

#include <memory>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

void build_nexmark(Job& job, const Workload& workload, std::uint64_t events,
                   const std::shared_ptr<RunMeter>& meter);

}  // namespace penstock::bench
