// tools/penstock/bench_kafka.h -- `penstock bench kafka`: the engine from topic to topic, beside a bare relay.
//
// Runs take turns, so that a slow minute meets all of them; what counts is the median of the differences within a turn.
// The goals are those of the 2 cores that this is developed on, shared with the broker; they are told, and decide
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/bench/harness/paired.h"
#include "penstock/bench/workloads/kafka_run.h"
#include "penstock/core/base/status.h"

namespace CLI {
class App;
}

namespace penstock::tools {

struct BenchKafkaOptions {
  bench::KafkaLoad load{.brokers = "127.0.0.1:9092", .topic_prefix = ""};
  int alternations = 10;
  bool max_rate = false;
  bool exactly_once = false;
  std::uint64_t events = 2'000'000;  // Of rates.
};

// What the engine needs more than the relay, turn by turn, at one percentile.
struct KafkaDifferences {
  double percent = 50;
  std::vector<double> more_us{};

  void add(const bench::Histogram& engine, const bench::Histogram& relay);
  // "difference name=A-relay unit=us p50 median=+12.3 min=+8.1 max=+40.2 goal=<=50 ok", or SHORT at the end.
  std::string format(const std::string& name, double goal_us) const;
};

Status print_kafka(const BenchKafkaOptions& options);

// Adds the subcommand to `bench`; what it returns goes to `exit_code`.
void add_bench_kafka(CLI::App& bench, int& exit_code);

}  // namespace penstock::tools
