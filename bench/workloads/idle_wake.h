// bench/workloads/idle_wake.h -- what an idle engine costs, and how soon a record is out that comes then.
//
//   push from this thread -> input -> worker (parked) -> callback: clock
#pragma once

#include <chrono>

#include "penstock/bench/harness/histogram.h"
#include "penstock/core/base/status.h"

namespace penstock::bench {

struct IdleFigures {
  double cpu_percent = 0;  // Of one core, all threads of the process, while idle.
  Histogram wake_ns;       // From the push to the callback.
};

// Idles for `idle`, then pushes `records` records, each 5 ms after the one before was out.
Result<IdleFigures> measure_idle(std::chrono::milliseconds idle, int records);

}  // namespace penstock::bench
