#include "penstock/io/kafka/transactions.h"

#include <algorithm>

namespace penstock::kafka::internal {

Status Transactions::join(const SinkOptions& options) {
  if (place_.empty()) {
    place_ = "kafka " + options.connection.brokers;
    options_.connection = options.connection;
    options_.place = place_;
    options_.marker_topic = options.marker_topic;
    options_.transaction_timeout = options.transaction_timeout;
    options_.linger = options.linger;
  }
  const std::string sink = "kafka " + options.topic + ": ";
  if (options.connection.brokers != options_.connection.brokers) {
    return Status::invalid_argument(
        sink + "delivery = exactly_once at the brokers " + options.connection.brokers +
        ", and another sink of the job has it at " + options_.connection.brokers +
        ": one cluster only; give one of them an outbox, a folder on the disk");
  }
  if (options.connection.properties != options_.connection.properties ||
      options.marker_topic != options_.marker_topic ||
      options.transaction_timeout != options_.transaction_timeout) {
    return Status::invalid_argument(
        sink +
        "shares its transactions with the job's other sinks with delivery = exactly_once, "
        "so properties, marker_topic and transaction_timeout must be the same");
  }
  options_.linger = std::min(options_.linger, options.linger);
  std::vector<std::string>& topics = options_.topics;
  if (std::find(topics.begin(), topics.end(), options.topic) == topics.end())
    topics.push_back(options.topic);
  return Status();
}

std::shared_ptr<TransactionSession> Transactions::session() const {
  const std::lock_guard lock(mutex_);
  return session_;
}

Status Transactions::check(const EpochTransactionsJob& job) const {
  if (options_.transaction_timeout > job.epoch_at_most) return Status();
  return Status::invalid_argument(
      place_ + ": transaction_timeout is " + std::to_string(options_.transaction_timeout.count()) +
      " ms, and an epoch may take " + std::to_string(job.epoch_at_most.count()) +
      " ms (interval and timeout of the checkpoints): its transaction could be gone before it is "
      "committed; raise the one or lower the others");
}

Result<std::optional<Epoch>> Transactions::open(const EpochTransactionsJob& job) {
  PENSTOCK_RETURN_IF_ERROR(check(job));
  TransactionClientOptions options = options_;
  options.id = job.id;
  options.notices = job.notices;
  // Every task has a writer; how many there are is not known here, and the client takes memory only as it is used.
  options.buffer_bytes = std::size_t{2'000'000} << 10;
  Result<std::shared_ptr<TransactionSession>> session =
      TransactionSession::open(options, job.incarnation, make_);
  if (!session.ok()) return session.status();
  const std::optional<Marker> marker = (*session)->marker();
  const std::lock_guard lock(mutex_);
  session_ = std::move(*session);
  return marker ? std::optional(marker->epoch) : std::nullopt;
}

void Transactions::settled(Epoch epoch) noexcept {
  if (const auto running = session()) running->settle(epoch);
}

void Transactions::cancel() noexcept {
  if (const auto running = session()) running->cancel();
}

// A later open() makes another.
void Transactions::end() noexcept {
  std::shared_ptr<TransactionSession> last;
  {
    const std::lock_guard lock(mutex_);
    last = std::move(session_);
  }
  if (last != nullptr) last->end();
}

}  // namespace penstock::kafka::internal
