// bench/workloads/engine_windows.h -- q5, q7, YSB and wordcount as jobs: windows and counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

void build_q5(Job& job, Disorder disorder, std::uint64_t events,
              const std::shared_ptr<RunMeter>& meter);
void build_q7(Job& job, Disorder disorder, std::uint64_t events,
              const std::shared_ptr<RunMeter>& meter);
void build_ysb(Job& job, Disorder disorder, std::uint64_t events,
               const std::shared_ptr<RunMeter>& meter);
void build_wordcount(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter);

// How far out of order a workload's records are, for its watermarks.
constexpr std::chrono::milliseconds bound_of(Disorder disorder) noexcept {
  return std::chrono::milliseconds(disorder == Disorder::kNone ? 0 : kDisorderMillis);
}

}  // namespace penstock::bench
