// bench/workloads/bare_keyed.h -- the `keyed` workload as a bare loop over the best hash table at hand.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/checksum.h"

namespace penstock::bench {

RowSum run_bare_keyed(std::uint64_t events);

}  // namespace penstock::bench
