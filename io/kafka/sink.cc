#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/producer.h"
#include "penstock/io/kafka/transactional_writer.h"
#include "penstock/io/kafka/transactions.h"

namespace penstock::kafka {
namespace {

Status check(const SinkOptions& options) {
  if (options.topic.empty()) return Status::invalid_argument("SinkOptions::topic is empty");
  if (options.delivery_timeout.count() <= 0) {
    return Status::invalid_argument("SinkOptions::delivery_timeout must be above 0");
  }
  if (options.linger.count() < 0 || options.linger >= options.delivery_timeout) {
    return Status::invalid_argument("SinkOptions::linger must be from 0 to below delivery_timeout");
  }
  if (options.buffer_bytes < (std::size_t{1} << 20)) {
    return Status::invalid_argument("SinkOptions::buffer_bytes is " +
                                    std::to_string(options.buffer_bytes) +
                                    "; it must be at least 1 MiB");
  }
  if (options.delivery == Delivery::kExactlyOnce) {
    if (options.transaction_timeout.count() < 1000) {
      return Status::invalid_argument("SinkOptions::transaction_timeout must be at least 1000 ms");
    }
    if (options.marker_topic.empty() || options.marker_topic == options.topic) {
      return Status::invalid_argument(
          "SinkOptions::marker_topic must be a topic of its own for markers");
    }
  }
  return internal::check_properties(options.connection.properties);
}

class KafkaSink final : public ByteSink {
 public:
  KafkaSink(SinkOptions options, internal::MakeTransactionClient make)
      : options_(std::move(options)), make_(std::move(make)) {}

  std::string name() const override { return "kafka " + options_.topic; }
  Status join(std::shared_ptr<EpochTransactions>& transactions) const override {
    if (options_.delivery != Delivery::kExactlyOnce) return Status();
    if (Status status = check(options_); !status.ok()) return status.with_place(name());
    if (transactions == nullptr) transactions = std::make_shared<internal::Transactions>(make_);
    auto joined = std::dynamic_pointer_cast<internal::Transactions>(transactions);
    if (joined == nullptr) {
      return Status::invalid_argument(name() + ": delivery = exactly_once, and the job has " +
                                      transactions->name() + " for that already: one of them only");
    }
    PENSTOCK_RETURN_IF_ERROR(joined->join(options_));
    const std::lock_guard lock(mutex_);
    transactions_ = joined;
    return Status();
  }
  Result<std::unique_ptr<ByteWriter>> open(const SinkContext& context) const override {
    if (Status status = check(options_); !status.ok()) return status.with_place(name());
    if (options_.delivery == Delivery::kAtLeastOnce)
      return internal::Producer::open(options_, name(), context);
    const std::shared_ptr<internal::TransactionSession> session = this->session();
    if (!context.takes_snapshots || session == nullptr) {
      return Status::invalid_argument(
          name() +
          ": delivery = exactly_once commits what it writes with the epochs of checkpoints: give "
          "the job a folder for them (--checkpoint DIR, Options::checkpoint.directory); dead "
          "letters cannot have it");
    }
    return internal::TransactionalWriter::open(session, options_, name(), context);
  }

 private:
  std::shared_ptr<internal::TransactionSession> session() const {
    const std::lock_guard lock(mutex_);
    const auto transactions = transactions_.lock();
    return transactions == nullptr ? nullptr : transactions->session();
  }

  const SinkOptions options_;
  const internal::MakeTransactionClient make_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<internal::Transactions> transactions_;  // Of the run that joined last.
};

}  // namespace

std::shared_ptr<const ByteSink> sink(SinkOptions options) {
  return internal::make_sink(std::move(options), internal::make_transaction_client);
}

std::shared_ptr<const ByteSink> internal::make_sink(SinkOptions options,
                                                    MakeTransactionClient make) {
  return std::make_shared<KafkaSink>(std::move(options), std::move(make));
}

}  // namespace penstock::kafka
