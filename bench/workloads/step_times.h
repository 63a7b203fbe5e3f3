// bench/workloads/step_times.h -- how long single steps of a worker take while its state grows, fires and shrinks.
//
//   source -> hash exchange -> keyed stage, both stepped by one worker on the calling thread
//
// A run has three parts: new keys come, until there are as many as asked for; the same keys come again, while time
// goes on and what is due comes out; few keys come, while time goes on, and the others are let go of. Each step is
// timed with the worker's counters read before and after it, so that one can see what it did.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/bench/harness/histogram.h"
#include "penstock/core/base/status.h"

namespace penstock::bench {

enum class StepSubject : std::uint8_t {
  kWindows,  // Sliding windows, six slides each.
  kTimers,   // A timer of event time per key, moved by each record.
  kExpiry,   // A value per key that expires by the clock.
};
inline constexpr StepSubject kStepSubjects[] = {StepSubject::kWindows, StepSubject::kTimers,
                                                StepSubject::kExpiry};
std::string_view name_of(StepSubject subject) noexcept;

// What one step did, and how long it took.
struct StepRecord {
  std::int64_t took_ns = 0;
  std::int64_t on_cpu_ns = 0;  // Of these the thread was running.
  std::uint64_t number = 0;    // Steps before it.
  std::uint64_t records = 0;
  std::uint64_t came_out = 0;    // Windows or timers.
  std::int64_t keys = 0;         // More, or fewer, than before.
  std::int64_t state_bytes = 0;  // The same.
  std::uint64_t page_faults = 0;
  std::uint64_t descheduled = 0;  // Times that the system let something else run.
};
std::string format_step(const StepRecord& step);

struct StepFigures {
  Histogram took_ns;
  Histogram on_cpu_ns;              // What the machine's other work does not touch.
  std::vector<StepRecord> slowest;  // By time on the processor, the slowest first.
  std::uint64_t records = 0;
  std::uint64_t came_out = 0;
  std::uint64_t keys_most = 0;
  std::uint64_t keys_at_end = 0;
};

Result<StepFigures> measure_steps(StepSubject subject, std::uint64_t keys);

}  // namespace penstock::bench
