// bench/workloads/engine_run.h -- runs a workload through the engine and reports what came out, and how long it took.
//
// The clock runs from the first poll of a source to the close of the last sink: start-up of the engine does not count,
// generating the events does.
// Threads    RunMeter is shared by the tasks of one run.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/bench/workloads/checksum.h"

namespace penstock::bench {

struct RunFigures {
  std::uint64_t events = 0;
  double seconds = 0;
  RowSum result;
  double events_per_second() const noexcept { return seconds > 0 ? static_cast<double>(events) / seconds : 0; }
};

class RunMeter {
 public:
  void started() noexcept;
  void ended(const RowSum& part) noexcept;
  RunFigures figures(std::uint64_t events) const;

 private:
  mutable std::mutex mutex_;
  RealClock clock_;
  Instant first_ = kNever;
  Instant last_{};
  RowSum sum_;
};

// The last operator of a workload: adds up rows by `RowOf(const T&, RowSum&)`.
template <class T, class RowOf>
class SumRows {
 public:
  using Output = T;

  SumRows(std::shared_ptr<RunMeter> meter, RowOf row_of) : meter_(std::move(meter)), row_of_(std::move(row_of)) {}

  void on_record(const Record<T>& record, auto&&) noexcept { row_of_(record.value, sum_); }
  Status close(auto&&) {
    meter_->ended(sum_);
    return Status();
  }

 private:
  std::shared_ptr<RunMeter> meter_;
  RowOf row_of_;
  RowSum sum_;
};

// Workloads that the engine runs, by name.
std::vector<std::string_view> engine_workloads();

// Runs `workload` over `events` events. Unknown names and failures are a Status.
Result<RunFigures> run_engine(std::string_view workload, std::uint64_t events, const Options& options);

}  // namespace penstock::bench
