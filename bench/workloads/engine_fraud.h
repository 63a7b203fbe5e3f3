// bench/workloads/engine_fraud.h -- the fraud workload as a job: one keyed operator with windows and the last country.
#pragma once

#include <cstdint>
#include <memory>

#include "penstock/bench/workloads/engine_run.h"

namespace penstock::bench {

void build_fraud(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter);
// The same from lines of JSON.
void build_fraud_json(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter);

}  // namespace penstock::bench
