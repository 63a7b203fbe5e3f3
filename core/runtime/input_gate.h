// core/runtime/input_gate.h -- the receiving end of a task's exchanges: lends runs of records, one channel at a time.
//
// Fairness   Channels are asked in turn; a run ends at the first control element, so that a batch is data or one event.
// Ownership  A lent run stays valid until consume().
// Threads    Owned by one worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "penstock/core/runtime/channel.h"

namespace penstock {

template <class T>
class InputGate {
 public:
  struct Run {
    std::size_t channel = 0;
    std::span<ElementOf<T>>
        elements;          // Data only; empty when there is nothing or `control` is set.
    bool control = false;  // The next element of `channel` is a control element.
  };

  void add_channel(Channel<T>* channel) { lanes_.push_back(Lane{channel, false}); }
  std::size_t channels() const noexcept { return lanes_.size(); }
  void block(std::size_t channel, bool blocked) noexcept { lanes_[channel].blocked = blocked; }

  Run next(std::size_t max) noexcept {
    for (std::size_t tried = 0; tried < lanes_.size(); ++tried) {
      turn_ = turn_ + 1 < lanes_.size() ? turn_ + 1 : 0;
      Lane& lane = lanes_[turn_];
      if (lane.blocked) continue;
      const std::span<ElementOf<T>> elements = lane.channel->ring.peek(max);
      if (elements.empty()) continue;
      const std::size_t records = data_prefix(elements);
      return {turn_, elements.first(records), records == 0};
    }
    return {};
  }

  // Takes the control element that next() announced.
  ElementHeader take_control(std::size_t channel) noexcept {
    const ElementHeader header = lanes_[channel].channel->ring.peek(1).front().header;
    release(*lanes_[channel].channel, 1);
    return header;
  }

  // The first `count` of the run that next() has lent last. Of rows: exactly those whose bytes have been read.
  void consume(std::size_t channel, std::size_t count) noexcept {
    Channel<T>& from = *lanes_[channel].channel;
    if constexpr (ChannelBytes<T>::kUsed) from.bytes.release();
    release(from, count);
  }
  // What the slots of a run do not hold.
  ChannelBytes<T>& bytes(std::size_t channel) noexcept { return lanes_[channel].channel->bytes; }

  // Reads no more: whoever writes to these channels is told not to wait for room.
  void leave() noexcept {
    for (Lane& lane : lanes_) lane.channel->leave();
  }

  std::size_t queued() const noexcept {
    std::size_t sum = 0;
    for (const Lane& lane : lanes_) sum += lane.channel->ring.size_approx();
    return sum;
  }
  std::size_t capacity() const noexcept {
    std::size_t sum = 0;
    for (const Lane& lane : lanes_) sum += lane.channel->ring.capacity();
    return sum;
  }

 private:
  static constexpr std::size_t kAtOnce = 8;

  struct Lane {
    Channel<T>* channel;
    bool blocked;
  };

  static void release(Channel<T>& from, std::size_t count) noexcept {
    from.ring.release(count);
    if (from.producer_parker == nullptr) return;
    if constexpr (ChannelBytes<T>::kUsed) {
      // What the producer holds in its overflow has bytes as well: with all that came given back, it goes on.
      if (!from.bytes.seems_half_empty() && from.ring.size_approx() > 0) return;
    }
    if (from.ring.take_space_request_if_half_empty()) from.producer_parker->wake();
  }

  static std::size_t data_prefix(std::span<const ElementOf<T>> elements) noexcept {
    std::size_t records = 0;
    // A branch per record would cost as much as all the rest of taking it: control elements are few.
    for (; records + kAtOnce <= elements.size(); records += kAtOnce) {
      std::uint64_t tags = 0;
      for (std::size_t i = 0; i < kAtOnce; ++i) tags |= elements[records + i].header.tag;
      if ((tags & kElementKindMask) != 0) break;
    }
    while (records < elements.size() && elements[records].header.is_data()) ++records;
    return records;
  }

  std::vector<Lane> lanes_;
  std::size_t turn_ = 0;
};

}  // namespace penstock
