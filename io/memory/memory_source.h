// io/memory/memory_source.h -- lines held in memory as a source: for tests and benchmarks.
//
// Each string is one record, read once and in order. Origin is split 0 and the record's index, also
// when several tasks read: task k of n gives out records k, k + n, ... Arrival is when it was
// polled.
// Snapshots  Have the index of the next record; the count of tasks may change.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/core/stream/source.h"

namespace penstock {

// Copies of the source and its readers share the records.
std::shared_ptr<const ByteSource> memory_source(std::vector<std::string> records);

}  // namespace penstock
