// bench/workloads/kafka_handle.h -- plain handles of librdkafka for what is measured against, and topics to measure on.
//
// Nothing of io/kafka is used here: what the engine is compared with must not depend on it.
// Errors     A Status with the client's words.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock::bench {

struct DestroyKafka {
  void operator()(rd_kafka_t* handle) const noexcept { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};
template <class T>
using KafkaOwned = std::unique_ptr<T, DestroyKafka>;
using KafkaHandle = KafkaOwned<rd_kafka_t>;
using KafkaSettings = std::vector<std::pair<std::string, std::string>>;

// With a callback for deliveries, without which flush takes steps of 10 ms; it counts refused records in the handle's
// opaque, a KafkaRefusals.
struct KafkaRefusals {
  std::uint64_t count = 0;
  rd_kafka_resp_err_t first = RD_KAFKA_RESP_ERR_NO_ERROR;
};
// Settings as the engine's: acks of all, idempotent, no linger.
Result<KafkaHandle> make_bench_producer(const std::string& brokers, KafkaRefusals& refusals,
                                        const KafkaSettings& more = {});
// Reads partition 0 of `topic` from its beginning.
Result<KafkaHandle> make_bench_consumer(const std::string& brokers, const std::string& topic,
                                        const KafkaSettings& more = {});
// A topic that the handle knows: the first record does not wait for a scan of topics.
Result<KafkaOwned<rd_kafka_topic_t>> known_topic(rd_kafka_t* handle, const std::string& topic);

// Topics with one partition that are deleted at the end.
class BenchTopics {
 public:
  static Result<BenchTopics> create(const std::string& brokers, std::vector<std::string> names);
  ~BenchTopics();
  BenchTopics(BenchTopics&&) = default;
  BenchTopics& operator=(BenchTopics&&) = delete;

  // Where partition 0 ends.
  Result<std::int64_t> end_of(const std::string& topic) const;

 private:
  BenchTopics(KafkaHandle handle, std::vector<std::string> names)
      : handle_(std::move(handle)), names_(std::move(names)) {}

  KafkaHandle handle_;
  std::vector<std::string> names_;
};

}  // namespace penstock::bench
