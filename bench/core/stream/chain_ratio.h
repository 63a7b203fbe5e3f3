// bench/core/stream/chain_ratio.h -- a fused chain of four stateless operators against a hand-written loop.
//
//   source -> map (scale) -> filter (above) -> map (mix) -> filter (odd) -> sum
#pragma once

#include "penstock/bench/harness/paired.h"

namespace penstock::bench {

// Nanoseconds per record; lower is better, at most 1.3 times the loop.
PairedResult measure_chain_ratio(int repeats);

}  // namespace penstock::bench
