// bench/workloads/engine_keyed.h -- count per key through an exchange: what a hash exchange and keyed state cost.
//
// Event i has key fin(i) % 1,000,000 and every update leaves as a row: key, count.
#pragma once

#include <memory>

#include "penstock/bench/workloads/engine_run.h"

namespace penstock::bench {

inline constexpr std::uint64_t kKeyedKeys = 1'000'000;

void build_keyed(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter);

}  // namespace penstock::bench
