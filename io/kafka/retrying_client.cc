#include "penstock/io/kafka/retrying_client.h"

#include <utility>

#include "penstock/core/base/notice.h"

namespace penstock::kafka::internal {
namespace {

// Of calls that are repeated until they are cancelled.
constexpr std::chrono::milliseconds kSlice{500};
constexpr std::chrono::milliseconds kAbortTime{3000};

bool is_fenced(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

}  // namespace

Status RetryingClient::start() {
  PENSTOCK_RETURN_IF_ERROR(prepare());
  PENSTOCK_RETURN_IF_ERROR(take_over());
  return await_stable_ends();
}

Status RetryingClient::take_over() {
  const Instant until = clock_.now() + options_.connection.start_timeout;
  for (;;) {
    const CallResult result = init_transactions(kSlice);
    if (result.ok()) return Status();
    const bool again =
        result.retriable && !cancelled_.load() && !is_refused() && clock_.now() < until;
    if (!again) return not_started(result);
  }
}

Result<std::optional<Marker>> RetryingClient::read_marker() {
  Result<std::optional<Marker>> found = find_marker(std::nullopt);
  if (found.ok()) newest_ = *found;
  return found;
}

Status RetryingClient::go_on_anew() {
  PENSTOCK_RETURN_IF_ERROR(make_anew());
  PENSTOCK_RETURN_IF_ERROR(look_for_another());
  PENSTOCK_RETURN_IF_ERROR(take_over());
  PENSTOCK_RETURN_IF_ERROR(look_for_another());
  options_.notices->post({Severity::kInfo, options_.place,
                          "a commit may have been sent twice, as its answer was late or a "
                          "connection broke; the job goes on under another producer epoch"});
  return Status();
}

Status RetryingClient::look_for_another() {
  const Result<std::optional<Marker>> found = find_marker(newest_);
  if (!found.ok()) return found.status();
  return *found == newest_ ? Status() : overtaken();
}

Status RetryingClient::begin() {
  if (std::exchange(in_doubt_, false)) PENSTOCK_RETURN_IF_ERROR(go_on_anew());
  marked_.reset();
  const CallResult result = begin_transaction();
  first_at_.store(0);
  return result.ok() ? Status() : failed("no transaction can be begun", result);
}

Status RetryingClient::mark(const Marker& marker) {
  const rd_kafka_resp_err_t error = produce_marker(to_text(marker));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    marked_ = marker;
    return Status();
  }
  if (is_fenced(error)) return fenced();
  if (is_fatal()) return ended(fatal_error());
  return {StatusCode::kUnavailable,
          options_.place + ": the marker is not taken: " + rd_kafka_err2str(error)};
}

Status RetryingClient::commit() {
  const Instant until = clock_.now() + options_.transaction_timeout;
  for (;;) {
    const CallResult result = commit_transaction(kSlice);
    in_doubt_ = in_doubt_ || !result.ok() || was_disturbed();
    if (result.ok()) break;
    const bool again = result.retriable && !cancelled_.load() && clock_.now() < until;
    if (!again) return failed("the transaction of the epoch is not committed", result);
  }
  if (marked_) newest_ = std::exchange(marked_, {});
  return Status();
}

void RetryingClient::abort() noexcept {
  if (!is_fatal()) abort_transaction(kAbortTime);
}

// Whatever a new client may mend is worth a new start.
Status RetryingClient::ended(const CallResult& fatal) const {
  if (is_fenced(fatal.code)) return fenced();
  if (fatal.code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED) return denied();
  return {StatusCode::kUnavailable,
          options_.place + ": the client has ended for good: " + fatal.text + " (" +
              rd_kafka_err2name(fatal.code) + "); the job has to go on from its newest checkpoint"};
}

Status RetryingClient::denied() const {
  return {StatusCode::kPermissionDenied,
          options_.place + ": the right to write with the transactional id '" + options_.id +
              "' is missing; grant Write and Describe on it, or on ids that begin with "
              "'penstock-'"};
}

// Two causes look the same to the client; how long the transaction was open tells them apart.
Status RetryingClient::fenced() const {
  const Instant opened{first_at_.load()};
  const bool too_old = opened != Instant{} && clock_.now() - opened >= options_.transaction_timeout;
  const std::string limit =
      std::to_string(options_.transaction_timeout.count()) + " ms (transaction_timeout)";
  if (too_old) {
    return {StatusCode::kUnavailable,
            options_.place + ": the transaction was open for more than " + limit +
                ", and the brokers have taken it back; the job has to go on from its newest "
                "checkpoint"};
  }
  return overtaken("; if there is no other, a transaction was open for more than " + limit +
                   ": start the job again");
}

Status RetryingClient::overtaken(const std::string& otherwise) const {
  return Status::failed_precondition(
      options_.place + ": another start of this job has taken over '" + options_.id +
      "': nothing that this one has written since is seen by anybody, and it ends" + otherwise);
}

Status RetryingClient::failed(const std::string& what, const CallResult& result) const {
  if (is_fenced(result.code)) return fenced();
  if (is_fatal()) return ended(fatal_error());
  const std::string trouble = this->trouble();
  const bool denied = result.code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  return {denied ? StatusCode::kPermissionDenied : StatusCode::kUnavailable,
          options_.place + ": " + what + ": " + result.text + " (" +
              rd_kafka_err2name(result.code) + ")" + (trouble.empty() ? "" : "; " + trouble)};
}

Status RetryingClient::not_started(const CallResult& result) const {
  const std::string timeout = std::to_string(options_.transaction_timeout.count());
  switch (result.code) {
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return Status::invalid_argument(
          options_.place + ": transaction_timeout is " + timeout +
          " ms, and the brokers allow less: lower it, or raise their transaction.max.timeout.ms");
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return denied();
    default:
      return failed("the transactions of '" + options_.id + "' cannot be taken over within " +
                        std::to_string(options_.connection.start_timeout.count()) +
                        " ms (start_timeout)",
                    result);
  }
}

}  // namespace penstock::kafka::internal
