// bench/workloads/engine_fraud_load.h -- a fraud load as a job: the fraud workload with a schedule, and timed rows.
//
//   open-loop source -> event_time -> filter -> map -> exchange by card -> rules -> FraudRowTimer
#pragma once

#include <memory>
#include <mutex>

#include "penstock/api/job.h"
#include "penstock/bench/workloads/fraud_load.h"

namespace penstock::bench {

// Of all tasks of a run, once it has ended.
struct SharedFraudLatency {
  std::mutex mutex;
  FraudLatency latency;
};

void build_fraud_load(Job& job, const FraudLoad& load, std::shared_ptr<SharedFraudLatency> result);

}  // namespace penstock::bench
