// core/runtime/output_gate.h -- the sending end of an exchange: spreads records over its rings, control to all.
//
// Ordering   Whatever is collected or sent leaves each ring in that order.
// Credit     A task polls input only while every ring of its outputs has room (Credit below, checked between records).
//            One record that expands beyond it goes to a lane's overflow, in order; the task then polls nothing until
//            the overflow is empty. Over the byte quota the task fails with a Status; nothing is dropped in silence.
// Leaving    A reader may end before its writers (the broadcast input of a stage whose keyed input has ended). What is
//            sent to it from then on is dropped, and nobody waits for its room.
// Cost       Per record one partition decision and one slot written: each lane holds the free slots that its ring has
//            in one piece, and the ring learns how many were filled once per batch. publish() once per batch.
// Threads    Owned by one worker; the rings' other ends may be elsewhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/key_group.h"
#include "penstock/core/runtime/channel.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/core/stream/user_error.h"

namespace penstock {

inline constexpr std::size_t kOverflowBytesMax = std::size_t{64} << 20;

class OutputGate {
 public:
  virtual ~OutputGate() = default;
  virtual void open(const TaskContext& context) = 0;
  // Moves overflow into the rings and returns how many records fit for certain; 0: none.
  virtual std::size_t refill() noexcept = 0;
  // Moves overflow into the rings; true when none is left.
  virtual bool refill_overflow() noexcept = 0;
  // Whether every reader has left.
  virtual bool is_unread() const noexcept = 0;
  virtual void control(ElementHeader header) noexcept = 0;
  virtual void publish() noexcept = 0;
  virtual void request_space() noexcept = 0;
};

// To the owner of the key's group.
template <class T, class KeyHash>  // std::uint64_t KeyHash::operator()(const T&)
class HashPartition {
 public:
  static constexpr bool kBroadcast = false;
  explicit HashPartition(KeyHash key_hash) : key_hash_(std::move(key_hash)) {}

  void bind(std::size_t lanes) {
    owners_.resize(kKeyGroups);
    for (std::uint32_t group = 0; group < kKeyGroups; ++group) {
      owners_[group] = static_cast<std::uint16_t>(
          owner_of_key_group({group}, static_cast<std::uint32_t>(lanes)));
    }
  }
  std::uint64_t hash(const T& value) const
      noexcept(noexcept(std::declval<const KeyHash&>()(value))) {
    return key_hash_(value);
  }
  std::size_t lane(std::uint64_t hash) const noexcept { return owners_[key_group_of(hash).value]; }

 private:
  KeyHash key_hash_;
  std::vector<std::uint16_t> owners_;
};

// In turn over the lanes; with one lane (Forward, or one consumer) always to that.
template <class T>
class TurnPartition {
 public:
  static constexpr bool kBroadcast = false;
  void bind(std::size_t lanes) { lanes_ = lanes; }
  std::uint64_t hash(const T&) const noexcept { return 0; }
  std::size_t lane(std::uint64_t) noexcept {
    if (++next_ >= lanes_) next_ = 0;
    return next_;
  }

 private:
  std::size_t lanes_ = 1;
  std::size_t next_ = 0;
};

template <class T>
class BroadcastPartition {
 public:
  static constexpr bool kBroadcast = true;
  void bind(std::size_t) {}
  std::uint64_t hash(const T&) const noexcept { return 0; }
};

template <class T, class Partition>
class PartitionedGate final : public OutputGate {
 public:
  PartitionedGate(const TypedChannelSet<T>& channels, std::uint32_t producer,
                  std::uint32_t consumers, Partition partition, Credit& credit)
      : partition_(std::move(partition)), credit_(&credit) {
    for (std::uint32_t consumer = 0; consumer < consumers; ++consumer) {
      Channel<T>* channel = channels.channel(producer, consumer);
      if (channel != nullptr) lanes_.push_back(Lane{.channel = channel});
    }
    partition_.bind(lanes_.size());
    if (lanes_.size() == 1) only_ = lanes_.data();
  }

  void open(const TaskContext& context) override {
    failure_ = context.failure;
    counters_ = context.counters;
    stage_name_ = context.stage_name;
  }

