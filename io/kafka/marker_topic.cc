#include "penstock/io/kafka/marker_topic.h"

#include <algorithm>
#include <charconv>

#include "penstock/io/kafka/cluster.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::int32_t kPartition = 0;
constexpr int kSlice = 500;  // Milliseconds, of what is asked again; and what lies between.
constexpr int kPause = 50;
constexpr std::string_view kEpoch = "epoch=";
constexpr std::string_view kIncarnation = " incarnation=";

struct DestroyNewTopic {
  void operator()(rd_kafka_NewTopic_t* topic) const noexcept { rd_kafka_NewTopic_destroy(topic); }
};
struct DestroyOptions {
  void operator()(rd_kafka_AdminOptions_t* options) const noexcept {
    rd_kafka_AdminOptions_destroy(options);
  }
};
struct DestroyEvent {
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};
struct DestroyQueue {
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};
struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};

bool take_number(std::string_view& text, std::string_view name, std::uint64_t& out) noexcept {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc();
}

std::string where(const TransactionClientOptions& options) {
  return options.place + ": the topic of markers '" + options.marker_topic + "'";
}

Status not_made(const TransactionClientOptions& options, rd_kafka_resp_err_t error,
                const char* text) {
  return {StatusCode::kUnavailable,
          where(options) + " is not there and cannot be made (" +
              (text != nullptr ? text : rd_kafka_err2str(error)) +
              "); make it with one partition and cleanup.policy=compact, or choose another "
              "(SinkOptions::marker_topic)"};
}

