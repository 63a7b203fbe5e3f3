#include "penstock/io/file/resolved_path.h"
#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/outbox_target.h"
#include "penstock/io/kafka/outbox_writer.h"
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
  if (!options.outbox.empty() && options.delivery != Delivery::kExactlyOnce) {
    return Status::invalid_argument(
        "SinkOptions::outbox is of delivery = exactly_once; set that, or leave the outbox out");
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

// A path that ends with '/' is a folder.
SinkOptions with_folder(SinkOptions options) {
  if (!options.outbox.empty() && options.outbox.back() != '/') options.outbox += '/';
  return options;
}

class KafkaSink final : public ByteSink {
 public:
  KafkaSink(SinkOptions options, internal::MakeTransactionClient make)
      : options_(with_folder(std::move(options))), make_(std::move(make)) {}

  std::string name() const override { return "kafka " + options_.topic; }
  std::string path() const override {
    return options_.outbox.empty() ? std::string() : resolved_path(options_.outbox);
  }
  Status join(std::shared_ptr<EpochTransactions>& transactions) const override {
    if (options_.delivery != Delivery::kExactlyOnce || !options_.outbox.empty()) return Status();
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
    const bool has_outbox = !options_.outbox.empty();
    if (has_outbox && context.takes_snapshots)
      return std::unique_ptr<ByteWriter>(
          std::make_unique<internal::OutboxWriter>(outbox(context), context));
    const std::shared_ptr<internal::TransactionSession> session = this->session();
    if (has_outbox || session == nullptr) {
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

  // One for all tasks of a run.
  std::shared_ptr<EpochOutput> outbox(const SinkContext& context) const {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<EpochOutput> shared = outbox_.lock();
    if (shared != nullptr) return shared;
    shared =
        std::make_shared<EpochOutput>(*context.file_system,
                                      std::make_unique<internal::OutboxTarget>(
                                          *context.file_system, options_, *context.notices, make_),
                                      false);
    outbox_ = shared;
    return shared;
  }

  const SinkOptions options_;
  const internal::MakeTransactionClient make_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<internal::Transactions> transactions_;  // Of the run that joined last.
  mutable std::weak_ptr<EpochOutput> outbox_;
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
