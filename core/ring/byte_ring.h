// core/ring/byte_ring.h -- bytes of any length beside the slots of a channel, from one thread to another.
//
// The producer takes a piece and writes it; a slot of the channel's SpscRing says where it lies and where it ends; the
// consumer, done with the slot, gives everything up to that end back. Positions only grow. A piece lies in one piece:
// what is left before the wrap is passed over where it is too little.
// Threads    Producer: has_room, take, take_nothing, has_passed, publish, is_half_free. Consumer: release,
//            seems_half_empty. Any thread: capacity. Both ends may be one thread.
// Ordering   What was written to a piece is published by the slot that names it. publish() only tells the consumer how
//            much there is, for seems_half_empty(); call it before the slots are published. release() comes before the
//            slots are released: who sees their room then sees room here as well. First in, first out.
// Progress   Wait-free. Allocates, and touches every page, in the constructor only, which throws std::bad_alloc when
//            there is no memory; let the thread that will consume construct it. Nothing else blocks or throws.
// Cost       A few additions per piece; one line moved per batch and side, as in SpscRing.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/memory.h"
#include "penstock/core/base/status.h"

namespace penstock {

class ByteRing {
  static constexpr std::size_t kLineBytes = 64;

 public:
  // Pieces begin at multiples of it.
  static constexpr std::size_t kAlignment = 8;
  static constexpr std::size_t kCapacityMin = 256;

  // REQUIRES: a power of two, at least kCapacityMin.
  explicit ByteRing(std::size_t bytes)
      : memory_(allocate(bytes)),
        data_(reinterpret_cast<char*>(memory_.data())),
        mask_(bytes - 1) {}
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;

  std::size_t capacity() const noexcept { return mask_ + 1; }
  // No piece is longer. A quarter: where half is free, there is room for any piece, wherever the wrap is.
  std::size_t piece_max() const noexcept { return capacity() / 4; }

  // ---- producer ----

  // Whether a piece of that size has room now. Looks at the other side only when it seems that it has not.
  bool has_room(std::size_t size) noexcept {
    const std::uint64_t end = place_of(size) + rounded(size);
    if (end - head_seen_ <= capacity()) [[likely]]
      return true;
    see_head();
    return end - head_seen_ <= capacity();
  }
  // The next piece, the producer's to fill until it publishes the slot; `end` is what that slot has to say.
  // REQUIRES: has_room(size) was true, and size <= piece_max().
  char* take(std::size_t size, std::uint64_t& end) noexcept {
    PENSTOCK_DCHECK(size <= piece_max());
    const std::uint64_t place = place_of(size);
    end = staged_ = place + rounded(size);
    PENSTOCK_DCHECK(end - head_seen_ <= capacity());
    return data_ + (place & mask_);
  }
  // A place in the order of pieces without a piece; takes no room that another needs to have been free.
  std::uint64_t take_nothing() noexcept { return staged_ += kAlignment; }
  // Whether all up to `end` has been given back.
  bool has_passed(std::uint64_t end) noexcept {
    if (head_seen_ < end) see_head();
    return head_seen_ >= end;
  }
  bool is_half_free() noexcept {
    if (staged_ - head_seen_ > capacity() / 2) see_head();
    return staged_ - head_seen_ <= capacity() / 2;
  }
  // Before the slots are.
  void publish() noexcept {
    tail_.store(staged_, std::memory_order_release);  // Read with or after the slots' index.
  }

  // ---- consumer ----

  void release(std::uint64_t end) noexcept {
    head_ = end;
    released_.store(end, std::memory_order_release);  // Publishes that the pieces have been read.
  }
  // Of all that is published with the slots that the consumer has seen, at most half is not given back. Once all slots
  // have been released it is true, unless more have been published since.
  bool seems_half_empty() const noexcept {
    const auto used =
        static_cast<std::int64_t>(tail_.load(std::memory_order_acquire) - head_);  // As published.
    return used <= static_cast<std::int64_t>(capacity() / 2);
  }

 private:
  static PrefaultedBuffer allocate(std::size_t bytes) {
    PENSTOCK_CHECK(bytes >= kCapacityMin && std::has_single_bit(bytes));
    Result<PrefaultedBuffer> buffer = PrefaultedBuffer::allocate(bytes);
    // lint: allow(hot) in the constructor only
    if (!buffer.ok()) throw std::bad_alloc();
    return std::move(buffer).value();
  }

  static std::uint64_t rounded(std::size_t size) noexcept {
    return (std::uint64_t{size} + kAlignment - 1) & ~std::uint64_t{kAlignment - 1};
  }
  // Where a piece of that size would begin.
  std::uint64_t place_of(std::size_t size) const noexcept {
    const std::size_t until_wrap = capacity() - (staged_ & mask_);
    return size <= until_wrap ? staged_ : staged_ + until_wrap;
  }
  void see_head() noexcept {
    head_seen_ = released_.load(std::memory_order_acquire);  // The pieces before it may be written.
  }

  // Immutable after construction, read by both.
  PrefaultedBuffer memory_;
  char* const data_;
  const std::uint64_t mask_;

  // The producer's.
  alignas(kLineBytes) std::uint64_t staged_ = 0;
  std::uint64_t head_seen_ = 0;
  alignas(kLineBytes) std::atomic<std::uint64_t> tail_{0};  // All before it is published.

  // The consumer's.
  alignas(kLineBytes) std::atomic<std::uint64_t> released_{0};
  std::uint64_t head_ = 0;  // The same, without a look at the shared one.
};

}  // namespace penstock
