// tools/penstock/bench_latency.h -- `penstock bench latency`: how late results are at a rate, engine beside bare loop.
//
// An open loop: events are due on a schedule that waits for nobody, and latencies count from it. The goals at the end
// are those of the 2 cores that this is developed on; they are told, and decide nothing.
#pragma once

#include <string>

#include "penstock/bench/workloads/fraud_load.h"
#include "penstock/core/base/status.h"

namespace CLI {
class App;
}

namespace penstock::tools {

struct LatencyOptions {
  std::string workload;
  bench::FraudLoad load;
  std::uint32_t workers = 1;
  std::string profile = "balanced";  // balanced | latency
  bool pin = false;
  bool bare = false;    // Only the bare loop.
  bool engine = false;  // Only the engine.
  double checkpoint_seconds =
      0;          // Not 0: the engine with snapshots so often, beside itself without.
  int turns = 2;  // Of each, then.
};

// One run of each, one after the other. Wrong rows are an error, whatever their latency.
Status print_latency(const LatencyOptions& options);

// Adds the subcommand to `bench`; what it returns goes to `exit_code`.
void add_bench_latency(CLI::App& bench, int& exit_code);

}  // namespace penstock::tools
