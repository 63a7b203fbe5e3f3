#include "penstock/bench/workloads/epoch_cost.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "penstock/bench/harness/temporary_folder.h"
#include "penstock/bench/workloads/engine_run.h"
#include "penstock/core/checkpoint/checkpoint_folder.h"

namespace penstock::bench {
namespace {

// That a source of a benchmark cannot be read again is known.
class NoNotices final : public Notices {
 public:
  void post(const Notice&) noexcept override {}
};

constexpr int kIntervalsPerRun = 5;

Result<std::uint64_t> newest_epoch(const std::string& folder) {
  const auto files = make_posix_file_system();
  const Result<std::vector<FoundCheckpoint>> found = CheckpointFolder(*files, folder).list();
  if (!found.ok()) return found.status();
  if (found->empty()) return Status::internal("no epoch was made in " + folder);
  return found->front().epoch.value;
}

Result<std::uint64_t> events_of(const Workload& workload, const EpochLoad& load) {
  if (load.events != 0) return load.events;
  const Result<RunResult> run = run_engine(workload, workload.default_events, Options{});
  if (!run.ok()) return run.status();
  const double wanted = kIntervalsPerRun * std::chrono::duration<double>(load.interval).count();
  const double times = std::max(1.0, std::ceil(wanted / std::max(run->seconds, 1e-3)));
  return workload.default_events * static_cast<std::uint64_t>(times);
}

}  // namespace

Result<EpochRatio> measure_epochs(const Workload& workload, const EpochLoad& load, int repeats) {
  const Result<std::uint64_t> events = events_of(workload, load);
  if (!events.ok()) return events.status();
  EpochRatio figures{.rates = {}, .events = *events, .epochs_least = ~std::uint64_t{0}};
  Status failed;
  NoNotices notices;
  std::optional<RowSum> rows;
  const auto rate = [&](const Options& options) {
    const Result<RunResult> run = run_engine(workload, *events, options);
    if (!run.ok()) {
      failed = run.status();
      return 1.0;
    }
    if (rows && *rows != run->output) failed = Status::internal("rows differ with epochs");
    rows = run->output;
    return run->events_per_second();
  };
  const auto with_epochs = [&] {
    const TemporaryFolder folder;
    Options options;
    options.notices = &notices;
    options.checkpoint.directory = folder.path();
    options.checkpoint.interval = load.interval;
    const double measured = rate(options);
    const Result<std::uint64_t> newest = newest_epoch(folder.path());
    if (!newest.ok()) failed = newest.status();
    if (newest.ok()) figures.epochs_least = std::min(figures.epochs_least, *newest);
    return measured;
  };
  figures.rates =
      run_paired(std::string(workload.name) + "_with_epochs", {GoalKind::kAtLeast, 0.95}, repeats,
                 with_epochs, [&] { return rate(Options{}); });
  if (!failed.ok()) return failed;
  return figures;
}

Result<EpochLatency> measure_epoch_latency(const FraudLoad& load, const Options& options,
                                           std::chrono::microseconds interval, int turns) {
  EpochLatency seen;
  NoNotices notices;
  for (int run = 0; run < 2 * turns; ++run) {
    // The first of a pair changes sides.
    const bool has_epochs = (run % 2 == 1) != (run / 2 % 2 == 1);
    const TemporaryFolder folder;
    Options own = options;
    if (has_epochs) {
      own.notices = &notices;
      own.checkpoint.directory = folder.path();
      own.checkpoint.interval = interval;
    }
    const Result<FraudLatency> latency = run_engine_load(load, own);
    if (!latency.ok()) return latency.status();
    (has_epochs ? seen.epochs : seen.plain).merge(*latency);
  }
  return seen;
}

}  // namespace penstock::bench
