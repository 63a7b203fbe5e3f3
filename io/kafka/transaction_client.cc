#include "penstock/io/kafka/transaction_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "penstock/io/kafka/cluster.h"
#include "penstock/io/kafka/marker_topic.h"
#include "penstock/io/kafka/report_sum.h"
#include "penstock/io/kafka/retrying_client.h"
#include "penstock/io/kafka/stable_ends.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;

struct DestroyError {
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
};
using Error = std::unique_ptr<rd_kafka_error_t, DestroyError>;

struct DestroyTopicSettings {
  void operator()(rd_kafka_topic_conf_t* settings) const noexcept {
    rd_kafka_topic_conf_destroy(settings);
  }
};

CallResult result_of(const Error& error) {
  if (error == nullptr) return {};
  return {rd_kafka_error_code(error.get()), rd_kafka_error_is_retriable(error.get()) != 0,
          rd_kafka_error_string(error.get())};
}

int count_of(milliseconds time) noexcept { return static_cast<int>(time.count()); }

void on_report(rd_kafka_t* client, const rd_kafka_message_t* message, void*) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) look_for_fatal_error(client);
  ReportSum::add(*static_cast<DeliveryReports*>(message->_private),
                 {message->err, message->partition, message->len + message->key_len});
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

// How long readers may wait for what other jobs have open before it is taken for something that a broker has lost.
constexpr milliseconds kLostAfter{1000};
constexpr milliseconds kLook{500};

Status still_open(const TransactionClientOptions& options, const StableEnds::Behind& behind) {
  return {StatusCode::kUnavailable,
          options.place + ": topic '" + behind.topic + "', partition " +
              std::to_string(behind.partition) + ": readers wait at offset " +
              std::to_string(behind.stable) +
              " for a transaction that is not of this job, and has not ended within " +
              std::to_string(options.connection.start_timeout.count()) +
              " ms (start_timeout). That of another job ends when that is started again, or its "
              "transaction_timeout is over; one that a broker has lost, by the brokers' own "
              "`kafka-transactions.sh find-hanging` and `abort`"};
}

// Of markers: how many are on their way. What became of one, its commit says.
class MarkerReports final : public DeliveryReports {
 public:
  void sent() noexcept { on_their_way_.fetch_add(1); }
  void reported(const Report& report) noexcept override {
    on_their_way_.fetch_sub(static_cast<int>(report.records));
  }
  // Of a handle that is no more.
  void forget() noexcept { on_their_way_.store(0); }
  bool all_there() const noexcept { return on_their_way_.load() == 0; }

 private:
  std::atomic<int> on_their_way_{0};
};

class ClusterClient final : public RetryingClient {
 public:
  explicit ClusterClient(const TransactionClientOptions& options)
      : RetryingClient(options, clock_),
        trouble_(std::make_shared<Trouble>(options.place, *options.notices)) {}

  Status make() {
    const auto prepare = [](rd_kafka_conf_t* configuration, void*) {
      rd_kafka_conf_set_dr_msg_cb(configuration, on_report);
    };
    Result<Client> client = make_client(RD_KAFKA_PRODUCER, options().connection,
                                        settings_of(options()), trouble_, prepare, nullptr);
    if (!client.ok()) return client.status();
    client_ = std::move(*client);
    return Status();
  }

  Result<Topic> open_topic(const SinkOptions& options, const std::string& place) override {
    const milliseconds patience =
        std::min(options.delivery_timeout, this->options().transaction_timeout);
    const std::lock_guard lock(mutex_);
    if (topics_.size() == kTopicsMax) {
      return Status::invalid_argument(place + ": the job has more than " +
                                      std::to_string(kTopicsMax) +
                                      " writers with delivery = exactly_once; use fewer tasks");
    }
    OpenTopic topic{options.topic,
                    place,
                    {{"compression.codec", compression_name(options.compression)},
                     {"partitioner", partitioner_name(options.partitioner)},
                     {"message.timeout.ms", std::to_string(patience.count())}},
                    {}};
    PENSTOCK_RETURN_IF_ERROR(open(topic));
    topics_.push_back(std::move(topic));
    handles_[topics_.size() - 1].store(topics_.back().handle.get());
    return topics_.size() - 1;
  }

  rd_kafka_resp_err_t produce(Topic topic, OutgoingBatch& batch,
                              DeliveryReports& reports) noexcept override {
    note_record();
    return looked_at(batch.produce_front(
        client_.get(), handles_[topic].load(std::memory_order_relaxed), &reports));
  }

