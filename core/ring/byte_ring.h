// core/ring/byte_ring.h -- bytes of any length beside the slots of a channel, from one thread to another.
//
// The producer takes a piece and writes it; a slot of the channel's SpscRing says how long it is; the consumer takes
// the pieces of the slots in their order, and gives back those that it is done with. A piece never wraps: what is left
// before the end is passed over, by both, where it is too little. So a slot need not say where its piece is.
// Threads    Producer: has_room, take, take_nothing, taken, has_passed, publish, is_half_free. Consumer: next,
//            next_nothing, release, seems_half_empty. Any thread: capacity, piece_max. Both ends may be one thread.
// Ordering   What was written to a piece is published by the slot that names it. publish() only tells the consumer how
//            much there is, for seems_half_empty(); call it before the slots are published. release() comes before the
//            slots are released: who sees their room then sees room here as well. First in, first out.
// Progress   Wait-free. Allocates, and touches every page, in the constructor only, which throws std::bad_alloc when
//            there is no memory; let the thread that will consume construct it. Nothing else blocks or throws.
// Cost       A few additions per piece; one line moved per batch and side, as in SpscRing.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/memory.h"
#include "penstock/core/base/prefetch.h"
#include "penstock/core/base/status.h"

namespace penstock {

class ByteRing {
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::size_t kFetchAheadBytes = 2048;

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
    const std::uint64_t end = place_of(staged_, size) + rounded(size);
    if (end - head_seen_ <= capacity()) [[likely]]
      return true;
    see_head();
    return end - head_seen_ <= capacity();
  }
  // The next piece, the producer's to fill until it publishes the slot.
  // REQUIRES: has_room(size) was true, and size <= piece_max().
  char* take(std::size_t size) noexcept {
    PENSTOCK_DCHECK(size <= piece_max());
    const std::uint64_t place = place_of(staged_, size);
    staged_ = place + rounded(size);
    PENSTOCK_DCHECK(staged_ - head_seen_ <= capacity());
    char* const piece = data_ + (place & mask_);
    internal::fetch_written_soon(piece, kFetchAheadBytes, std::min(size, kFetchAheadBytes));
    return piece;
  }
  // A place in the order of pieces without a piece, also where there is no room.
  void take_nothing() noexcept { staged_ += kAlignment; }
  // Where the last that was taken ends. Only grows.
  std::uint64_t taken() const noexcept { return staged_; }
  // Whether all up to such an end has been given back.
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

  // The piece of the next slot, of that size. It stays until release().
  const char* next(std::size_t size) noexcept {
    const std::uint64_t place = place_of(head_, size);
    head_ = place + rounded(size);
    return data_ + (place & mask_);
  }
  void next_nothing() noexcept { head_ += kAlignment; }
  // Gives back all that next() has shown.
  void release() noexcept {
    released_.store(head_, std::memory_order_release);  // Publishes that the pieces have been read.
  }
  // Of all that is published, at most half is not given back. Pieces of slots that have not been published may be among
  // it: who waits for this also looks for the last slot.
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
  // Where a piece of that size begins that comes behind what ends there.
  std::uint64_t place_of(std::uint64_t end, std::size_t size) const noexcept {
    const std::size_t until_wrap = capacity() - (end & mask_);
    return size <= until_wrap ? end : end + until_wrap;
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

  // The consumer's. What it writes per piece stays off the line that the producer looks at.
  alignas(kLineBytes) std::atomic<std::uint64_t> released_{0};
  alignas(kLineBytes) std::uint64_t head_ = 0;  // Behind what next() has shown.
};

}  // namespace penstock
