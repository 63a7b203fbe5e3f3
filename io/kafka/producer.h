// io/kafka/producer.h -- the writer of a Kafka sink: one client that produces to one topic.
//
// Threads    Owned by a worker. The client's threads send; they only ever call the waker.
// Cost       The records of a polled batch are copied, and with the flush behind it, or while the job catches up with
//            the one behind a later batch (hold_back.h), copied into the client's queue, which allocates for each. A
//            flush also serves reports, and waits for nothing. While records are outstanding it is to be called every
//            kServeInterval, so that a record that is refused is noticed; else every kIdleInterval, so that trouble is.
// Order      Per partition, also over retries. A record that finds the client's queue full waits, and those after it
//            too.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "penstock/core/base/clock.h"
#include "penstock/core/stream/sink.h"
#include "penstock/io/kafka/deliveries.h"
#include "penstock/io/kafka/hold_back.h"
#include "penstock/io/kafka/outgoing_batch.h"

namespace penstock::kafka::internal {

struct CloseTopic {
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
};
struct CloseQueue {
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};

class Producer final : public ByteWriter {
 public:
  static constexpr std::chrono::milliseconds kServeInterval{20};
  static constexpr std::chrono::milliseconds kIdleInterval{1000};

  // Waits until the topic is known, so that the first record does not.
  static Result<std::unique_ptr<ByteWriter>> open(const SinkOptions& options,
                                                  const std::string& name,
                                                  const SinkContext& context);
  ~Producer() override;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  Status write(std::string_view record) override;
  Status write_message(const RawMessage& record) override;
  bool ready() noexcept override;
  Instant wake_at() const noexcept override;
  Status flush() override;
  Status close() override;
  // At least once: an epoch counts when what was written before its cut is delivered.
  void capture(Epoch epoch, SnapshotWriter& out) override;
  bool captured() const noexcept override { return deliveries_->cut_is_delivered(); }

  const Deliveries& deliveries() const noexcept { return *deliveries_; }

 private:
  Producer(const SinkOptions& options, const std::string& name, const SinkContext& context);

  Status start(const SinkOptions& options, const SinkContext& context);
  Status take(const RawMessage& record);
  // What the client has no room for stays; why it refused a record is in refused_.
  void hand_over();
  bool hand_over_front();
  bool hand_over_plain();
  // False: the client is full, and `entry` waits. Else it is dealt with.
  bool is_dealt_with(const OutgoingBatch::Entry& entry, rd_kafka_resp_err_t error);
  Status refusal(rd_kafka_resp_err_t error, std::size_t bytes) const;
  void serve();
  void look_at_silence();
  bool has_room() const noexcept { return !stuck_ && !deliveries_->full(); }
  Status drain();
  static void on_event(rd_kafka_t*, void* producer);
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* report, void* opaque);

  const std::string topic_;
  const std::chrono::milliseconds delivery_timeout_;
  const std::chrono::nanoseconds patience_;  // With brokers that say nothing.
  const Clock* clock_;
  Waker* waker_;
  Notices* notices_;
  std::shared_ptr<Deliveries> deliveries_;
  Client client_;  // Before what belongs to it: destroyed after.
  std::unique_ptr<rd_kafka_topic_t, CloseTopic> handle_;
  std::unique_ptr<rd_kafka_queue_t, CloseQueue> queue_;
  OutgoingBatch outgoing_;
  HoldBack hold_back_;
  bool stuck_ = false;  // The client had no room for all that was to go.
  Status refused_;      // The first record that the client did not take.
  Instant served_;
  std::uint64_t heard_ = 0;  // Reports, as of heard_at_.
  Instant heard_at_;
  std::atomic<bool> wants_room_{false};
  bool closed_ = false;
};

}  // namespace penstock::kafka::internal
