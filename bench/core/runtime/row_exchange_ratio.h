// bench/core/runtime/row_exchange_ratio.h -- an exchange of rows against one of structs that hold as much.
//
//   gate, by the hash of a key ====> input: add up all words        on one thread, and between two
//
// A row has 3 texts (12, 16 and 20 bytes) and 5 numbers, 128 bytes as it is encoded; a struct the same in 100 bytes.
#pragma once

#include <vector>

#include "penstock/bench/harness/paired.h"

namespace penstock::bench {

// Nanoseconds per record; lower is better, at most 1.5 times those of the struct.
std::vector<PairedResult> measure_row_exchange(int repeats);

}  // namespace penstock::bench
