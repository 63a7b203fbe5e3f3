// bench/workloads/kafka_middle.h -- what stands between two topics: a bare relay, or the engine with a query.
//
// kRelay     librdkafka and nothing else, one thread: a record is copied from a consumer to a producer.
// kQueryA    The engine: JSON parsed, amounts above the limit, with a field more, as JSON.
// kQueryB    The engine: JSON parsed, a running count for each card, each update as JSON.
// kMaximum   The engine: both, amounts above the limit counted for each card; for the highest rate.
// kEpochs, kExactlyOnce  The engine: the same with a snapshot each second, and with output that commits with it.
// Threads    stop() from the thread that started it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"

namespace penstock::bench {

enum class KafkaSubject : std::uint8_t {
  kRelay,
  kQueryA,
  kQueryB,
  kMaximum,
  kEpochs,
  kExactlyOnce
};

std::string_view name_of(KafkaSubject subject) noexcept;
// How many results `count` purchases have.
std::uint64_t results_of(KafkaSubject subject, std::uint64_t count) noexcept;

struct KafkaRoute {
  std::string brokers;
  std::string from;
  std::string to;
};

class KafkaMiddle {
 public:
  virtual ~KafkaMiddle() = default;
  // Of the engine with snapshots: when the newest became durable.
  virtual Instant durable_at() const { return {}; }
  // What was read is delivered; then why it failed, if it did.
  virtual Status stop() = 0;
};

Result<std::unique_ptr<KafkaMiddle>> start_relay(const KafkaRoute& route);
Result<std::unique_ptr<KafkaMiddle>> start_middle(KafkaSubject subject, const KafkaRoute& route);

}  // namespace penstock::bench
