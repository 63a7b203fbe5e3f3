// core/stream/message.h -- what a message broker keeps beside the bytes of a record.
//
// Ownership  Views into the reader's (or, on the way out, the encoder's) memory, with its life time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "penstock/core/base/time.h"

namespace penstock {

struct MessageHeader {
  std::string_view name;
  std::optional<std::string_view> value;  // Null is not the same as empty. Names may repeat.
};

struct Message {
  std::string_view topic;
  std::uint32_t partition = 0;
  std::optional<std::string_view> key;
  EventTime timestamp =
      kMinEventTime;  // When it was made or taken in, as the topic is set; not what the record says.
  std::span<const MessageHeader> headers;
  bool tombstone =
      false;  // It has no value at all: the key is deleted. An empty value is something else.
};

}  // namespace penstock
