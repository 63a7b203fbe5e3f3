#include "penstock/io/kafka/deliveries.h"

namespace penstock::kafka::internal {
namespace {

StatusCode code_of(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return StatusCode::kDataError;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return StatusCode::kNotFound;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return StatusCode::kPermissionDenied;
    default:
      return StatusCode::kUnavailable;
  }
}

std::string reason(rd_kafka_resp_err_t error) {
  return std::string(rd_kafka_err2str(error)) + " (" + rd_kafka_err2name(error) + ")";
}

}  // namespace

void Deliveries::done(const rd_kafka_message_t& report, std::size_t bytes,
                      std::uint16_t cut) noexcept {
  --records_;
  if (cut != cut_ && before_cut_ > 0) --before_cut_;
  bytes_ -= bytes;
  if (full_ && bytes_ <= bytes_max_ / 2) full_ = false;
  if (report.err == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
    ++delivered_;
    counters_.delivered.add(1);
    return over();
  }
  counters_.undelivered.add(1);
  if (failed_++ == 0) {
    first_failure_ = refusal(report.err, report.partition, report.len + report.key_len);
  }
}

Status Deliveries::status() const {
  if (ok()) return Status();
  if (Status ended = fatal(); !ended.ok()) return ended;
  return first_failure_;
}

namespace {

// It was given up, or not taken, because of what happened to others before it.
Status with_its_transaction(std::string text, rd_kafka_resp_err_t error,
                            const std::string& trouble) {
  const bool denied = trouble.find("AUTHORIZATION_FAILED") != std::string::npos;
  text += trouble.empty() ? reason(error) : "its transaction has failed: " + trouble;
  if (denied) text += "; grant the right to write there";
  return {denied ? StatusCode::kPermissionDenied : code_of(error), std::move(text)};
}

}  // namespace

Status refusal_of(const RefusedRecord& record) {
  const auto& [place, topic, delivery_timeout, trouble, error, partition, bytes] = record;
  std::string text = place;
  if (partition >= 0) text += "/" + std::to_string(partition);
  text += ": record of " + std::to_string(bytes) + " bytes not delivered: ";
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      text += partition < 0
                  ? "it is larger than message.max.bytes of the client (1000000 unless set); raise "
                    "that, and the topic's max.message.bytes with it"
                  : "its batch is larger than max.message.bytes of the topic; raise that, or where "
                    "each record alone is smaller, lower the client's batch.size";
      break;
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      text +=
          "the broker finds it, or another one of its batch, invalid; a topic with "
          "cleanup.policy=compact wants a key in every record, so give the encoder one: .key()";
      break;
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      text +=
          "its timestamp is too far from the broker's clock; mend it, or raise the topic's "
          "message.timestamp.after.max.ms or message.timestamp.before.max.ms";
      break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      text += "topic '" + topic + "' is there no more; create it again and restart the job";
      break;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      text +=
          "no broker has taken it within " + std::to_string(delivery_timeout.count()) +
          " ms (delivery_timeout); " +
          (trouble.empty() ? "check the brokers, and that enough replicas are in sync" : trouble);
      break;
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      text += "fewer replicas are in sync than the topic's min.insync.replicas; check the brokers";
      break;
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
      return with_its_transaction(std::move(text), error, trouble);
    default:
      text += reason(error) + (trouble.empty() ? "" : "; " + trouble);
  }
  return {code_of(error), std::move(text)};
}

Status Deliveries::undelivered() const {
  if (Status known = status(); !known.ok() || records_ == 0) return known;
  const std::string trouble = Trouble::text();
  return {StatusCode::kUnavailable,
          place() + ": " + std::to_string(records_) + " records not delivered within " +
              std::to_string(delivery_timeout_.count()) + " ms (delivery_timeout); " +
              (trouble.empty() ? "check the brokers" : trouble)};
}

}  // namespace penstock::kafka::internal
