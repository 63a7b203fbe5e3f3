// io/kafka/retrying_client.h -- the decisions of a TransactionClient: what is called again, for how long, and what a
// failure means. The bare calls are left to whoever talks to brokers: the client library, or a simulation of both.
//
// Calls      Do one thing for at most the time they are given, and say whether the same call may be repeated. A call
//            that is repeated goes on with what it has begun.
// Doubt      Where the answer to a commit did not come at once, or a connection broke, the request may have been sent
//            twice. Its first copy may arrive when the next transaction is open, and commit the half of that: brokers
//            cannot tell (KAFKA-17754, mended by KIP-890 for clients that have it). So the next one is begun under
//            another producer epoch, by a client without a history.
// Overtaken  To go on so is to take over again, also from another start that has done so meanwhile. The markers tell:
//            whoever finds another than his own last one has been overtaken, and ends. He looks before, not to disturb
//            the other, and again after, when nobody else can commit any more.
// Threads    As TransactionClient. make_anew() comes where no record is produced: what is written behind the cut of an
//            epoch is held back until that is committed and the next transaction has begun.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "penstock/core/base/clock.h"
#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

// What a call of the client library says.
struct CallResult {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool retriable = false;
  std::string text{};

  bool ok() const noexcept { return code == RD_KAFKA_RESP_ERR_NO_ERROR; }
};

class RetryingClient : public TransactionClient {
 public:
  Status start() final;
  Result<std::optional<Marker>> read_marker() final;
  Status begin() final;
  Status mark(const Marker& marker) final;
  Status commit() final;
  void abort() noexcept final;
  void cancel() noexcept final { cancelled_.store(true); }
  Status fatal() const final { return is_fatal() ? ended(fatal_error()) : Status(); }

 protected:
  using milliseconds = std::chrono::milliseconds;  // NOLINT: as its namespace calls it.

  // `clock` outlives it.
  RetryingClient(const TransactionClientOptions& options, const Clock& clock)
      : options_(options), clock_(clock) {}

  const TransactionClientOptions& options() const noexcept { return options_; }
  // To be said by produce().
  void note_record() noexcept {
    if (first_at_.load(std::memory_order_relaxed) == 0) [[unlikely]]
      first_at_.store(clock_.now().nanos);
  }

  // What has to be there before init_transactions().
  virtual Status prepare() = 0;
  virtual CallResult init_transactions(milliseconds at_most) = 0;
  // Waits until readers see what stood in the job's topics when this client had taken over.
  virtual Status await_stable_ends() { return Status(); }
  Status take_over();
  bool is_cancelled() const noexcept { return cancelled_.load(); }
  // As read_marker(). Where `known`, which is committed, is the last one, nothing that others have open is waited for.
  virtual Result<std::optional<Marker>> find_marker(const std::optional<Marker>& known) = 0;
  Status failed(const std::string& what, const CallResult& result) const;
  // The same client again as it was made and prepared, with the topics that were opened.
  virtual Status make_anew() = 0;
  // Whether a connection broke since it was made or asked last.
  virtual bool was_disturbed() noexcept = 0;
  virtual CallResult begin_transaction() = 0;
  virtual rd_kafka_resp_err_t produce_marker(const std::string& text) = 0;
  virtual CallResult commit_transaction(milliseconds at_most) = 0;
  virtual CallResult abort_transaction(milliseconds at_most) = 0;
  // Of no use any more; and why. REQUIRES of the second: the first.
  virtual bool is_fatal() const noexcept = 0;
  virtual CallResult fatal_error() const = 0;
  // By a password, a right or the like: trying again does not help.
  virtual bool is_refused() const = 0;

 private:
  Status go_on_anew();
  Status look_for_another();
  Status ended(const CallResult& fatal) const;
  Status fenced() const;
  Status overtaken(const std::string& otherwise = {}) const;
  Status denied() const;
  Status not_started(const CallResult& result) const;

  const TransactionClientOptions options_;
  const Clock& clock_;
  std::atomic<std::int64_t> first_at_{0};  // When the transaction got its first record.
  bool in_doubt_ = false;                  // Whether all that was sent has arrived once.
  std::optional<Marker> marked_;           // By the transaction that is open.
  std::optional<Marker> newest_;           // That is committed, as far as is known.
  std::atomic<bool> cancelled_{false};
};

}  // namespace penstock::kafka::internal
