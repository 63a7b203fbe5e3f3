// io/kafka/cluster.h -- questions to a cluster that wait for their answer: which topics, which offsets, which record.
//
// It has a handle of its own, so that no question waits behind a fetch and no fetch behind a question.
// Threads    Of one thread, which may be made to wait for `timeout` by each call.
// Errors     The client's code; RD_KAFKA_RESP_ERR__TIMED_OUT when nobody answered.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "penstock/io/kafka/client.h"
#include "penstock/io/kafka/topic_choice.h"

namespace penstock::kafka::internal {

struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
};
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;

struct TopicState {
  std::string name;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int32_t partitions = 0;
};

// What to ask of one partition: the offset of its beginning, of its end, or of the first record that is not older than
// so many milliseconds since 1970. A time after the last record has no offset: -1.
inline constexpr std::int64_t kAtEnd = -1;
inline constexpr std::int64_t kAtBeginning = -2;
struct OffsetQuestion {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t at = kAtEnd;
  std::int64_t offset = -1;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

// Through any handle. An answer for some may come with errors for others. (The client's own question for both ends of a
// partition waits without a limit for a broker that has gone.)
rd_kafka_resp_err_t ask_offsets(rd_kafka_t* client, std::vector<OffsetQuestion>& questions,
                                std::chrono::milliseconds timeout);

// Enough of a record to tell it from another one at the same offset.
struct Fingerprint {
  std::int64_t offset = -1;
  std::int64_t timestamp = 0;
  std::uint32_t crc = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};
Fingerprint fingerprint_of(const rd_kafka_message_t& message) noexcept;

// What stands at an offset, or first behind it.
struct Found {
  enum class Kind { kRecord, kEnd, kOutOfRange, kNoAnswer, kRefused };
  Kind kind = Kind::kNoAnswer;
  Fingerprint record;       // Of kRecord.
  std::int64_t offset = 0;  // Of kEnd: where the log ends.
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
};

class Cluster {
 public:
  // `more` is beside what the connection says.
  static Result<std::unique_ptr<Cluster>> make(const Connection& connection,
                                               const std::shared_ptr<Trouble>& trouble,
                                               const Properties& more = {});

  rd_kafka_t* client() const noexcept { return client_.get(); }
  // All that `choice` takes; those of a list also when they are missing, with their error.
  rd_kafka_resp_err_t topics(const TopicChoice& choice, std::chrono::milliseconds timeout,
                             std::vector<TopicState>& found);
  rd_kafka_resp_err_t offsets(std::vector<OffsetQuestion>& questions,
                              std::chrono::milliseconds timeout) {
    return ask_offsets(client_.get(), questions, timeout);
  }
  Found first_at(const std::string& topic, std::int32_t partition, std::int64_t offset,
                 std::chrono::milliseconds timeout);

 private:
  explicit Cluster(Client client) : client_(std::move(client)) {}
  rd_kafka_topic_t* handle_of(const std::string& topic);

  Client client_;
  std::map<std::string, TopicHandle> handles_;
};

}  // namespace penstock::kafka::internal
