// io/memory/memory_source.h -- lines held in memory as a source: for tests and benchmarks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/core/stream/source.h"

namespace penstock {

// Each string is one record; split 0, offset = its index. They are read once, in order, and are shared by copies.
std::shared_ptr<const ByteSource> memory_source(std::vector<std::string> records);

}  // namespace penstock
