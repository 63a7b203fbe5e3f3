// io/encode/message_buffer.h -- where an encoder puts a message: its bytes, and what goes beside them.
//
// Cost       The texts keep their memory from one message to the next: a steady state allocates nothing.
// Ownership  message() lends the buffer's memory, until the next clear(). Names of headers are the caller's.
// Threads    Owned by one task.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "penstock/core/stream/sink.h"

namespace penstock {

template <class T>
concept MessageText = std::convertible_to<const T&, std::string_view>;

class MessageBuffer {
 public:
  std::string bytes;  // The encoder's to append to.
  EventTime timestamp = kMinEventTime;
  bool tombstone = false;

  void clear() noexcept {
    bytes.clear();
    timestamp = kMinEventTime;
    tombstone = false;
    has_key_ = false;
    beside_.clear();
    headers_.clear();
    ends_.clear();
  }
  // Texts as they are, numbers in decimal. An optional without a value is no key, or a header that is null.
  template <class V>
  void set_key(const V& value) {
    has_key_ = append(value);
    key_end_ = beside_.size();
  }
  // REQUIRES: the key, if any, has been set.
  template <class V>
  void add_header(std::string_view name, const V& value) {
    headers_.push_back({name, std::nullopt});
    if (append(value)) headers_.back().value.emplace();
    ends_.push_back(beside_.size());
  }
  RawMessage message() noexcept {
    const std::string_view beside = beside_;
    std::size_t begin = has_key_ ? key_end_ : 0;
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      if (headers_[i].value) headers_[i].value = beside.substr(begin, ends_[i] - begin);
      begin = ends_[i];
    }
    RawMessage made{bytes, {}};
    if (has_key_) made.message.key = beside.substr(0, key_end_);
    made.message.timestamp = timestamp;
    made.message.headers = headers_;
    made.message.tombstone = tombstone;
    return made;
  }

 private:
  bool append(MessageText auto const& text) {
    beside_ += std::string_view(text);
    return true;
  }
  template <std::integral N>
  bool append(N number) {
    if constexpr (std::same_as<N, bool>) {
      beside_ += number ? "true" : "false";
    } else if constexpr (std::same_as<N, char>) {
      beside_ += number;
    } else {
      char digits[24];
      beside_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    }
    return true;
  }
  bool append(EventTime time) { return append(time.micros); }
  template <class V>
  bool append(const std::optional<V>& value) {
    return value.has_value() && append(*value);
  }

  bool has_key_ = false;
  std::size_t key_end_ = 0;
  std::string beside_;  // The key, then the values of headers.
  std::vector<MessageHeader> headers_;
  std::vector<std::size_t> ends_;
};

}  // namespace penstock
