// io/kafka/deliveries.h -- what a producer has handed to its client and has not heard of again, and what went wrong.
//
// Room       Counts records and bytes against a bound of its own, so that the client's queue is never full. Once at the
//            bound there is no room until half of it is free again.
// Threads    Owned by the worker of the producer, which also serves the client's reports; but for Trouble.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "penstock/core/stream/task_context.h"
#include "penstock/io/kafka/client.h"

namespace penstock::kafka::internal {

// A record that was given up, with the cause and the remedy. `trouble`: what is known of the connection.
struct RefusedRecord {
  std::string place;
  std::string topic;
  std::chrono::milliseconds delivery_timeout{0};
  std::string trouble;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int32_t partition = -1;
  std::size_t bytes = 0;
};
Status refusal_of(const RefusedRecord& record);

class Deliveries final : public Trouble {
 public:
  // What the client keeps for a record beside its bytes, about.
  static constexpr std::size_t kRecordBytes = 256;

  Deliveries(const std::string& place, std::string topic, std::size_t bytes_max,
             std::chrono::milliseconds delivery_timeout, Notices& notices, TaskCounters& counters)
      : Trouble(place, notices),
        topic_(std::move(topic)),
        bytes_max_(bytes_max),
        delivery_timeout_(delivery_timeout),
        counters_(counters) {}

  void sent(std::size_t bytes) noexcept {
    ++records_;
    bytes_ += bytes;
    if (bytes_ >= bytes_max_) full_ = true;
  }
  // The client's report: delivered, or given up. `cut` is what cut() was when the record was written.
  void done(const rd_kafka_message_t& report, std::size_t bytes, std::uint16_t cut) noexcept;

  // The cut of an epoch, before which `waiting` records were written that the client does not have yet.
  void begin_cut(std::uint64_t waiting) noexcept {
    ++cut_;
    before_cut_ = records_ + waiting;
  }
  std::uint16_t cut() const noexcept { return cut_; }
  // Whether all that was written before the last cut is delivered.
  bool cut_is_delivered() const noexcept { return before_cut_ == 0 && failed_ == 0; }

  // Refused before the client had it.
  void not_taken() noexcept { counters_.undelivered.add(1); }
  // At the end: `waiting` never went to the client, and of what it still has nothing more is heard.
  void give_up(std::uint64_t waiting) noexcept { counters_.undelivered.add(waiting + records_); }

  bool full() const noexcept { return full_; }
  std::uint64_t outstanding() const noexcept { return records_; }
  std::uint64_t delivered() const noexcept { return delivered_; }
  std::uint64_t failed() const noexcept { return failed_; }
  // The first record that was given up, with cause and remedy; or that the client has ended.
  Status status() const;
  bool ok() const noexcept { return failed_ == 0 && !is_fatal(); }

  // Why a record is not taken or was given up, as an error of `error`.
  Status refusal(rd_kafka_resp_err_t error, std::int32_t partition, std::size_t bytes) const {
    return refusal_of({place(), topic_, delivery_timeout_, text(), error, partition, bytes});
  }
  // What is still missing at the end.
  Status undelivered() const;

 private:
  std::string topic_;
  std::size_t bytes_max_;
  std::chrono::milliseconds delivery_timeout_;
  TaskCounters& counters_;
  std::uint64_t records_ = 0;
  std::size_t bytes_ = 0;
  bool full_ = false;
  std::uint16_t cut_ = 0;  // Comes round after more epochs than any record waits for.
  std::uint64_t before_cut_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t failed_ = 0;
  Status first_failure_;
};

}  // namespace penstock::kafka::internal
