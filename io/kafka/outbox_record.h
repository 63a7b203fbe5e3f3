// io/kafka/outbox_record.h -- records as they wait in the file of an outbox, one after the other.
//
//   u8 flags (1: has a key, 2: has a value) | i64 micros of the timestamp, kMinEventTime for none | framed key |
//   framed value | u32 headers, each: u8 has a value | framed name | framed value
//
// Trust      Files are checked as a whole, by length and checksum, before what they hold is committed anywhere; a
//            reader that meets something else says so and never reads outside of its bytes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/sink.h"

namespace penstock::kafka::internal {

void append_outbox_record(const RawMessage& record, std::string& out);

// Takes a file apart that comes in pieces.
class OutboxReader {
 public:
  // For each record that is whole now. It is lent until the call returns; an error ends it.
  using Visit = std::function<Status(const RawMessage& record)>;

  // kDataError when there is something else than records.
  Status feed(std::string_view piece, const Visit& visit);
  // Whether the last piece ended with a record.
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  enum class Found { kRecord, kPart, kOther };
  Found take_one(std::string_view& bytes, RawMessage& record);

  std::string rest_;  // A record that began in an earlier piece.
  std::vector<MessageHeader> headers_;
};

}  // namespace penstock::kafka::internal
