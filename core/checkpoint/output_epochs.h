// core/checkpoint/output_epochs.h -- which checkpoint a job goes on from where another system has the last word on what
// its readers have seen, and the commits there.
//
// Rule       A manifest has the last epoch that had output there. The marker says the last one that was committed. The
//            newest good checkpoint for which the two are equal is gone on from: so an epoch without output needs no
//            transaction, and one that is durable but was never committed is passed over.
// Chosen     A checkpoint that the user names is gone on from, and the marker is set to it: what was committed since
//            stays where it is and comes again. Not one of which the output was never committed: it would be lost.
// Threads    Those of EpochTransactions. Without transactions everything here does nothing and lets everything pass.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/checkpoint/manifest.h"
#include "penstock/core/stream/epoch_transactions.h"

namespace penstock {

inline constexpr std::string_view kLastOutputProperty = "last_output_epoch";
inline constexpr std::string_view kTransactionIdProperty = "transaction_id";

// 0: without output there so far.
Epoch last_output_of(const Manifest& manifest) noexcept;

class OutputEpochs {
 public:
  explicit OutputEpochs(Notices& notices) : notices_(notices) {}

  void use(std::shared_ptr<EpochTransactions> transactions) {
    transactions_ = std::move(transactions);
  }
  bool enabled() const noexcept { return transactions_ != nullptr; }

  Status open(const EpochTransactionsJob& job);
  // Whether a start may go on from it when nobody has chosen one; and takes note of it.
  bool fits(const Manifest& manifest);
  // What is gone on from, null: nothing. Before anything is written.
  Status go_on_from(const Manifest* manifest, bool chosen);

  // It is under way. What tells its readers of it goes ahead where there is output already.
  void begin(Epoch epoch) noexcept;
  // All tasks have captured its epoch.
  void describe(Manifest& manifest);
  // The epoch is durable.
  Status commit(Epoch epoch);
  void settled(Epoch epoch) noexcept;
  void cancel() noexcept;
  void end() noexcept;

 private:
  Status check(const Manifest* manifest, bool chosen) const;
  std::string readers() const;

  Notices& notices_;
  std::shared_ptr<EpochTransactions> transactions_;
  std::string id_;
  std::optional<Epoch> marker_;
  Epoch newest_output_;      // Of the manifests that were looked at.
  Epoch passed_over_;        // The newest of which the output was never committed.
  Epoch last_output_;        // Of what the job is now.
  bool has_output_ = false;  // The epoch under way.
};

}  // namespace penstock
