#include "penstock/bench/workloads/run_result.h"

#include <array>
#include <cinttypes>
#include <cstdio>

namespace penstock::bench {

std::string format_sum(std::uint64_t sum) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64, sum);
  return text.data();
}

std::string format_run(std::string_view workload, unsigned workers, const RunResult& result) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                " workers=%u n=%" PRIu64 " secs=%.6f events_per_s=%.0f rows=%" PRIu64
                " sum=%016" PRIx64,
                workers, result.events, result.seconds, result.events_per_second(),
                result.output.rows, result.output.sum);
  return "workload=" + std::string(workload) + text.data();
}

}  // namespace penstock::bench
