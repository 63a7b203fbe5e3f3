// bench/workloads/row_repartition.h -- a whole job over rows, with and without a change of task on their way.
//
//   lines of CSV -> rows of 3 texts and 5 numbers [-> repartition(card)] -> filter and select by expressions -> sum
#pragma once

#include <vector>

#include "penstock/bench/harness/paired.h"

namespace penstock::bench {

// Rows per second: with it against without, on one worker, at least 0.7; with it on two pinned workers against one, at
// least 1.
std::vector<PairedResult> measure_row_repartition(int repeats);

}  // namespace penstock::bench