  void collect(const Record<T>& record) noexcept {
    std::uint64_t hash = 0;
    if (!hash_of(record.value, hash)) return;
    --credit_->left;
    const ElementHeader header = ElementHeader::data(record.time, hash);
    if constexpr (Partition::kBroadcast) {
      ++collected_;
      for (Lane& lane : lanes_) put_record(lane, header, record.value);
    } else {
      put_record(only_ != nullptr ? *only_ : lanes_[partition_.lane(hash)], header, record.value);
    }
  }
  void watermark(EventTime time) noexcept { control(ElementHeader::watermark(time)); }
  void idle() noexcept { control(ElementHeader::idle()); }

  std::size_t refill() noexcept override {
    std::size_t least = SIZE_MAX;
    for (Lane& lane : lanes_) least = std::min(least, refill(lane));
    return least;
  }

  bool refill_overflow() noexcept override {
    bool all = true;
    for (Lane& lane : lanes_) all = move_overflow(lane) && all;
    return all;
  }

  bool is_unread() const noexcept override {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](const Lane& lane) { return has_left(lane); });
  }

  void control(ElementHeader header) noexcept override {
    --credit_->left;
    for (Lane& lane : lanes_) {
      put(lane, header, nullptr);
      if (!Partition::kBroadcast) --collected_;  // settle() takes it for a record.
    }
  }

  void publish() noexcept override {
    for (Lane& lane : lanes_) settle(lane);
    counters_->records_out.add(std::exchange(collected_, 0));
    for (Lane& lane : lanes_) {
      if (lane.channel->ring.staged() == 0) continue;
      if constexpr (kHasBytes) lane.channel->bytes.publish();
      if (lane.channel->consumer_parker == nullptr) {
        lane.channel->ring.publish();
      } else {
        lane.channel->ring.publish_seq_cst();
        lane.channel->consumer_parker->wake_if_parked();
      }
    }
  }

  void request_space() noexcept override {
    for (Lane& lane : lanes_) {
      settle(lane);
      // With overflow also when there is room by now: the next look fills it and finds the task still blocked.
      const bool is_full = !lane.overflow.empty() || room(lane) == 0;
      const bool waits = is_full && !has_left(lane);
      if (waits) lane.channel->ring.request_space();
    }
  }

 private:
  using Slot = typename ChannelBytes<T>::Slot;
  static constexpr bool kHasBytes = ChannelBytes<T>::kUsed;
  // Kept free for control elements, so that a barrier or watermark never needs the overflow in practice.
  static constexpr std::size_t kReservedSlots = 1;
  // How much room a batch wants; a quarter of a small ring. With less it waits: where the reader is the slower one,
  // rings are always nearly full, and batches would shrink to a few records, each with a watermark behind it.
  static constexpr std::size_t kCreditBatch = 256;

  // One cache line.
  struct alignas(64) Lane {
    Element<Slot>* next =
        nullptr;  // What the ring has free in one piece, from the next slot on, is [next, end).
    Element<Slot>* end = nullptr;      // None while there is overflow.
    Element<Slot>* settled = nullptr;  // The ring knows of those before it.
    Channel<T>* channel = nullptr;
    std::vector<Element<Slot>> overflow{};
    std::size_t overflow_next = 0;
  };

  static bool has_left(const Lane& lane) noexcept {
    return lane.channel->left.load(std::memory_order_seq_cst);
  }

  // False when the user's key selector threw; the task has failed then.
  bool hash_of(const T& value, std::uint64_t& hash) noexcept {
    if constexpr (noexcept(partition_.hash(value))) {
      hash = partition_.hash(value);
    } else {
      try {
        hash = partition_.hash(value);
      } catch (...) {
        failure_->set(user_error("key_by", std::current_exception()));
        return false;
      }
    }
    return true;
  }

  void put_record(Lane& lane, ElementHeader header, const T& value) noexcept {
    if constexpr (kHasBytes) {
      Slot slot;
      if (!lane.channel->bytes.write(value, slot) && !write_apart(lane, value, slot)) [[unlikely]]
        return;
      put(lane, header, &slot);
      if (!lane.channel->bytes.has_room()) [[unlikely]]
        credit_->left = 0;
    } else {
      put(lane, header, &value);
    }
  }
  // False when there is nobody to send it to, or no memory; the task has failed then.
  [[gnu::noinline, gnu::cold]] bool write_apart(Lane& lane, const T& value, Slot& slot) noexcept {
    if (has_left(lane)) {
      if constexpr (!Partition::kBroadcast) ++collected_;
      return false;
    }
    counters_->row_blocks.add(1);
    if (lane.channel->bytes.bytes_apart() >= kOverflowBytesMax) {
      fail_expanded();
      return false;
    }
    if (lane.channel->bytes.write_apart(value, slot)) return true;
    const std::string size =
        std::to_string(value.bytes.size());  // lint: allow(hot) the task ends here
    failure_->set(Status(
        StatusCode::kResourceExhausted,
        "stage \"" + stage_name_ + "\": there is no memory for a row of " + size + " bytes"));
    return false;
  }

  void put(Lane& lane, ElementHeader header, const Slot* value) noexcept {
    if (lane.next == lane.end && !find_slots(lane)) [[unlikely]] {
      // A copy of the record, as of what is pointed to from outside nothing stays in registers.
      Element<Slot> element{};
      element.header = header;
      if (value != nullptr) element.payload = *value;
      return put_aside(lane, element);
    }
    Element<Slot>* const slot = lane.next++;
    slot->header = header;
    if (value != nullptr) slot->payload = *value;
  }

  // Tells the ring, before it is asked for anything, which slots have been filled.
  void settle(Lane& lane) noexcept {
    const auto filled = static_cast<std::size_t>(lane.next - lane.settled);
    lane.channel->ring.stage_first(filled);
    lane.settled = lane.next;
    if constexpr (!Partition::kBroadcast) collected_ += filled;
  }
  [[gnu::noinline]] bool find_slots(Lane& lane) noexcept {
    if (!lane.overflow.empty()) return false;
    settle(lane);
    const std::span<Element<Slot>> free = lane.channel->ring.free_piece();
    lane.next = lane.settled = free.data();
    lane.end = free.data() + free.size();
    return !free.empty();
  }

  [[gnu::noinline, gnu::cold]] void put_aside(Lane& lane, const Element<Slot>& element) noexcept {
    if constexpr (!Partition::kBroadcast) ++collected_;
    if (has_left(lane)) return;
    counters_->overflows.add(1);
    credit_->left = 0;
    if (lane.overflow.size() * sizeof(Element<Slot>) >= kOverflowBytesMax) {
      return fail_expanded();
    }
    lane.overflow.push_back(element);
  }
  [[gnu::noinline, gnu::cold]] void fail_expanded() noexcept {
    failure_->set(Status(StatusCode::kResourceExhausted,
                         "stage \"" + stage_name_ +
                             "\": one batch expanded to more than 64 MiB ahead of its reader; emit "
                             "less per record"));
  }

  bool move_overflow(Lane& lane) noexcept {
    settle(lane);
    if (lane.overflow.empty()) return true;
    lane.next = lane.end = lane.settled = nullptr;
    if (has_left(lane)) lane.overflow_next = lane.overflow.size();
    while (lane.overflow_next < lane.overflow.size()) {
      if (!lane.channel->ring.stage(lane.overflow[lane.overflow_next])) return false;
      ++lane.overflow_next;
    }
    lane.overflow.clear();
    lane.overflow_next = 0;
    return true;
  }

  std::size_t refill(Lane& lane) noexcept {
    if (!move_overflow(lane)) return 0;
    const std::size_t free = room(lane);
    return free == 0 && has_left(lane) ? kCreditBatch : free;
  }
  // Records that fit for certain; 0 when it is not worth while to begin a batch.
  // REQUIRES: settled.
  static std::size_t room(Lane& lane) noexcept {
    const std::size_t worth_while =
        std::clamp<std::size_t>(lane.channel->ring.capacity() / 4, 1, kCreditBatch);
    if constexpr (kHasBytes) {
      if (!lane.channel->bytes.is_worth_while()) return 0;
    }
    const std::size_t free = lane.channel->ring.free_slots(worth_while + kReservedSlots);
    return free < worth_while + kReservedSlots ? 0 : free - kReservedSlots;
  }

  Partition partition_;
  Credit* credit_;
  std::vector<Lane> lanes_;
  Lane* only_ = nullptr;  // Where there is one.
  std::uint64_t collected_ = 0;
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
  std::string stage_name_;
};

}  // namespace penstock
