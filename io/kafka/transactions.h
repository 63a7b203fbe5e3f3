// io/kafka/transactions.h -- the exactly-once output of one job at one cluster, for the coordinator of its epochs.
//
// Sinks      All those of the job that reach the same cluster, in the same way, join one.
// Runs       A job that is started again has a new session; writers of the one before keep theirs until they go.
// Threads    join() while the job is built; session() by the workers that open writers; the rest as EpochTransactions.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "penstock/core/stream/epoch_transactions.h"
#include "penstock/io/kafka/transaction_session.h"

namespace penstock::kafka::internal {

class Transactions final : public EpochTransactions {
 public:
  explicit Transactions(MakeTransactionClient make = make_transaction_client)
      : make_(std::move(make)) {}

  // An error if the sink cannot share the transactions of those that have joined.
  Status join(const SinkOptions& options);
  // Null before open().
  std::shared_ptr<TransactionSession> session() const;

  std::string name() const override { return place_; }
  Result<std::optional<Epoch>> open(const EpochTransactionsJob& job) override;
  Status set_marker(Epoch epoch) override { return session()->commit(epoch); }
  bool has_output() const noexcept override { return session()->has_output(); }
  void prepare(Epoch epoch) noexcept override { session()->prepare(epoch); }
  Status commit(Epoch epoch) override { return session()->commit(epoch); }
  void settled(Epoch epoch) noexcept override;
  void cancel() noexcept override;
  void end() noexcept override;

 private:
  Status check(const EpochTransactionsJob& job) const;

  const MakeTransactionClient make_;
  std::string place_;
  TransactionClientOptions options_;
  mutable std::mutex mutex_;  // Of session_.
  std::shared_ptr<TransactionSession> session_;
};

// kafka::sink() whose exactly-once output goes through such clients.
std::shared_ptr<const ByteSink> make_sink(SinkOptions options, MakeTransactionClient make);

}  // namespace penstock::kafka::internal
