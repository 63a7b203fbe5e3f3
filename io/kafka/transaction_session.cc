#include "penstock/io/kafka/transaction_session.h"

#include <utility>

#include "penstock/io/kafka/deliveries.h"

namespace penstock::kafka::internal {
namespace {

constexpr std::chrono::milliseconds kPoll{100};

}  // namespace

// --- the account of a writer ---

void WriterAccount::reported(const Report& report) noexcept {
  if (report.error == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]] {
    delivered_.fetch_add(report.records, std::memory_order_relaxed);
  } else if (failed_.load() == 0) {
    Status failure = client_.fatal();
    if (failure.ok()) failure = refusal(report.error, report.partition, report.bytes);
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    failed_.store(1, std::memory_order_release);
  }
  const std::size_t counted_bytes = report.bytes + report.records * counted(0);
  const std::size_t left = bytes_.fetch_sub(counted_bytes) - counted_bytes;
  const bool was_last = outstanding_.fetch_sub(report.records) == report.records;
  if ((was_last || left <= bytes_max_ / 2 || failed_.load() > 0) && waits_.load() &&
      waits_.exchange(false))
    wake();
}

Status WriterAccount::failure() const {
  if (failed() == 0) return client_.fatal();
  if (Status fatal = client_.fatal(); !fatal.ok()) return fatal;
  const std::lock_guard lock(mutex_);
  return failure_;
}

Status WriterAccount::refusal(rd_kafka_resp_err_t error, std::int32_t partition,
                              std::size_t bytes) const {
  return refusal_of(
      {place_, topic_, delivery_timeout_, client_.trouble(), error, partition, bytes});
}

void WriterAccount::wake() noexcept {
  const std::lock_guard lock(mutex_);
  if (waker_ != nullptr) waker_->wake();
}

void WriterAccount::leave() noexcept {
  const std::lock_guard lock(mutex_);
  waker_ = nullptr;
}

// --- the session ---

Result<std::shared_ptr<TransactionSession>> TransactionSession::open(
    const TransactionClientOptions& options, std::uint64_t incarnation,
    const MakeTransactionClient& make) {
  std::shared_ptr<TransactionSession> session(new TransactionSession);
  session->incarnation_ = incarnation;
  Result<std::unique_ptr<TransactionClient>> client = make(options);
  if (!client.ok()) return client.status();
  session->client_ = std::move(*client);
  PENSTOCK_RETURN_IF_ERROR(session->start());
  return session;
}

Status TransactionSession::take_reports() {
  if (client_->reports_by_itself()) return Status();
  Result<std::unique_ptr<ThreadHandle>> thread = spawn_helper("penstock-txn", [this] {
    while (!ended_.load()) client_->poll(kPoll);
  });
  if (!thread.ok()) return thread.status();
  thread_ = std::move(*thread);
  return Status();
}

Status TransactionSession::start() {
  PENSTOCK_RETURN_IF_ERROR(take_reports());
  PENSTOCK_RETURN_IF_ERROR(client_->start());
  Result<std::optional<Marker>> marker = client_->read_marker();
  if (!marker.ok()) return marker.status();
  marker_ = *marker;
  return client_->begin();
}

Result<TransactionSession::Writer> TransactionSession::add_writer(const SinkOptions& options,
                                                                  const std::string& place,
                                                                  Waker& waker) {
  const Result<TransactionClient::Topic> topic = client_->open_topic(options, place);
  if (!topic.ok()) return topic.status();
  const std::lock_guard lock(mutex_);
  accounts_.push_back(std::make_unique<WriterAccount>(place, options, *client_, waker));
  return Writer{*topic, accounts_.back().get()};
}

// It is on its way while the epoch becomes durable; if it was not taken, commit() tries again and says why.
void TransactionSession::prepare(Epoch epoch) noexcept {
  if (prepared_ != epoch && client_->mark({epoch, incarnation_}).ok()) prepared_ = epoch;
}

Status TransactionSession::commit(Epoch epoch) {
  const bool marked = epoch != Epoch{} && std::exchange(prepared_, Epoch{}) == epoch;
  if (!marked) PENSTOCK_RETURN_IF_ERROR(client_->mark({epoch, incarnation_}));
  PENSTOCK_RETURN_IF_ERROR(client_->commit());
  records_.store(0);
  return client_->begin();
}

void TransactionSession::settle(Epoch epoch) noexcept {
  settled_.store(epoch.value);
  const std::lock_guard lock(mutex_);
  for (const auto& account : accounts_) account->wake();
}

void TransactionSession::end() noexcept {
  if (client_ == nullptr || ended_.exchange(true)) return;
  client_->cancel();
  if (thread_ != nullptr) thread_->join();
  client_->abort();
}

}  // namespace penstock::kafka::internal
