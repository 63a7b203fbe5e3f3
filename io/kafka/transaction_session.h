// io/kafka/transaction_session.h -- the transactions of one run of a job at a cluster: one client for all its writers.
//
// Writers    Each has a WriterAccount: what it has handed over, and what became of that.
// Threads    A thread of its own takes the client's reports. Accounts are used by their writer and that thread; open(),
//            commit(), settle(), end() by whoever makes epochs durable.
// Ownership  Shared by the writers and the EpochTransactions; end() comes before the last of them goes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/helper_thread.h"
#include "penstock/core/stream/epoch_transactions.h"
#include "penstock/core/stream/sink.h"
#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

class WriterAccount final : public DeliveryReports {
 public:
  WriterAccount(std::string place, const SinkOptions& options, TransactionClient& client,
                Waker& waker)
      : place_(std::move(place)),
        topic_(options.topic),
        delivery_timeout_(std::min(options.delivery_timeout, options.transaction_timeout)),
        bytes_max_(options.buffer_bytes / 2),
        client_(client),
        waker_(&waker) {}

  // Before the client has them; and what it did not take after all.
  void sending(std::uint64_t records, std::size_t bytes) noexcept {
    outstanding_.fetch_add(records, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void not_sent(std::uint64_t records, std::size_t bytes) noexcept {
    outstanding_.fetch_sub(records, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  void reported(const Report& report) noexcept override;

  static std::size_t counted(std::size_t bytes) noexcept { return bytes + kRecordBytes; }
  bool full() const noexcept { return bytes_.load() >= bytes_max_; }
  std::uint64_t outstanding() const noexcept {
    return outstanding_.load(std::memory_order_acquire);
  }
  std::uint64_t delivered() const noexcept { return delivered_.load(std::memory_order_relaxed); }
  std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  // Why a record was given up, or is not taken.
  Status failure() const;
  Status refusal(rd_kafka_resp_err_t error, std::int32_t partition, std::size_t bytes) const;

  // The writer waits for room or for the last report; look again after it.
  void wait() noexcept { waits_.store(true); }
  void wake() noexcept;
  void leave() noexcept;  // It needs no waking any more.

 private:
  // What the client keeps for a record beside its bytes, about.
  static constexpr std::size_t kRecordBytes = 256;

  const std::string place_;
  const std::string topic_;
  const std::chrono::milliseconds delivery_timeout_;
  const std::size_t bytes_max_;
  TransactionClient& client_;
  std::atomic<std::uint64_t> outstanding_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<bool> waits_{false};
  mutable std::mutex mutex_;  // Of what follows.
  Waker* waker_;
  Status failure_;
};

class TransactionSession {
 public:
  ~TransactionSession() { end(); }

  // Takes over from earlier starts and reads the marker.
  static Result<std::shared_ptr<TransactionSession>> open(const TransactionClientOptions& options,
                                                          std::uint64_t incarnation,
                                                          const MakeTransactionClient& make);
  const std::optional<Marker>& marker() const noexcept { return marker_; }

  struct Writer {
    TransactionClient::Topic topic = 0;
    WriterAccount* account = nullptr;
  };
  Result<Writer> add_writer(const SinkOptions& options, const std::string& place, Waker& waker);
  TransactionClient& client() noexcept { return *client_; }
  // Handed over since the last commit.
  void count(std::uint64_t records) noexcept {
    records_.fetch_add(records, std::memory_order_relaxed);
  }
  bool has_output() const noexcept { return records_.load() > 0; }

  // Sends the marker of `epoch` ahead. Of several in a transaction the last one counts.
  void prepare(Epoch epoch) noexcept;
  // With the marker of `epoch`, and what was handed over so far.
  Status commit(Epoch epoch);
  // The newest epoch that is committed or was given up.
  Epoch settled() const noexcept { return {settled_.load()}; }
  void settle(Epoch epoch) noexcept;
  void cancel() noexcept { client_->cancel(); }
  void end() noexcept;

 private:
  TransactionSession() = default;
  Status start();
  Status take_reports();

  std::unique_ptr<TransactionClient> client_;
  std::uint64_t incarnation_ = 0;
  std::optional<Marker> marker_;
  Epoch prepared_;
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> settled_{0};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;  // Of accounts_.
  std::vector<std::unique_ptr<WriterAccount>> accounts_;
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock::kafka::internal