Status make_topic(rd_kafka_t* client, const TransactionClientOptions& options) {
  char text[512] = "";
  std::unique_ptr<rd_kafka_NewTopic_t, DestroyNewTopic> topic(
      rd_kafka_NewTopic_new(options.marker_topic.c_str(), 1, -1, text, sizeof text));
  if (topic == nullptr) return Status::invalid_argument(where(options) + ": " + text);
  rd_kafka_NewTopic_set_config(topic.get(), "cleanup.policy", "compact");
  const std::unique_ptr<rd_kafka_AdminOptions_t, DestroyOptions> admin(
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const int timeout = static_cast<int>(options.connection.start_timeout.count());
  rd_kafka_AdminOptions_set_request_timeout(admin.get(), timeout, text, sizeof text);
  const std::unique_ptr<rd_kafka_queue_t, DestroyQueue> queue(rd_kafka_queue_new(client));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client, topics, 1, admin.get(), queue.get());
  const std::unique_ptr<rd_kafka_event_t, DestroyEvent> event(
      rd_kafka_queue_poll(queue.get(), timeout));
  if (event == nullptr) return not_made(options, RD_KAFKA_RESP_ERR__TIMED_OUT, nullptr);
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return not_made(options, error, rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto error =
      count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR_UNKNOWN;
  const bool there =
      error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
  if (there) return Status();
  return not_made(options, error, count == 1 ? rd_kafka_topic_result_error_string(results[0]) : "");
}

bool is_missing(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}
// What time does not mend.
bool is_final(rd_kafka_resp_err_t error) noexcept {
  return is_missing(error) || error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

// Reads partition 0 up to where it ended when the reading began.
class MarkerReader {
 public:
  explicit MarkerReader(
      const TransactionClientOptions& options, IsCancelled is_cancelled = [] { return false; })
      : options_(options),
        is_cancelled_(std::move(is_cancelled)),
        trouble_(std::make_shared<Trouble>(where(options), *options.notices)),
        until_(SteadyClock::now() + options.connection.start_timeout) {}

  Result<std::optional<Marker>> find(const std::optional<Marker>& known) {
    const Result<std::int64_t> end = end_of_log();
    if (!end.ok()) return end.status();
    if (known) {
      std::optional<Marker> last;
      PENSTOCK_RETURN_IF_ERROR(read_up_to(*end, "read_uncommitted", [&](const auto& message) {
        if (key_of(message) == options_.id) last = marker_of(message);
        return Status();
      }));
      if (last == known) return known;
    }
    const auto take_each = [this](const auto& message) { return take(message); };
    PENSTOCK_RETURN_IF_ERROR(read_up_to(0, "read_committed", take_each));
    const Result<bool> waits = has_own_from(read_end_, *end);
    if (!waits.ok()) return waits.status();
    if (*waits) PENSTOCK_RETURN_IF_ERROR(read_up_to(*end, "read_committed", take_each));
    const auto own = found_.find(options_.id);
    return own == found_.end() ? std::nullopt : std::optional(own->second);
  }

  // Whether a record of the job stands at `stable` or behind it.
  Result<bool> has_own_from(std::int64_t stable) {
    const Result<std::int64_t> end = end_of_log();
    return end.ok() ? has_own_from(stable, *end) : end.status();
  }

  Result<MarkerView> look() {
    const Result<std::int64_t> end = end_of_log();
    if (!end.ok()) return end.status();
    PENSTOCK_RETURN_IF_ERROR(
        read_up_to(0, "read_committed", [this](const auto& message) { return take(message); }));
    MarkerView view{found_, {}, {}};
    const std::int64_t stable = read_end_;
    PENSTOCK_RETURN_IF_ERROR(read_up_to(*end, "read_uncommitted", [&](const auto& message) {
      const std::string key = key_of(message);
      view.jobs.insert(key);
      if (view.open.empty() && message.offset >= stable) view.open = key;
      return Status();
    }));
    return view;
  }

 private:
  Result<bool> has_own_from(std::int64_t stable, std::int64_t end) {
    bool has = false;
    PENSTOCK_RETURN_IF_ERROR(read_up_to(end, "read_uncommitted", [&](const auto& message) {
      has = has || (message.offset >= stable && key_of(message) == options_.id);
      return Status();
    }));
    return has;
  }
  static std::string key_of(const rd_kafka_message_t& message) {
    return {static_cast<const char*>(message.key), message.key_len};
  }
  static std::optional<Marker> marker_of(const rd_kafka_message_t& message) {
    return parse_marker({static_cast<const char*>(message.payload), message.len});
  }
  Result<Client> make(const char* isolation) const {
    return make_client(RD_KAFKA_CONSUMER, options_.connection,
                       {{"enable.auto.commit", "false"},
                        {"enable.auto.offset.store", "false"},
                        {"enable.partition.eof", "true"},
                        {"isolation.level", isolation}},
                       trouble_);
  }
  bool is_over() const { return is_cancelled_() || SteadyClock::now() >= until_; }
  // With what is not committed yet.
  Result<std::int64_t> end_of_log() const {
    Result<Client> client = make("read_uncommitted");
    if (!client.ok()) return client.status();
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    do {
      std::int64_t low = 0;
      std::int64_t high = 0;
      error = rd_kafka_query_watermark_offsets(client->get(), options_.marker_topic.c_str(),
                                               kPartition, &low, &high, kSlice);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return high;
      // A partition whose broker has died is led again soon; the client's events are served meanwhile.
      rd_kafka_poll(client->get(), kPause);
    } while (!is_final(error) && !trouble_->refused() && !is_over());
    if (is_missing(error)) {
      return Status(
          StatusCode::kUnavailable,
          where(options_) + " is not there: no job with delivery = exactly_once has run " +
              "with these brokers, or it has another (--marker-topic, SinkOptions::marker_topic)");
    }
    const std::string trouble = trouble_->text();
    return Status(StatusCode::kUnavailable,
                  where(options_) +
                      " cannot be read: " + (trouble.empty() ? rd_kafka_err2str(error) : trouble));
  }
  // At least so far; to where the reader sees no more.
  template <class Take>
  Status read_up_to(std::int64_t end, const char* isolation, Take take) {
    Result<Client> client = make(isolation);
    if (!client.ok()) return client.status();
    const TopicHandle topic(
        rd_kafka_topic_new(client->get(), options_.marker_topic.c_str(), nullptr));
    if (topic == nullptr ||
        rd_kafka_consume_start(topic.get(), kPartition, RD_KAFKA_OFFSET_BEGINNING) != 0) {
      return Status(StatusCode::kUnavailable, where(options_) + " cannot be read: " +
                                                  rd_kafka_err2str(rd_kafka_last_error()));
    }
    Status status = read_from(topic.get(), end, take);
    rd_kafka_consume_stop(topic.get(), kPartition);
    return status;
  }
  template <class Take>
  Status read_from(rd_kafka_topic_t* topic, std::int64_t end, Take& take) {
    for (;;) {
      const std::unique_ptr<rd_kafka_message_t, DestroyMessage> message(
          rd_kafka_consume(topic, kPartition, 200));
      if (message != nullptr && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
          message->offset >= end) {
        read_end_ = message->offset;
        return Status();
      }
      if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        PENSTOCK_RETURN_IF_ERROR(take(*message));
      if (!is_over()) continue;
      const std::string trouble = trouble_->text();
      return {StatusCode::kUnavailable,
              where(options_) + " cannot be read to its end within " +
                  std::to_string(options_.connection.start_timeout.count()) +
                  " ms (start_timeout): " +
                  (trouble.empty() ? "a transaction of another job is open in it, which ends when "
                                     "that job is started again or its transaction_timeout is over"
                                   : trouble)};
    }
  }
  Status take(const rd_kafka_message_t& message) {
    const std::string key = key_of(message);
    if (message.payload == nullptr) {
      found_.erase(key);
      return Status();
    }
    const std::optional<Marker> marker = marker_of(message);
    if (marker) {
      found_[key] = *marker;
      return Status();
    }
    if (!options_.id.empty() && key != options_.id) return Status();
    return Status::data_error(where(options_) + ": the record at offset " +
                              std::to_string(message.offset) +
                              " is no marker; somebody else has "
                              "written it, or a later version");
  }

  const TransactionClientOptions& options_;
  const IsCancelled is_cancelled_;
  const std::shared_ptr<Trouble> trouble_;
  const SteadyClock::time_point until_;
  std::map<std::string, Marker> found_;
  std::int64_t read_end_ = 0;
};

}  // namespace

std::string to_text(const Marker& marker) {
  return std::string(kEpoch) + std::to_string(marker.epoch.value) + std::string(kIncarnation) +
         std::to_string(marker.incarnation);
}

std::optional<Marker> parse_marker(std::string_view text) noexcept {
  Marker marker;
  const bool whole = take_number(text, kEpoch, marker.epoch.value) &&
                     take_number(text, kIncarnation, marker.incarnation) && text.empty();
  return whole ? std::optional(marker) : std::nullopt;
}

Status prepare_marker_topic(rd_kafka_t* client, const TransactionClientOptions& options,
                            Trouble& trouble) {
  PENSTOCK_RETURN_IF_ERROR(
      await_topic(client, options.place, "", options.connection.start_timeout, trouble));
  // Longer than that takes to be believed, so that a topic that was just made is found.
  Status there =
      await_topic(client, options.place, options.marker_topic, milliseconds(250), trouble);
  if (there.code() != StatusCode::kNotFound && there.code() != StatusCode::kUnavailable)
    return there;
  PENSTOCK_RETURN_IF_ERROR(make_topic(client, options));
  return await_topic(client, options.place, options.marker_topic, options.connection.start_timeout,
                     trouble);
}

Result<std::optional<Marker>> find_marker(const TransactionClientOptions& options,
                                          const std::optional<Marker>& known,
                                          const IsCancelled& is_cancelled) {
  return MarkerReader(options, is_cancelled).find(known);
}

Result<bool> has_marker_from(const TransactionClientOptions& options, std::int64_t stable,
                             const IsCancelled& is_cancelled) {
  return MarkerReader(options, is_cancelled).has_own_from(stable);
}

Result<MarkerView> look_at_markers(const TransactionClientOptions& options) {
  return MarkerReader(options).look();
}

}  // namespace penstock::kafka::internal
