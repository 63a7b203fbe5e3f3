// io/kafka/outbox_target.h -- a topic as the target of whole parts: output that waited on the disk until its epoch was
// durable is sent in one transaction of its own, with a marker that says up to which epoch.
//
// Against the transactions that all sinks of a job share (transactions.h): the checkpoint decides, not the marker, and
// what it holds is rolled forward, now or at the next start. So a job may have any number of these, at any clusters. It
// costs a write of the output to the disk.
// Repeats    After an error nobody knows whether the transaction was committed. The client is thrown away, and the next
//            publish() or recover() begins with one that ends what the other left open and reads the marker: parts up
//            to its epoch were seen.
// Folder     Of this output alone, with its pending files and, in TRANSACTIONS, its transactional id.
// Errors     Name the brokers and what to do. Nothing is lost by one: the parts stay on the disk.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/io/file/output_target.h"
#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/outgoing_batch.h"
#include "penstock/io/kafka/transaction_client.h"

namespace penstock::kafka::internal {

class OutboxTarget final : public OutputTarget {
 public:
  // REQUIRES: options.outbox ends with '/'. The notices outlive it.
  OutboxTarget(FileSystem& file_system, const SinkOptions& options, Notices& notices,
               MakeTransactionClient make = make_transaction_client);

  Status start(bool append) override;
  Status publish(std::uint64_t epoch, std::span<const OutputPart> parts) override;
  Status recover(const OutputState& state, Notices& notices) override;

 private:
  // What became of the records of the transaction under way.
  class Reports final : public DeliveryReports {
   public:
    void reported(const Report& report) noexcept override {
      if (first_bad_.error == RD_KAFKA_RESP_ERR_NO_ERROR) first_bad_ = report;
    }
    bool ok() const noexcept { return first_bad_.error == RD_KAFKA_RESP_ERR_NO_ERROR; }
    const Report& first_bad() const noexcept { return first_bad_; }
    void clear() noexcept { first_bad_ = {}; }

   private:
    Report first_bad_;
  };

  Status connect();
  // One transaction. Parts that readers have seen are left out.
  Status send(Epoch epoch, std::span<const OutputPart> parts);
  Status fill(std::span<const OutputPart> parts);
  Status produce(const RawMessage& record);
  Status refused(const DeliveryReports::Report& report) const;
  bool was_seen(const OutputPart& part) const noexcept {
    return marker_ && part.epoch <= marker_->epoch.value;
  }

  const SinkOptions options_;
  const std::string name_;
  const std::string folder_;  // Without the '/' at its end.
  Notices& notices_;
  const MakeTransactionClient make_;
  const std::uint64_t incarnation_ = random_seed();  // No two starts share a marker.
  Reports reports_;
  std::unique_ptr<TransactionClient> client_;  // Null: nobody knows what the last one left.
  TransactionClient::Topic topic_ = 0;
  std::optional<Marker> marker_;
  OutgoingBatch outgoing_;
};

}  // namespace penstock::kafka::internal
