// io/encode/message_encoder.h -- an encoder that also says what goes beside the bytes: key, headers, timestamp.
//
//   alerts.sink(kafka::sink({.topic = "alerts"}),
//               message(json::encoder<Alert>()).key(&Alert::card).header("alert_id", &Alert::id).event_time());
//
// What is given is a member or a function of the value; a text, a whole number, a time, or an optional of these.
// Sinks that keep only bytes drop the rest.
// Key         Records of one key go to one partition, in order. Without key() they go anywhere.
// Timestamp   Of the moment it is written, unless timestamp() or event_time() says otherwise. A broker may refuse one
//             that lies far in the future.
// Threads     As its encoder and functions: a task has a copy of its own.
// Cost        No indirect call and, in a steady state, no allocation.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/io/encode/message_buffer.h"

namespace penstock {

namespace message_parts {

// What is not asked for.
struct None {};

// The event time of the record.
struct OfRecord {};

template <class Value>
struct Header {
  std::string name;
  Value value;
};

}  // namespace message_parts

template <class Encoder, class Key = message_parts::None, class Time = message_parts::None,
          class Tombstone = message_parts::None, class... Headers>
class MessageEncoder {
 public:
  explicit MessageEncoder(Encoder encoder, Key key = {}, Time time = {}, Tombstone tombstone = {},
                          std::tuple<Headers...> headers = {})
      : encoder_(std::move(encoder)),
        key_(std::move(key)),
        time_(std::move(time)),
        tombstone_(std::move(tombstone)),
        headers_(std::move(headers)) {}

  template <class Value>
  auto key(Value value) const {
    static_assert(std::is_same_v<Key, None>, "a message has one key");
    return MessageEncoder<Encoder, Value, Time, Tombstone, Headers...>(encoder_, std::move(value),
                                                                       time_, tombstone_, headers_);
  }
  // Names may repeat; their order is kept.
  template <class Value>
  auto header(std::string name, Value value) const {
    using Added = message_parts::Header<Value>;
    return MessageEncoder<Encoder, Key, Time, Tombstone, Headers..., Added>(
        encoder_, key_, time_, tombstone_,
        std::tuple_cat(headers_, std::make_tuple(Added{std::move(name), std::move(value)})));
  }
  // `value` gives an EventTime.
  template <class Value>
  auto timestamp(Value value) const {
    static_assert(std::is_same_v<Time, None>, "a message has one timestamp");
    return MessageEncoder<Encoder, Key, Value, Tombstone, Headers...>(
        encoder_, key_, std::move(value), tombstone_, headers_);
  }
  auto event_time() const { return timestamp(message_parts::OfRecord{}); }
  // Where `test` holds, the message has no bytes: its key is deleted.
  template <class Test>
  auto tombstone(Test test) const {
    static_assert(std::is_same_v<Tombstone, None>, "a message has one test for tombstones");
    return MessageEncoder<Encoder, Key, Time, Test, Headers...>(encoder_, key_, time_,
                                                                std::move(test), headers_);
  }

  template <class T>
  void encode(const T& value, std::string& out) {
    encoder_.encode(value, out);
  }
  // REQUIRES: `out` is clear. It lends the names of headers from here.
  template <class T>
  void encode_message(const T& value, EventTime time, MessageBuffer& out) {
    if constexpr (!std::is_same_v<Tombstone, None>) {
      out.tombstone = std::invoke(tombstone_, value);
    }
    if (!out.tombstone) encoder_.encode(value, out.bytes);
    if constexpr (!std::is_same_v<Key, None>) out.set_key(std::invoke(key_, value));
    if constexpr (std::is_same_v<Time, message_parts::OfRecord>) {
      out.timestamp = time;
    } else if constexpr (!std::is_same_v<Time, None>) {
      out.timestamp = std::invoke(time_, value);
    }
    std::apply(
        [&](auto&... header) {
          (out.add_header(header.name, std::invoke(header.value, value)), ...);
        },
        headers_);
  }

 private:
  using None = message_parts::None;

  Encoder encoder_;
  [[no_unique_address]] Key key_;
  [[no_unique_address]] Time time_;
  [[no_unique_address]] Tombstone tombstone_;
  std::tuple<Headers...> headers_;
};

template <class Encoder>
MessageEncoder<Encoder> message(Encoder encoder) {
  return MessageEncoder<Encoder>(std::move(encoder));
}

}  // namespace penstock
