#include "penstock/io/kafka/cluster.h"

#include <algorithm>
#include <string_view>

#include "penstock/core/base/crc32c.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

struct DestroyMetadata {
  void operator()(const rd_kafka_metadata_t* metadata) const noexcept {
    rd_kafka_metadata_destroy(metadata);
  }
};
struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};
struct DestroyList {
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

int count_of(milliseconds timeout) noexcept { return static_cast<int>(timeout.count()); }

std::string_view view(const void* bytes, std::size_t size) noexcept {
  return size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

Found found_in(const rd_kafka_message_t& message) {
  Found found;
  found.offset = message.offset;
  found.error = message.err;
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      found.kind = Found::Kind::kRecord;
      found.record = fingerprint_of(message);
      return found;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      found.kind = Found::Kind::kEnd;
      return found;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      found.kind = Found::Kind::kOutOfRange;
      return found;
    default:
      found.kind = Found::Kind::kRefused;
      return found;
  }
}

}  // namespace

Fingerprint fingerprint_of(const rd_kafka_message_t& message) noexcept {
  Fingerprint print;
  print.offset = message.offset;
  print.timestamp = rd_kafka_message_timestamp(&message, nullptr);
  print.crc =
      crc32c(view(message.payload, message.len), crc32c(view(message.key, message.key_len)));
  return print;
}

Result<std::unique_ptr<Cluster>> Cluster::make(const Connection& connection,
                                               const std::shared_ptr<Trouble>& trouble,
                                               const Properties& more) {
  Properties own{{"enable.auto.commit", "false"},
                 {"enable.auto.offset.store", "false"},
                 {"auto.offset.reset", "error"},
                 {"enable.partition.eof", "true"},
                 {"queued.min.messages", "1"}};
  own.insert(own.end(), more.begin(), more.end());
  Result<Client> client = make_client(RD_KAFKA_CONSUMER, connection, own, trouble);
  if (!client.ok()) return client.status();
  return std::unique_ptr<Cluster>(new Cluster(std::move(*client)));
}

rd_kafka_topic_t* Cluster::handle_of(const std::string& topic) {
  TopicHandle& handle = handles_[topic];
  if (handle == nullptr) handle.reset(rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr));
  return handle.get();
}

rd_kafka_resp_err_t Cluster::topics(const TopicChoice& choice, milliseconds timeout,
                                    std::vector<TopicState>& found) {
  found.clear();
  // The client asks about the topics that it has a handle of.
  for (const std::string& topic : choice.topics()) handle_of(topic);
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), choice.is_pattern() ? 1 : 0,
                                                      nullptr, &raw, count_of(timeout));
  const std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata> metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (choice.takes(topic.topic)) found.push_back({topic.topic, topic.err, topic.partition_cnt});
  }
  for (const std::string& name : choice.topics()) {
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const TopicState& each) { return each.name == name; });
    if (!known) found.push_back({name, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 0});
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t ask_offsets(rd_kafka_t* client, std::vector<OffsetQuestion>& questions,
                                milliseconds timeout) {
  if (questions.empty()) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyList> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(questions.size())));
  for (const OffsetQuestion& each : questions) {
    rd_kafka_topic_partition_list_add(list.get(), each.topic.c_str(), each.partition)->offset =
        each.at;
  }
  const rd_kafka_resp_err_t error =
      rd_kafka_offsets_for_times(client, list.get(), count_of(timeout));
  for (OffsetQuestion& each : questions) {
    const rd_kafka_topic_partition_t* answer =
        rd_kafka_topic_partition_list_find(list.get(), each.topic.c_str(), each.partition);
    each.error = answer->err != RD_KAFKA_RESP_ERR_NO_ERROR ? answer->err : error;
    each.offset = answer->offset;
  }
  return error;
}

Found Cluster::first_at(const std::string& topic, std::int32_t partition, std::int64_t offset,
                        milliseconds timeout) {
  Found found;
  rd_kafka_topic_t* handle = handle_of(topic);
  if (handle == nullptr || rd_kafka_consume_start(handle, partition, offset) != 0) {
    found.kind = Found::Kind::kRefused;
    found.error = rd_kafka_last_error();
    return found;
  }
  {
    const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
        rd_kafka_consume(handle, partition, count_of(timeout)));
    if (message != nullptr) found = found_in(*message);
  }
  rd_kafka_consume_stop(handle, partition);
  return found;
}

}  // namespace penstock::kafka::internal
