#include "penstock/io/kafka/transaction_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "penstock/io/kafka/cluster.h"
#include "penstock/io/kafka/marker_topic.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// Of calls that are repeated until they are cancelled.
constexpr int kSliceMilliseconds = 500;
constexpr int kAbortMilliseconds = 3000;

struct DestroyError {
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
};
using Error = std::unique_ptr<rd_kafka_error_t, DestroyError>;

struct DestroyTopicSettings {
  void operator()(rd_kafka_topic_conf_t* settings) const noexcept {
    rd_kafka_topic_conf_destroy(settings);
  }
};

bool is_fenced(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* reports = static_cast<DeliveryReports*>(message->_private);
  if (reports == nullptr) return;  // A marker: its commit says.
  reports->reported({message->err, message->partition, message->len + message->key_len});
}

Properties settings_of(const TransactionClientOptions& options) {
  const std::int64_t linger = options.linger.count();
  const std::string fraction = std::to_string(1000 + linger % 1000).substr(1);
  const std::size_t kbytes = std::clamp<std::size_t>(options.buffer_bytes / 1024, 1, 2147483647);
  return {{"transactional.id", options.id},
          {"transaction.timeout.ms", std::to_string(options.transaction_timeout.count())},
          {"enable.idempotence", "true"},
          {"acks", "all"},
          {"linger.ms", std::to_string(linger / 1000) + "." + fraction},
          {"queue.buffering.max.messages", "10000000"},
          {"queue.buffering.max.kbytes", std::to_string(kbytes)}};
}

class ClusterClient final : public TransactionClient {
 public:
  explicit ClusterClient(const TransactionClientOptions& options)
      : options_(options), trouble_(std::make_shared<Trouble>(options.place, *options.notices)) {}

  Status make() {
    const auto prepare = [](rd_kafka_conf_t* configuration, void*) {
      rd_kafka_conf_set_dr_msg_cb(configuration, on_report);
    };
    Result<Client> client = make_client(RD_KAFKA_PRODUCER, options_.connection,
                                        settings_of(options_), trouble_, prepare, nullptr);
    if (!client.ok()) return client.status();
    client_ = std::move(*client);
    return Status();
  }

  Status start() override {
    PENSTOCK_RETURN_IF_ERROR(prepare_marker_topic(client_.get(), options_, *trouble_));
    marker_topic_.reset(rd_kafka_topic_new(client_.get(), options_.marker_topic.c_str(), nullptr));
    const SteadyClock::time_point until = SteadyClock::now() + options_.connection.start_timeout;
    for (;;) {
      const Error error(rd_kafka_init_transactions(client_.get(), kSliceMilliseconds));
      if (error == nullptr) return Status();
      const bool again = rd_kafka_error_is_retriable(error.get()) != 0 && !cancelled_.load() &&
                         !trouble_->refused() && SteadyClock::now() < until;
      if (!again) return not_started(error.get());
    }
  }

  Result<std::optional<Marker>> read_marker() override {
    const Result<std::map<std::string, Marker>> markers = read_markers(options_);
    if (!markers.ok()) return markers.status();
    const auto own = markers->find(options_.id);
    return own == markers->end() ? std::nullopt : std::optional(own->second);
  }

  Result<Topic> open_topic(const SinkOptions& options, const std::string& place) override {
    std::unique_ptr<rd_kafka_topic_conf_t, DestroyTopicSettings> settings(
        rd_kafka_default_topic_conf_dup(client_.get()));
    const milliseconds patience = std::min(options.delivery_timeout, options_.transaction_timeout);
    const Properties own = {{"compression.codec", compression_name(options.compression)},
                            {"partitioner", partitioner_name(options.partitioner)},
                            {"message.timeout.ms", std::to_string(patience.count())}};
    char text[512] = "";
    for (const auto& [name, value] : own) {
      if (rd_kafka_topic_conf_set(settings.get(), name.c_str(), value.c_str(), text, sizeof text) !=
          RD_KAFKA_CONF_OK)
        return Status::invalid_argument(place + ": " + text);
    }
    const std::lock_guard lock(mutex_);
    if (topics_.size() == kTopicsMax) {
      return Status::invalid_argument(place + ": the job has more than " +
                                      std::to_string(kTopicsMax) +
                                      " writers with delivery = exactly_once; use fewer tasks");
    }
    TopicHandle topic(rd_kafka_topic_new(client_.get(), options.topic.c_str(), settings.release()));
    PENSTOCK_RETURN_IF_ERROR(await_topic(client_.get(), place, options.topic,
                                         options.connection.start_timeout, *trouble_));
    topics_.push_back(std::move(topic));
    handles_[topics_.size() - 1].store(topics_.back().get());
    return topics_.size() - 1;
  }

  Status begin() override {
    const Error error(rd_kafka_begin_transaction(client_.get()));
    first_at_.store(0);
    return error == nullptr ? Status() : failed("no transaction can be begun", error.get());
  }

