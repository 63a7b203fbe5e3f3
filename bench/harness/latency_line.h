// bench/harness/latency_line.h -- percentiles of a histogram in microseconds, as one line.
#pragma once

#include <string>
#include <string_view>

#include "penstock/bench/harness/histogram.h"

namespace penstock::bench {

// "latency name=alerts unit=us count=1000000 p50=0.4 p90=0.8 p99=1.2 p99.9=3.0 p99.99=9.8 max=21.3"
std::string format_latency(std::string_view name, const Histogram& latency_ns);

}  // namespace penstock::bench
