// io/kafka/outgoing_batch.h -- the records of a polled batch, in their order, until the client is given them together.
//
// Together, because the client's thread begins to send with the first record that it sees: given one by one as they are
// computed, those of a batch go to the broker in several requests, each of which costs it as much as one with all.
// What finds the client full stays, in front of what comes later.
// Threads    Owned by the worker of the producer.
// Cost       A copy of a record; the room is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/stream/sink.h"
#include "penstock/io/kafka/client.h"

namespace penstock::kafka::internal {

class OutgoingBatch {
 public:
  struct DestroyHeaders {
    void operator()(rd_kafka_headers_t* headers) const noexcept {
      rd_kafka_headers_destroy(headers);
    }
  };
  struct Entry {
    std::size_t at = 0;  // Of the key, then of the value.
    std::size_t key_bytes = 0;
    std::size_t value_bytes = 0;
    bool has_key = false;
    bool has_value = false;         // Else a tombstone.
    std::uint16_t cut = 0;          // See Deliveries.
    std::int64_t timestamp_ms = 0;  // 0: the client's.
    std::unique_ptr<rd_kafka_headers_t, DestroyHeaders> headers;
    std::size_t counted_bytes = 0;

    // Nothing but key and value: the client takes many of these at once.
    bool is_plain() const noexcept { return timestamp_ms == 0 && headers == nullptr; }
  };
  // What comes back with an entry's report; `context` is whoever asks for it.
  using OpaqueOf = void* (*)(void* context, const Entry&);

  // Copies it. `cut` comes back with its report.
  void add(const RawMessage& record, std::uint16_t cut);

  bool empty() const noexcept { return first_ == entries_.size(); }
  std::size_t size() const noexcept { return entries_.size() - first_; }
  std::size_t bytes() const noexcept { return bytes_.size(); }
  // REQUIRES: !empty()
  Entry& front() noexcept { return entries_[first_]; }
  void* key_of(const Entry& entry) noexcept { return bytes_.data() + entry.at; }
  void* value_of(const Entry& entry) noexcept { return bytes_.data() + entry.at + entry.key_bytes; }
  void pop_front() noexcept;
  // Gives the client a copy of the first, which stays until pop_front(). `opaque` comes back with its report.
  rd_kafka_resp_err_t produce_front(rd_kafka_t* client, rd_kafka_topic_t* topic, void* opaque);
  // The same for the plain ones at the front, up to `most` and kTogether, in one call that looks at the clock once.
  // What became of each is in its `err`; a queue that is full counts for all behind it too. REQUIRES:
  // front().is_plain()
  std::span<const rd_kafka_message_t> produce_plain(rd_kafka_topic_t* topic, std::size_t most,
                                                    OpaqueOf opaque_of, void* context);
  // These, for whoever else takes them.
  std::span<rd_kafka_message_t> prepare_plain(std::size_t most, OpaqueOf opaque_of, void* context);
  // How many are plain at the front, up to `most` and kTogether, and what key and value of these have together.
  struct Plain {
    std::size_t records = 0;
    std::size_t bytes = 0;
  };
  Plain plain(std::size_t most) const noexcept;

 private:
  static constexpr std::size_t kTogether = 256;

  std::string bytes_;
  std::vector<Entry> entries_;
  std::size_t first_ = 0;
  std::vector<rd_kafka_message_t> together_;
};

}  // namespace penstock::kafka::internal