  std::span<const rd_kafka_message_t> produce_plain(Topic topic, OutgoingBatch& batch,
                                                    std::size_t most,
                                                    DeliveryReports& reports) noexcept override {
    note_record();
    const auto opaque_of = [](void* context, const OutgoingBatch::Entry&) { return context; };
    const auto together = batch.produce_plain(handles_[topic].load(std::memory_order_relaxed), most,
                                              opaque_of, &reports);
    if (!together.empty()) looked_at(together.back().err);
    return together;
  }

  void poll(milliseconds timeout) noexcept override {
    {
      std::unique_lock lock(polling_);
      turn_.wait(lock, [this] { return !is_made_anew_; });
      is_polled_ = true;
    }
    {
      const ReportSum together;
      rd_kafka_poll(client_.get(), count_of(timeout));
    }
    const std::lock_guard lock(polling_);
    is_polled_ = false;
    turn_.notify_all();
  }
  std::string trouble() const override {
    const std::string of_transaction = trouble_->transaction_error();
    return of_transaction.empty() ? trouble_->text() : of_transaction;
  }

 private:
  static constexpr std::size_t kTopicsMax = 1024;
  struct OpenTopic {
    std::string name;
    std::string place;
    Properties settings;
    TopicHandle handle;
  };

  // A refusal may be the first word of the end of the handle.
  rd_kafka_resp_err_t looked_at(rd_kafka_resp_err_t error) noexcept {
    if (error == RD_KAFKA_RESP_ERR__FATAL) look_for_fatal_error(client_.get());
    return error;
  }
  Result<std::optional<Marker>> find_marker(const std::optional<Marker>& known) override {
    return internal::find_marker(options(), known, [this] { return is_cancelled(); });
  }
  Status open(OpenTopic& topic) {
    std::unique_ptr<rd_kafka_topic_conf_t, DestroyTopicSettings> settings(
        rd_kafka_default_topic_conf_dup(client_.get()));
    char text[512] = "";
    for (const auto& [name, value] : topic.settings) {
      if (rd_kafka_topic_conf_set(settings.get(), name.c_str(), value.c_str(), text, sizeof text) !=
          RD_KAFKA_CONF_OK)
        return Status::invalid_argument(topic.place + ": " + text);
    }
    topic.handle.reset(rd_kafka_topic_new(client_.get(), topic.name.c_str(), settings.release()));
    return await_topic(client_.get(), topic.place, topic.name, options().connection.start_timeout,
                       *trouble_);
  }
  // Nobody polls meanwhile, so that nothing of the old handle is in use.
  Status make_anew() override {
    {
      std::unique_lock lock(polling_);
      is_made_anew_ = true;
      turn_.wait(lock, [this] { return !is_polled_; });
    }
    Status status = replace_handle();
    const std::lock_guard lock(polling_);
    is_made_anew_ = false;
    turn_.notify_all();
    return status;
  }
  Status replace_handle() {
    const std::lock_guard lock(mutex_);
    for (OpenTopic& topic : topics_) topic.handle.reset();
    marker_topic_.reset();
    client_.reset();
    markers_.forget();
    PENSTOCK_RETURN_IF_ERROR(make());
    PENSTOCK_RETURN_IF_ERROR(prepare());
    for (std::size_t i = 0; i < topics_.size(); ++i) {
      PENSTOCK_RETURN_IF_ERROR(open(topics_[i]));
      handles_[i].store(topics_[i].handle.get());
    }
    return Status();
  }
  // What happened to connections is among the events that poll() serves.
  bool was_disturbed() noexcept override {
    rd_kafka_poll(client_.get(), 0);
    const bool disturbed = trouble_->any();
    if (disturbed) trouble_->over();
    return disturbed;
  }
  // A broker that died may have noted that a transaction has ended, and not written it into the topics: the next one of
  // this client would then commit what was taken back.
  Status await_stable_ends() override {
    const Instant begun = clock_.now();
    const auto is_over = [&] {
      return clock_.now() - begun >= options().connection.start_timeout || is_cancelled();
    };
    std::vector<std::string> topics = options().topics;
    topics.push_back(options().marker_topic);
    const auto trouble = std::make_shared<Trouble>(options().place, *options().notices);
    auto ends = StableEnds::note(options().connection, topics, trouble, kLook);
    while (!ends.ok() && !is_over()) {
      pause();
      ends = StableEnds::note(options().connection, topics, trouble, kLook);
    }
    if (!ends.ok()) return ends.status();
    for (bool taken_back = false;;) {
      const auto behind = ends->behind(kLook);
      if (behind.ok() && (behind->empty() || is_of_others(*behind))) return Status();
      if (is_over()) return behind.ok() ? still_open(options(), behind->front()) : behind.status();
      const bool lost = behind.ok() && clock_.now() - begun >= kLostAfter;
      if (lost && !std::exchange(taken_back, true)) PENSTOCK_RETURN_IF_ERROR(take_back(*behind));
      pause();
    }
  }
  // Whether only readers of markers wait, and for no transaction of this job: an outbox of its own may have left one.
  bool is_of_others(const std::vector<StableEnds::Behind>& behind) const {
    if (behind.size() != 1 || behind.front().topic != options().marker_topic) return false;
    const auto own =
        has_marker_from(options(), behind.front().stable, [this] { return is_cancelled(); });
    return own.ok() && !*own;
  }
  // A moment for the brokers, during which the client's events are served.
  void pause() { rd_kafka_poll(client_.get(), 50); }
  // By a record in each that is taken back as well: with it goes whatever else this producer has open there. A handle
  // keeps the settings that a topic was first used with, and these are not those of its writers: so another one after.
  Status take_back(const std::vector<StableEnds::Behind>& behind) {
    const CallResult begun = begin_transaction();
    if (!begun.ok()) return failed("what a broker has lost cannot be taken back", begun);
    const Instant until = clock_.now() + options().connection.start_timeout;
    for (const StableEnds::Behind& each : behind) {
      const TopicHandle topic(rd_kafka_topic_new(client_.get(), each.topic.c_str(), nullptr));
      if (topic != nullptr) static_cast<void>(produce_to(topic.get(), each.partition, ""));
    }
    while (!markers_.all_there() && clock_.now() < until && !is_cancelled())
      rd_kafka_poll(client_.get(), 1);
    abort_transaction(kLook);
    PENSTOCK_RETURN_IF_ERROR(make_anew());
    return take_over();
  }
  Status prepare() override {
    PENSTOCK_RETURN_IF_ERROR(prepare_marker_topic(client_.get(), options(), *trouble_));
    marker_topic_.reset(rd_kafka_topic_new(client_.get(), options().marker_topic.c_str(), nullptr));
    return Status();
  }
  CallResult init_transactions(milliseconds at_most) override {
    return result_of(Error(rd_kafka_init_transactions(client_.get(), count_of(at_most))));
  }
  CallResult begin_transaction() override {
    return result_of(Error(rd_kafka_begin_transaction(client_.get())));
  }
  rd_kafka_resp_err_t produce_marker(const std::string& text) override {
    return produce_to(marker_topic_.get(), 0, text);
  }
  rd_kafka_resp_err_t produce_to(rd_kafka_topic_t* topic, std::int32_t partition,
                                 const std::string& text) {
    const std::string& id = options().id;
    markers_.sent();
    const rd_kafka_resp_err_t error = looked_at(rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(id.data(), id.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(text.data()), text.size()),
        RD_KAFKA_V_OPAQUE(static_cast<DeliveryReports*>(&markers_)), RD_KAFKA_V_END));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) markers_.reported({});
    return error;
  }
  // Waiting for the marker is left to the client only when it takes long: another thread takes the client's reports,
  // and then its wait goes in steps of 10 ms.
  CallResult commit_transaction(milliseconds at_most) override {
    const Instant until = clock_.now() + at_most;
    while (!markers_.all_there() && clock_.now() < until) rd_kafka_poll(client_.get(), 1);
    return result_of(Error(rd_kafka_commit_transaction(client_.get(), count_of(at_most))));
  }
  CallResult abort_transaction(milliseconds at_most) override {
    return result_of(Error(rd_kafka_abort_transaction(client_.get(), count_of(at_most))));
  }
  bool is_fatal() const noexcept override { return trouble_->is_fatal(); }
  CallResult fatal_error() const override {
    char text[512] = "";
    const rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_.get(), text, sizeof text);
    return {error, false, text};
  }
  bool is_refused() const override { return trouble_->refused(); }

  const RealClock clock_;
  const std::shared_ptr<Trouble> trouble_;
  MarkerReports markers_;
  Client client_;  // Before what belongs to it: destroyed after.
  TopicHandle marker_topic_;
  std::mutex mutex_;  // Of topics_.
  std::vector<OpenTopic> topics_;
  std::array<std::atomic<rd_kafka_topic_t*>, kTopicsMax> handles_{};
  std::mutex polling_;  // Of what follows.
  std::condition_variable turn_;
  bool is_polled_ = false;
  bool is_made_anew_ = false;
};

}  // namespace

Result<std::unique_ptr<TransactionClient>> make_transaction_client(
    const TransactionClientOptions& options) {
  auto client = std::make_unique<ClusterClient>(options);
  PENSTOCK_RETURN_IF_ERROR(client->make());
  return std::unique_ptr<TransactionClient>(std::move(client));
}

}  // namespace penstock::kafka::internal
