// bench/workloads/engine_run.h -- runs a workload through the engine and reports what came out, and how long it took.
//
// The clock runs from the first poll of a source to the close of the last sink: start-up of the engine does not count,
// generating the events does.
// Threads    RunMeter is shared by the tasks of one run.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "penstock/api/job.h"
#include "penstock/bench/workloads/run_result.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

class RunMeter {
 public:
  void started() noexcept;
  void ended(const RowSum& part) noexcept;
  RunResult result(std::uint64_t events) const;

 private:
  mutable std::mutex mutex_;
  RealClock clock_;
  Instant first_ = kNever;
  Instant last_{};
  RowSum sum_;
};

// The last operator of a workload: adds up rows by `row_of(const T&, RowSum&)`.
template <class T, class RowOf>
class SumRows {
 public:
  using Output = T;

  SumRows(std::shared_ptr<RunMeter> meter, RowOf row_of)
      : meter_(std::move(meter)), row_of_(std::move(row_of)) {}

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

// Ends `stream` in the meter.
template <class AnyStream, class RowOf>
void sum_rows(AnyStream stream, std::shared_ptr<RunMeter> meter, RowOf row_of) {
  using T = typename AnyStream::Value;
  std::move(stream)
      .apply(SumRows<T, RowOf>(std::move(meter), std::move(row_of)))
      .for_each([](const T&) noexcept {});
}

// The first `events` events of `workload`; lines are made first, untimed.
Result<RunResult> run_engine(const Workload& workload, std::uint64_t events,
                             const Options& options);

}  // namespace penstock::bench
