// bench/workloads/epoch_cost.h -- what snapshots cost a job that runs, and how soon one is back that goes on from them.
//
// Checkpoints go to a folder of the real disk that is made for each run and removed after it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "penstock/bench/harness/paired.h"
#include "penstock/bench/workloads/fraud_load.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

struct EpochLoad {
  std::uint64_t events = 0;  // 0: so many that a run takes about five intervals.
  std::chrono::microseconds interval{1'000'000};
};

struct EpochRatio {
  PairedResult rates;              // Events per second with epochs, and without. Goal: 0.95.
  std::uint64_t events = 0;        // Of each run.
  std::uint64_t epochs_least = 0;  // That one of the runs made.
};
Result<EpochRatio> measure_epochs(const Workload& workload, const EpochLoad& load, int repeats);

// The open-loop fraud load, in turns without epochs and with them; what all turns of a side saw.
struct EpochLatency {
  FraudLatency plain;
  FraudLatency epochs;
};
Result<EpochLatency> measure_epoch_latency(const FraudLoad& load, const Options& options,
                                           std::chrono::microseconds interval, int turns);

// A job with `keys` keys that ended with its last epoch, and is started again.
struct RestartTimes {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;                   // Of the checkpoint.
  std::chrono::nanoseconds first_output{0};  // From the start to the first record that comes out.
  std::chrono::nanoseconds verify{0};        // Of these: reading every byte once and checking it,
  std::chrono::nanoseconds read{0};          // and once more to hand it to the tasks,
  std::chrono::nanoseconds insert_and_rest{
      0};  // and putting keys into their tables, threads, opening.
};
Result<RestartTimes> measure_restart(std::uint64_t keys, std::uint32_t workers);

}  // namespace penstock::bench
