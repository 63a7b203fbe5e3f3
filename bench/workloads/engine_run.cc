#include "penstock/bench/workloads/engine_run.h"

#include <algorithm>
#include <string>

#include "penstock/bench/workloads/engine_keyed.h"
#include "penstock/bench/workloads/engine_nexmark.h"

namespace penstock::bench {
namespace {

using Build = void (*)(Job&, std::uint64_t events, Disorder, std::shared_ptr<RunMeter>);

struct Workload {
  std::string_view name;
  Build build;
  Disorder disorder;
};

constexpr Workload kWorkloads[] = {
    {"q0", build_q0, Disorder::kNone},     {"q0_dis", build_q0, Disorder::kTwoSeconds},
    {"q1", build_q1, Disorder::kNone},     {"q1_dis", build_q1, Disorder::kTwoSeconds},
    {"q2", build_q2, Disorder::kNone},     {"q2_dis", build_q2, Disorder::kTwoSeconds},
    {"keyed", build_keyed, Disorder::kNone},
};

}  // namespace

void RunMeter::started() noexcept {
  const std::lock_guard lock(mutex_);
  first_ = std::min(first_, clock_.now());
}

void RunMeter::ended(const RowSum& part) noexcept {
  const std::lock_guard lock(mutex_);
  last_ = std::max(last_, clock_.now());
  sum_.add(part);
}

RunFigures RunMeter::figures(std::uint64_t events) const {
  const std::lock_guard lock(mutex_);
  const double seconds = first_ == kNever ? 0 : static_cast<double>((last_ - first_).count()) / 1e9;
  return {events, seconds, sum_};
}

std::vector<std::string_view> engine_workloads() {
  std::vector<std::string_view> names;
  for (const Workload& workload : kWorkloads) names.push_back(workload.name);
  return names;
}

Result<RunFigures> run_engine(std::string_view name, std::uint64_t events, const Options& options) {
  const auto* workload =
      std::find_if(std::begin(kWorkloads), std::end(kWorkloads), [&](const Workload& w) { return w.name == name; });
  if (workload == std::end(kWorkloads)) {
    return Status::invalid_argument("unknown workload \"" + std::string(name) + "\": see `penstock bench list`");
  }
  Job job{std::string(name)};
  auto meter = std::make_shared<RunMeter>();
  workload->build(job, events, workload->disorder, meter);
  if (Status status = job.run(options); !status.ok()) return status;
  return meter->figures(events);
}

}  // namespace penstock::bench
