// bench/workloads/run_result.h -- what one run of a workload gave, and the line it is reported by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/bench/workloads/checksum.h"

namespace penstock::bench {

struct RunResult {
  std::uint64_t events = 0;  // Of the input.
  RowSum output;
  double seconds = 0;  // From the first event to the last result; 0 when there was nothing to do.

  double events_per_second() const noexcept {
    return seconds > 0 ? static_cast<double>(events) / seconds : 0;
  }
};

// "workload=q0 workers=1 n=10000000 secs=0.123456 events_per_s=81000000 rows=9200000 sum=48ba2ce896be8dde"
std::string format_run(std::string_view workload, unsigned workers, const RunResult& result);

// 16 hexadecimal digits.
std::string format_sum(std::uint64_t sum);

}  // namespace penstock::bench
