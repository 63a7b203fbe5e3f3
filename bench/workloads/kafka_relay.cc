#include <atomic>
#include <utility>

#include "penstock/bench/workloads/kafka_handle.h"
#include "penstock/bench/workloads/kafka_middle.h"
#include "penstock/core/base/scheduler.h"

namespace penstock::bench {
namespace {

class Relay final : public KafkaMiddle {
 public:
  Status open(const KafkaRoute& route) {
    Result<KafkaHandle> producer = make_bench_producer(route.brokers, refusals_);
    if (!producer.ok()) return producer.status();
    producer_ = std::move(*producer);
    Result<KafkaOwned<rd_kafka_topic_t>> to = known_topic(producer_.get(), route.to);
    if (!to.ok()) return to.status();
    to_ = std::move(*to);
    Result<KafkaHandle> consumer = make_bench_consumer(route.brokers, route.from);
    if (!consumer.ok()) return consumer.status();
    consumer_ = std::move(*consumer);
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    Result<std::unique_ptr<ThreadHandle>> thread =
        make_thread_scheduler()->spawn({.name = "bench-relay", .cpu = {}}, [this] { run(); });
    if (!thread.ok()) return thread.status();
    thread_ = std::move(*thread);
    return Status();
  }
  ~Relay() override {
    if (thread_ != nullptr) static_cast<void>(Relay::stop());
    queue_.reset();
    to_.reset();
  }

  Status stop() override {
    stopping_.store(true);
    thread_.reset();
    rd_kafka_flush(producer_.get(), 10'000);
    if (status_.ok() && refusals_.count > 0) status_ = refused(refusals_.first);
    return status_;
  }

 private:
  static constexpr int kWaitMs = 100;
  static constexpr int kBatchMax = 1024;

  static Status refused(rd_kafka_resp_err_t error) {
    return Status(StatusCode::kUnavailable, std::string("relay: ") + rd_kafka_err2str(error));
  }

  // Waits for one record; takes what else is there without waiting.
  void run() {
    while (!stopping_.load(std::memory_order_relaxed) && status_.ok()) {
      int timeout_ms = kWaitMs;
      for (int i = 0; i < kBatchMax; ++i, timeout_ms = 0) {
        const KafkaOwned<rd_kafka_message_t> message(
            rd_kafka_consume_queue(queue_.get(), timeout_ms));
        if (message == nullptr) break;
        pass_on(*message);
      }
      rd_kafka_poll(producer_.get(), 0);
    }
  }
  void pass_on(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      status_ = refused(message.err);
      return;
    }
    while (rd_kafka_produce(to_.get(), 0, RD_KAFKA_MSG_F_COPY, message.payload, message.len,
                            message.key, message.key_len, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        status_ = refused(rd_kafka_last_error());
        return;
      }
      rd_kafka_poll(producer_.get(), 1);
    }
  }

  KafkaRefusals refusals_;
  KafkaHandle producer_;
  KafkaOwned<rd_kafka_topic_t> to_;
  KafkaHandle consumer_;
  KafkaOwned<rd_kafka_queue_t> queue_;
  std::atomic<bool> stopping_{false};
  Status status_;  // The thread's, until it has ended.
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace

Result<std::unique_ptr<KafkaMiddle>> start_relay(const KafkaRoute& route) {
  auto relay = std::make_unique<Relay>();
  PENSTOCK_RETURN_IF_ERROR(relay->open(route));
  return std::unique_ptr<KafkaMiddle>(std::move(relay));
}

}  // namespace penstock::bench
