// io/kafka/transactional_writer.h -- the writer of a Kafka sink of which readers see each record once.
//
// Epochs     What is written before the cut of an epoch goes into the transaction that is open. What comes behind it
//            waits here until that epoch is committed, or was given up: up to half of `buffer_bytes`, then there is no
//            room for more records.
// Threads    Owned by a worker; it waits for nothing. See transaction_session.h for the rest.
// Order      Per partition, as Producer; whole batches are handed over, and held back, as there too.
#pragma once

#include <memory>
#include <string>

#include "penstock/core/base/clock.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/io/kafka/hold_back.h"
#include "penstock/io/kafka/transaction_session.h"

namespace penstock::kafka::internal {

class TransactionalWriter final : public ByteWriter {
 public:
  static constexpr std::chrono::milliseconds kServeInterval{20};
  static constexpr std::chrono::milliseconds kIdleInterval{1000};

  static Result<std::unique_ptr<ByteWriter>> open(std::shared_ptr<TransactionSession> session,
                                                  const SinkOptions& options,
                                                  const std::string& name,
                                                  const SinkContext& context);
  ~TransactionalWriter() override { writer_.account->leave(); }
  TransactionalWriter(const TransactionalWriter&) = delete;
  TransactionalWriter& operator=(const TransactionalWriter&) = delete;

  Status write(std::string_view record) override { return take({record, {}}); }
  Status write_message(const RawMessage& record) override { return take(record); }
  bool ready() noexcept override;
  Instant wake_at() const noexcept override;
  Status flush() override;
  Status close() override;
  void capture(Epoch epoch, SnapshotWriter& out) override;
  bool captured() const noexcept override;

 private:
  TransactionalWriter(std::shared_ptr<TransactionSession> session,
                      TransactionSession::Writer writer, const SinkOptions& options,
                      const SinkContext& context);

  Status take(const RawMessage& record);
  // What may go, as far as the client has room.
  void hand_over() noexcept;
  // How many of the first `records` are dealt with: fewer where the client is full.
  std::size_t hand_over(std::size_t records) noexcept;
  std::size_t hand_over_plain(std::size_t records) noexcept;
  bool hand_over_front() noexcept;
  // False: the client is full, and the record waits. Else it is dealt with, and taken from those that wait.
  bool is_dealt_with(rd_kafka_resp_err_t error) noexcept;
  // How many of those that wait belong to the transaction.
  std::size_t sendable() noexcept;
  bool has_room() const noexcept;
  Status failure() const;
  void count_reports() noexcept;

  const std::shared_ptr<TransactionSession> session_;
  const TransactionSession::Writer writer_;
  const std::size_t held_bytes_max_;
  const Clock* clock_;
  TaskCounters* counters_;
  OutgoingBatch outgoing_;
  HoldBack hold_back_;
  Epoch cut_;                    // Not settled when it was last looked at; 0: none.
  std::size_t before_cut_ = 0;   // Of those that wait.
  bool is_full_ = false;         // The client had no room for all that was to go.
  Status refused_;               // The first record that the client did not take.
  std::uint64_t delivered_ = 0;  // As of the last look.
  std::uint64_t failed_ = 0;
  Instant served_;
  bool closed_ = false;
};

}  // namespace penstock::kafka::internal