  rd_kafka_resp_err_t produce(Topic topic, OutgoingBatch& batch,
                              DeliveryReports& reports) noexcept override {
    if (first_at_.load(std::memory_order_relaxed) == 0) [[unlikely]]
      first_at_.store(SteadyClock::now().time_since_epoch().count());
    return batch.produce_front(client_.get(), handles_[topic].load(std::memory_order_relaxed),
                               &reports);
  }

  Status mark(const Marker& marker) override {
    const std::string text = to_text(marker);
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(marker_topic_.get()), RD_KAFKA_V_PARTITION(0),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(options_.id.data(), options_.id.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(text.data()), text.size()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status();
    if (is_fenced(error) || error == RD_KAFKA_RESP_ERR__FATAL) return fenced();
    return {StatusCode::kUnavailable,
            options_.place + ": the marker is not taken: " + rd_kafka_err2str(error)};
  }

  Status commit() override {
    const SteadyClock::time_point until = SteadyClock::now() + options_.transaction_timeout;
    for (;;) {
      const Error error(rd_kafka_commit_transaction(client_.get(), kSliceMilliseconds));
      if (error == nullptr) return Status();
      const bool again = rd_kafka_error_is_retriable(error.get()) != 0 && !cancelled_.load() &&
                         SteadyClock::now() < until;
      if (!again) return failed("the transaction of the epoch is not committed", error.get());
    }
  }

  void abort() noexcept override {
    if (trouble_->is_fatal()) return;
    const Error error(rd_kafka_abort_transaction(client_.get(), kAbortMilliseconds));
  }

  void poll(milliseconds timeout) noexcept override {
    rd_kafka_poll(client_.get(), static_cast<int>(timeout.count()));
  }
  void cancel() noexcept override { cancelled_.store(true); }
  Status fatal() const override { return trouble_->is_fatal() ? fenced() : Status(); }
  std::string trouble() const override { return trouble_->text(); }

 private:
  static constexpr std::size_t kTopicsMax = 1024;

  // Two causes look the same to the client; how long the transaction was open tells them apart.
  Status fenced() const {
    const auto opened = SteadyClock::duration(first_at_.load());
    const bool too_old = opened.count() != 0 && SteadyClock::now().time_since_epoch() - opened >=
                                                    options_.transaction_timeout;
    const std::string limit =
        std::to_string(options_.transaction_timeout.count()) + " ms (transaction_timeout)";
    if (too_old) {
      return {StatusCode::kUnavailable,
              options_.place + ": the transaction was open for more than " + limit +
                  ", and the brokers have taken it back; the job has to go on from its newest "
                  "checkpoint"};
    }
    return Status::failed_precondition(
        options_.place + ": another start of this job has taken over '" + options_.id +
        "': nothing that this one has written since is seen by anybody, and it ends; if there is "
        "no other, a transaction was open for more than " +
        limit + ": start the job again");
  }

  Status failed(const std::string& what, const rd_kafka_error_t* error) const {
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    if (is_fenced(code) || trouble_->is_fatal()) return fenced();
    const std::string trouble = trouble_->text();
    return {StatusCode::kUnavailable,
            options_.place + ": " + what + ": " + rd_kafka_error_string(error) + " (" +
                rd_kafka_err2name(code) + ")" + (trouble.empty() ? "" : "; " + trouble)};
  }

  Status not_started(const rd_kafka_error_t* error) const {
    const std::string timeout = std::to_string(options_.transaction_timeout.count());
    switch (rd_kafka_error_code(error)) {
      case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
        return Status::invalid_argument(
            options_.place + ": transaction_timeout is " + timeout +
            " ms, and the brokers allow less: lower it, or raise their transaction.max.timeout.ms");
      case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return {StatusCode::kPermissionDenied,
                options_.place + ": the right to write with the transactional id '" + options_.id +
                    "' is missing; grant Write and Describe on it, or on ids that begin with "
                    "'penstock-'"};
      default:
        return failed("the transactions of '" + options_.id + "' cannot be taken over within " +
                          std::to_string(options_.connection.start_timeout.count()) +
                          " ms (start_timeout)",
                      error);
    }
  }

  const TransactionClientOptions options_;
  const std::shared_ptr<Trouble> trouble_;
  Client client_;  // Before what belongs to it: destroyed after.
  TopicHandle marker_topic_;
  std::mutex mutex_;  // Of topics_.
  std::vector<TopicHandle> topics_;
  std::array<std::atomic<rd_kafka_topic_t*>, kTopicsMax> handles_{};
  std::atomic<SteadyClock::rep> first_at_{0};  // When the transaction got its first record.
  std::atomic<bool> cancelled_{false};
};

}  // namespace

Result<std::unique_ptr<TransactionClient>> make_transaction_client(
    const TransactionClientOptions& options) {
  auto client = std::make_unique<ClusterClient>(options);
  PENSTOCK_RETURN_IF_ERROR(client->make());
  return std::unique_ptr<TransactionClient>(std::move(client));
}

}  // namespace penstock::kafka::internal
