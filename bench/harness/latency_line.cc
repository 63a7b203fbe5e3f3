#include "penstock/bench/harness/latency_line.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace penstock::bench {

std::string format_latency(std::string_view name, const Histogram& latency_ns) {
  const auto us = [](std::int64_t nanos) { return static_cast<double>(nanos) / 1000; };
  const auto at = [&](double percent) { return us(latency_ns.percentile(percent)); };
  std::array<char, 256> text{};
  std::snprintf(
      text.data(), text.size(),
      " unit=us count=%" PRIu64 " p50=%.1f p90=%.1f p99=%.1f p99.9=%.1f p99.99=%.1f max=%.1f",
      latency_ns.count(), at(50), at(90), at(99), at(99.9), at(99.99), us(latency_ns.max()));
  return "latency name=" + std::string(name) + text.data();
}

}  // namespace penstock::bench
