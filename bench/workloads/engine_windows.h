// bench/workloads/engine_windows.h -- q5, q7, YSB and wordcount as jobs: windows and counts.
#pragma once

#include <cstdint>
#include <memory>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

void build_q5(Job& job, Disorder disorder, std::uint64_t events, std::shared_ptr<RunMeter> meter);
void build_q7(Job& job, Disorder disorder, std::uint64_t events, std::shared_ptr<RunMeter> meter);
void build_ysb(Job& job, Disorder disorder, std::uint64_t events, std::shared_ptr<RunMeter> meter);
void build_wordcount(Job& job, std::uint64_t events, std::shared_ptr<RunMeter> meter);

// How far out of order a workload's records are, for its watermarks.
constexpr WatermarkOptions watermarks_of(Disorder disorder) noexcept {
  const std::int64_t bound_ms = disorder == Disorder::kNone ? 0 : kDisorderMillis;
  return {.max_disorder = std::chrono::milliseconds(bound_ms)};
}

}  // namespace penstock::bench
