#include <algorithm>

#include "penstock/io/kafka/client.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
};
struct DestroyMetadata {
  void operator()(const rd_kafka_metadata_t* metadata) const noexcept {
    rd_kafka_metadata_destroy(metadata);
  }
};

// How long a refusal, or that there is no such topic, must last to be believed: a cluster that has just started, or
// just made the topic, says so for a moment.
constexpr milliseconds kDoubt{2000};
constexpr milliseconds kStep{250};

struct Answer {
  rd_kafka_resp_err_t error =
      RD_KAFKA_RESP_ERR__TIMED_OUT;  // Of the request, or else of the topic.
  bool answered = false;
};

Answer ask(rd_kafka_t* client, rd_kafka_topic_t* topic, milliseconds timeout) {
  const rd_kafka_metadata_t* raw = nullptr;
  Answer answer;
  answer.error = rd_kafka_metadata(client, 0, topic, &raw, static_cast<int>(timeout.count()));
  const std::unique_ptr<const rd_kafka_metadata_t, DestroyMetadata> metadata(raw);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  answer.answered = true;
  if (topic == nullptr) return answer;
  if (metadata->topic_cnt != 1 || metadata->topics[0].partition_cnt == 0) {
    answer.error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  }
  if (metadata->topic_cnt == 1 && metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    answer.error = metadata->topics[0].err;
  }
  return answer;
}

// A moment for the cluster, during which the client's errors are served.
void pause(rd_kafka_t* client) { rd_kafka_poll(client, 50); }

Status no_topic(const std::string& place, const std::string& topic, rd_kafka_resp_err_t error,
                const Trouble& trouble) {
  const std::string where = "'" + topic + "' at the brokers " + trouble.brokers();
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return {StatusCode::kNotFound,
              place + ": there is no topic " + where + "; create it, or mend its name"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return {StatusCode::kPermissionDenied,
              place + ": access is denied to topic " + where + "; grant the right to it"};
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return Status::invalid_argument(
          place + ": topic " + where +
          " has a name that is not allowed: letters, digits, '.', '_' and '-', at most 249");
    default:
      return {StatusCode::kUnavailable,
              place + ": topic " + where + " cannot be used now: " + rd_kafka_err2str(error)};
  }
}

Status no_answer(const std::string& place, const Trouble& trouble, milliseconds waited) {
  if (Status fatal = trouble.fatal(); !fatal.ok()) return fatal;
  const std::string text = trouble.text();
  if (trouble.refused()) return {StatusCode::kPermissionDenied, place + ": " + text};
  return {StatusCode::kUnavailable,
          place + ": " + std::to_string(waited.count()) + " ms without an answer: " +
              (text.empty() ? "nothing is heard of the brokers at " + trouble.brokers() +
                                  "; check their address, and whether they want TLS or a password"
                            : text)};
}

bool final_word(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

}  // namespace

Status await_topic(rd_kafka_t* client, const std::string& place, const std::string& topic,
                   milliseconds timeout, Trouble& trouble) {
  std::unique_ptr<rd_kafka_topic_t, DestroyTopic> handle;
  if (!topic.empty()) {
    handle.reset(rd_kafka_topic_new(client, topic.c_str(), nullptr));
    if (handle == nullptr) return no_topic(place, topic, rd_kafka_last_error(), trouble);
  }
  const SteadyClock::time_point start = SteadyClock::now();
  for (;;) {
    const auto waited = [&] {
      return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start);
    };
    const milliseconds left = std::clamp(timeout - waited(), milliseconds(1), kStep);
    const Answer answer = ask(client, handle.get(), left);
    if (answer.answered) trouble.over();
    if (answer.error == RD_KAFKA_RESP_ERR_NO_ERROR) return Status();
    pause(client);
    const milliseconds doubted = waited();
    const bool sure = doubted >= std::min(timeout, kDoubt);
    if (answer.answered && (final_word(answer.error) || doubted >= timeout ||
                            (sure && answer.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART))) {
      return no_topic(place, topic, answer.error, trouble);
    }
    if (!answer.answered && doubted >= kSilence && trouble.text().empty()) {
      trouble.note(RD_KAFKA_RESP_ERR__TIMED_OUT, "nothing is heard of them");
    }
    if (!answer.answered &&
        (doubted >= timeout || !trouble.fatal().ok() || (sure && trouble.refused()))) {
      return no_answer(place, trouble, doubted);
    }
  }
}

}  // namespace penstock::kafka::internal
