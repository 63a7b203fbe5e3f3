// bench/workloads/engine_nexmark_json.h -- q0, q1 and q2 over lines of JSON: byte source, decoder, the same operators.
#pragma once

#include <memory>

#include "penstock/bench/workloads/engine_run.h"

namespace penstock::bench {

void build_nexmark_json(Job& job, Query query, std::uint64_t events,
                        const std::shared_ptr<RunMeter>& meter);

}  // namespace penstock::bench
