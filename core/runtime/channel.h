// core/runtime/channel.h -- one ring of an exchange with the workers at its ends, and the set of all of them.
//
// Threads    A channel has one producing and one consuming worker (perhaps the same). The set is fixed before start.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "penstock/core/plan/exchange.h"
#include "penstock/core/ring/spsc_ring.h"
#include "penstock/core/runtime/row_bytes.h"
#include "penstock/core/stream/element.h"

namespace penstock {

// Records of most types lie in their slot, whole.
template <class T>
struct ChannelBytes {
  using Slot = T;
  static constexpr bool kUsed = false;
  explicit ChannelBytes(std::size_t) noexcept {}
};
template <>
struct ChannelBytes<Row> : RowBytes {
  static constexpr bool kUsed = true;
  using RowBytes::RowBytes;
};

template <class T>
using ElementOf = Element<typename ChannelBytes<T>::Slot>;

template <class T>
struct Channel {
  explicit Channel(std::size_t slots, std::size_t bytes_beside = ChannelSetShape().bytes)
      : ring(slots), bytes(bytes_beside) {}

  SpscRing<ElementOf<T>> ring;
  [[no_unique_address]] ChannelBytes<T> bytes;
  // Null where both ends are on one worker: it looks at all its rings before it sleeps.
  Parker* producer_parker = nullptr;
  Parker* consumer_parker = nullptr;
  // The reader has ended before its writer: what is still sent is dropped.
  std::atomic<bool> left{false};

  // By the reader, which touches the ring no more.
  void leave() noexcept {
    left.store(true, std::memory_order_seq_cst);
    if (producer_parker != nullptr) producer_parker->wake();
  }
};

template <class T>
class TypedChannelSet final : public ChannelSet {
 public:
  explicit TypedChannelSet(const ChannelSetShape& shape)
      : consumers_(shape.consumers), channels_(std::size_t{shape.producers} * shape.consumers) {
    for (std::uint32_t producer = 0; producer < shape.producers; ++producer) {
      for (std::uint32_t consumer = 0; consumer < shape.consumers; ++consumer) {
        if (shape.kind == ExchangeKind::kForward && producer != consumer) continue;
        channels_[at(producer, consumer)] = std::make_unique<Channel<T>>(shape.slots, shape.bytes);
      }
    }
  }

  void connect(std::uint32_t producer, std::uint32_t consumer, Parker* producer_parker,
               Parker* consumer_parker) override {
    Channel<T>& channel = *channels_[at(producer, consumer)];
    channel.producer_parker = producer_parker;
    channel.consumer_parker = consumer_parker;
  }
  bool has_channel(std::uint32_t producer, std::uint32_t consumer) const override {
    return channels_[at(producer, consumer)] != nullptr;
  }
  // Null where the exchange has no such ring.
  Channel<T>* channel(std::uint32_t producer, std::uint32_t consumer) const {
    return channels_[at(producer, consumer)].get();
  }

 private:
  std::size_t at(std::uint32_t producer, std::uint32_t consumer) const {
    return std::size_t{producer} * consumers_ + consumer;
  }

  std::uint32_t consumers_;
  std::vector<std::unique_ptr<Channel<T>>> channels_;
};

}  // namespace penstock
