#include "penstock/bench/workloads/engine_run.h"

#include <algorithm>
#include <string>

#include "penstock/bench/workloads/engine_keyed.h"
#include "penstock/bench/workloads/engine_nexmark.h"
#include "penstock/bench/workloads/engine_nexmark_json.h"

namespace penstock::bench {

void RunMeter::started() noexcept {
  const std::lock_guard lock(mutex_);
  first_ = std::min(first_, clock_.now());
}

void RunMeter::ended(const RowSum& part) noexcept {
  const std::lock_guard lock(mutex_);
  last_ = std::max(last_, clock_.now());
  sum_.add(part);
}

RunResult RunMeter::result(std::uint64_t events) const {
  const std::lock_guard lock(mutex_);
  const double seconds = first_ == kNever ? 0 : static_cast<double>((last_ - first_).count()) / 1e9;
  return {events, sum_, seconds};
}

Result<RunResult> run_engine(const Workload& workload, std::uint64_t events,
                             const Options& options) {
  Job job{std::string(workload.name)};
  auto meter = std::make_shared<RunMeter>();
  if (workload.query == Query::kKeyed) {
    build_keyed(job, events, meter);
  } else if (workload.form == Form::kJson) {
    build_nexmark_json(job, workload.query, events, meter);
  } else {
    build_nexmark(job, workload, events, meter);
  }
  if (Status status = job.run(options); !status.ok()) return status;
  return meter->result(events);
}

}  // namespace penstock::bench
