// io/kafka/partition.h -- one partition as a reader has it: its queue in the client, how far it was read, who is at it.
//
// Threads    The worker takes messages and settles; the watch starts and asks. The client's thread sets `ready`.
//            Worker and watch keep apart by a flag that the worker only tries: a partition that the watch is at is
//            passed over, and the worker is woken when it is free. The watch waits for the microseconds of a poll.
// Progress   The client calls back when its queue was empty and no longer is. take() clears `ready` first and drains
//            then, so that no record comes unseen between the two.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/kafka/cluster.h"

namespace penstock::kafka::internal {

class Partition {
 public:
  static Result<std::unique_ptr<Partition>> make(rd_kafka_t* client, const std::string& topic,
                                                 std::int32_t number, SplitId split, Waker& waker);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const std::string& topic() const noexcept { return topic_; }
  std::int32_t number() const noexcept { return number_; }
  SplitId split() const noexcept { return split_; }
  // "kafka payments/2"
  const std::string& place() const noexcept { return place_; }
  // The offset that is read next; what a poll has lent counts as read.
  std::int64_t position() const noexcept { return position_.load(std::memory_order_relaxed); }

  // Of the worker. take() fills `room` from its start; from a result other than zero to settle() the partition is the
  // worker's. `last`: the newest record taken, null when all were errors.
  bool ready() const noexcept { return ready_.load(std::memory_order_relaxed); }
  std::size_t take(std::span<rd_kafka_message_t*> room) noexcept;
  struct Taken {
    std::size_t records = 0;
    std::size_t bytes = 0;
    Fingerprint last;
  };
  void settle(const Taken& taken) noexcept;

  // Of the watch. start() begins anew wherever it was. REQUIRES, but for the first time: is_known(), or the client
  // cannot be closed any more (seen with 2.0.2).
  Status start(std::int64_t offset);
  // Whether the client has heard that there is such a partition, as of now.
  bool is_known(std::chrono::milliseconds timeout) const noexcept;
  // The newest record that was read since start(); its offset is -1 when there is none.
  Fingerprint last() noexcept;
  // Messages, and about how many bytes they are, that the client holds.
  std::size_t queued() const noexcept { return rd_kafka_queue_length(queue_.get()); }
  std::size_t queued_bytes() const noexcept;
  // For a wake-up that got lost: there is none by what we know of the client.
  void wake_if_queued() noexcept;

 private:
  struct DestroyQueue {
    void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
  };
  class Hold;

  Partition(rd_kafka_t* client, const std::string& topic, std::int32_t number, SplitId split,
            Waker& waker);
  Status connect();
  void disconnect() noexcept;
  static void on_event(rd_kafka_t* client, void* partition) noexcept;
  void halt() noexcept;

  rd_kafka_t* const client_;
  const std::string topic_;
  const std::int32_t number_;
  const SplitId split_;
  const std::string place_;
  Waker& waker_;
  TopicHandle handle_;
  std::unique_ptr<rd_kafka_queue_t, DestroyQueue> queue_;
  bool started_ = false;

  std::atomic<bool> ready_{false};
  std::atomic<bool> held_{false};
  std::atomic<bool> missed_{false};  // The worker found it held.
  std::atomic<std::int64_t> position_{0};
  std::atomic<std::uint64_t> records_{0};
  std::atomic<std::uint64_t> bytes_{0};
  Fingerprint last_;  // Of who holds it.
};

}  // namespace penstock::kafka::internal
