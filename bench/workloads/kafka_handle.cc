#include "penstock/bench/workloads/kafka_handle.h"

#include <array>

namespace penstock::bench {
namespace {

constexpr int kTimeoutMs = 10'000;

Status failed(const std::string& what, const char* why) {
  return Status(StatusCode::kUnavailable,
                what + ": " + why + "; is the broker there? `tools/kafka start` starts one");
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  auto* refusals = static_cast<KafkaRefusals*>(opaque);
  if (refusals->count++ == 0) refusals->first = message->err;
}

Result<KafkaHandle> make_handle(rd_kafka_type_t type, const std::string& brokers,
                                const KafkaSettings& settings, KafkaRefusals* refusals) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  KafkaSettings all = {{"bootstrap.servers", brokers}, {"socket.nagle.disable", "true"}};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return Status::invalid_argument("kafka " + brokers + ": " + why.data());
    }
  }
  if (refusals != nullptr) {
    rd_kafka_conf_set_opaque(conf, refusals);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, why.data(), why.size());
  if (handle != nullptr) return KafkaHandle(handle);
  rd_kafka_conf_destroy(conf);
  return failed("kafka " + brokers, why.data());
}

// Waits for the one answer to an administrator's request.
Status await_admin(rd_kafka_queue_t* queue, const std::string& what) {
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kTimeoutMs);
  if (event == nullptr) return failed(what, "no answer");
  Status status;
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
    status = failed(what, rd_kafka_event_error_string(event));
  if (const auto* created = rd_kafka_event_CreateTopics_result(event); created && status.ok()) {
    std::size_t count = 0;
    const auto** topics = rd_kafka_CreateTopics_result_topics(created, &count);
    for (std::size_t i = 0; i < count && status.ok(); ++i) {
      if (rd_kafka_topic_result_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = failed(what, rd_kafka_topic_result_error_string(topics[i]));
    }
  }
  rd_kafka_event_destroy(event);
  return status;
}

}  // namespace

Result<KafkaHandle> make_bench_producer(const std::string& brokers, KafkaRefusals& refusals,
                                        const KafkaSettings& more) {
  KafkaSettings settings = {{"acks", "all"},
                            {"enable.idempotence", "true"},
                            {"linger.ms", "0"},
                            {"queue.buffering.max.messages", "10000000"},
                            {"queue.buffering.max.kbytes", "262144"}};
  settings.insert(settings.end(), more.begin(), more.end());
  return make_handle(RD_KAFKA_PRODUCER, brokers, settings, &refusals);
}

Result<KafkaHandle> make_bench_consumer(const std::string& brokers, const std::string& topic,
                                        const KafkaSettings& more) {
  KafkaSettings settings = {{"group.id", "penstock-bench"},
                            {"enable.auto.commit", "false"},
                            {"enable.auto.offset.store", "false"},
                            {"auto.offset.reset", "error"},
                            // Or the client stops fetching for a second when so many wait.
                            {"queued.min.messages", "10000000"},
                            {"queued.max.messages.kbytes", "1048576"}};
  settings.insert(settings.end(), more.begin(), more.end());
  Result<KafkaHandle> handle = make_handle(RD_KAFKA_CONSUMER, brokers, settings, nullptr);
  if (!handle.ok()) return handle;
  rd_kafka_poll_set_consumer(handle->get());
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
  const rd_kafka_resp_err_t error = rd_kafka_assign(handle->get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka " + topic, rd_kafka_err2str(error));
  return handle;
}

Result<KafkaOwned<rd_kafka_topic_t>> known_topic(rd_kafka_t* handle, const std::string& topic) {
  KafkaOwned<rd_kafka_topic_t> made(rd_kafka_topic_new(handle, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, made.get(), &metadata, kTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka " + topic, rd_kafka_err2str(error));
  rd_kafka_metadata_destroy(metadata);
  return made;
}

Result<BenchTopics> BenchTopics::create(const std::string& brokers,
                                        std::vector<std::string> names) {
  Result<KafkaHandle> handle = make_handle(RD_KAFKA_PRODUCER, brokers, {}, nullptr);
  if (!handle.ok()) return handle.status();
  const KafkaOwned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle->get()));
  for (const std::string& name : names) {
    std::array<char, 512> why{};
    rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), 1, 1, why.data(), why.size());
    if (topic == nullptr) return Status::invalid_argument("topic " + name + ": " + why.data());
    rd_kafka_CreateTopics(handle->get(), &topic, 1, nullptr, queue.get());
    rd_kafka_NewTopic_destroy(topic);
    PENSTOCK_RETURN_IF_ERROR(
        await_admin(queue.get(), "kafka " + brokers + ": cannot create topic " + name));
  }
  return BenchTopics(std::move(*handle), std::move(names));
}

BenchTopics::~BenchTopics() {
  if (handle_ == nullptr) return;
  const KafkaOwned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle_.get()));
  for (const std::string& name : names_) {
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
    rd_kafka_DeleteTopics(handle_.get(), &topic, 1, nullptr, queue.get());
    rd_kafka_DeleteTopic_destroy(topic);
    // What is left behind is small and has a name of its own.
    static_cast<void>(await_admin(queue.get(), name));
  }
}

Result<std::int64_t> BenchTopics::end_of(const std::string& topic) const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const rd_kafka_resp_err_t error =
      rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), 0, &low, &high, kTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return failed("kafka " + topic, rd_kafka_err2str(error));
  return high;
}

}  // namespace penstock::bench
