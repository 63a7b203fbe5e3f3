#include "penstock/bench/workloads/engine_run.h"

#include <algorithm>
#include <string>

#include "penstock/bench/workloads/engine_fraud.h"
#include "penstock/bench/workloads/engine_keyed.h"
#include "penstock/bench/workloads/engine_nexmark.h"
#include "penstock/bench/workloads/engine_nexmark_json.h"
#include "penstock/bench/workloads/engine_windows.h"

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

namespace {

void build(Job& job, const Workload& workload, std::uint64_t events,
           const std::shared_ptr<RunMeter>& meter) {
  const bool json = workload.form == Form::kJson;
  switch (workload.query) {
    case Query::kQ0:
    case Query::kQ1:
    case Query::kQ2:
      return json ? build_nexmark_json(job, workload.query, events, meter)
                  : build_nexmark(job, workload, events, meter);
    case Query::kKeyed:
      return build_keyed(job, events, meter);
    case Query::kQ5:
      return build_q5(job, workload.disorder, events, meter);
    case Query::kQ7:
      return build_q7(job, workload.disorder, events, meter);
    case Query::kYsb:
      return build_ysb(job, workload.disorder, events, meter);
    case Query::kFraud:
      return json ? build_fraud_json(job, events, meter) : build_fraud(job, events, meter);
    case Query::kWordcount:
      return build_wordcount(job, events, meter);
  }
}

}  // namespace

Result<RunResult> run_engine(const Workload& workload, std::uint64_t events,
                             const Options& options) {
  Job job{std::string(workload.name)};
  auto meter = std::make_shared<RunMeter>();
  build(job, workload, events, meter);
  if (Status status = job.run(options); !status.ok()) return status;
  return meter->result(events);
}

}  // namespace penstock::bench
