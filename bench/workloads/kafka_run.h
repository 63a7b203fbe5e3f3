// bench/workloads/kafka_run.h -- one run from topic to topic: how late results are at a rate, or how many go through.
//
// Latency    An open loop: a thread with a producer of its own sends each purchase when it is due, and a third thread
//            reads the results. Purchases come in small groups: a client that sends each alone leaves nothing of two
//            cores for what is measured. A latency counts from the moment at which the purchase was due, so it holds
//            what the sender was late, both ways through the broker, and what stands between.
// Rate       All purchases are in the topic before the clock starts. It runs from the first results that a reader of
//            committed ones may have to the last but for those that the end of the input brought.
// Visible    With output that commits with each epoch: from the moment at which an epoch is durable to that at which a
//            reader has its first result, on the open loop of Latency.
// Topics     Made for the run, and deleted with it.
// Errors     A result that is missing, doubled or out of order is an error, whatever the latencies.
#pragma once

#include <cstdint>
#include <string>

#include "penstock/bench/harness/histogram.h"
#include "penstock/bench/workloads/kafka_middle.h"
#include "penstock/core/base/status.h"

namespace penstock::bench {

struct KafkaLoad {
  std::string brokers;
  std::uint64_t rate_per_second = 10'000;
  std::uint64_t ticks_per_second =
      1000;                  // Moments at which purchases are due, those of one together.
  double seconds = 10;       // Measured.
  double warm_seconds = 3;   // Before that.
  std::string topic_prefix;  // Of this run alone.

  std::uint64_t events() const noexcept;
};

struct KafkaLatency {
  Histogram latency_ns;
  std::uint64_t results = 0;
};

Result<KafkaLatency> run_kafka_latency(KafkaSubject subject, const KafkaLoad& load);

struct KafkaRate {
  double purchases_per_second = 0;
};

// `events` purchases are waiting.
Result<KafkaRate> run_kafka_rate(KafkaSubject subject, const std::string& brokers,
                                 std::uint64_t events, const std::string& topic_prefix);

// One latency per epoch that was durable while `load` was measured. REQUIRES: kExactlyOnce.
Result<KafkaLatency> run_kafka_visibility(const KafkaLoad& load);

}  // namespace penstock::bench
