// core/ring/spsc_ring.h -- a bounded queue between exactly two threads.
//
// Threads    Producer: free_slots, free_piece, stage_slot, stage*, staged, publish*, request_space. Consumer: peek,
//            release, drain, take_space_request_if_half_empty. Any thread: capacity, size_approx. Both ends may be one
//            thread.
// Ordering   A publish store-releases the write index and peek load-acquires it: what was staged before is visible to
//            who peeks it. release hands slots back the same way. First in, first out.
// Sleeping   A side that may sleep announces it (Parker::prepare_park, request_space), looks at the ring once more and
//            only then sleeps; the other side moves its index with seq_cst, then looks for the announcement. Stores and
//            loads of both sides are seq_cst, so at least one sees the other. There are no fences: ThreadSanitizer
//            cannot see them.
// Ownership  The ring owns its slots. A staged slot belongs to the producer until publish, a peeked one to the consumer
//            until release; both may be changed in place.
// Progress   Wait-free. Allocates, and touches every page, in the constructor only, which throws std::bad_alloc when
//            there is no memory; let the thread that will consume construct it. Nothing else blocks or throws.
// Cost       Each side keeps its last sight of the other's index on its own line and looks again only when that shows
//            too little, so the price is one line moved per batch, not per element.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/memory.h"
#include "penstock/core/base/prefetch.h"
#include "penstock/core/base/status.h"

namespace penstock {

template <class T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "a slot is overwritten, never destroyed");
  static_assert(alignof(T) <= kPageBytes, "slots begin at a page");
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::size_t kFetchAheadBytes = 512;
  static constexpr std::size_t kBatch = std::max<std::size_t>(1, 2048 / sizeof(T));

 public:
  // REQUIRES: a power of two, at least 2.
  explicit SpscRing(std::size_t slots_max)
      : memory_(allocate(slots_max)),
        slots_(reinterpret_cast<T*>(memory_.data())),
        mask_(slots_max - 1) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const noexcept { return mask_ + 1; }

  // How full it was a moment ago; published elements only. Never more than the capacity.
  std::size_t size_approx() const noexcept {
    // The read index first: it never passes a write index read later, so the difference cannot be negative.
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return std::min<std::size_t>(tail_.load(std::memory_order_relaxed) - head, capacity());
  }

  // ---- producer ----

  // How many elements fit now, as far as known; looks for more only when fewer than `at_least` are known of.
  std::size_t free_slots(std::size_t at_least) noexcept {
    std::size_t free = capacity() - (staged_ - head_seen_);
    if (free < at_least) [[unlikely]] {
      see_head();
      free = capacity() - (staged_ - head_seen_);
    }
    return free;
  }

  // Free slots from the next one on, as far as they lie in one piece and are known of; looks for more when none is.
  // They are the producer's to fill; stage_first() counts them as staged, from the first.
  std::span<T> free_piece() noexcept {
    const std::size_t index = staged_ & mask_;
    return {slots_ + index, std::min(free_slots(1), capacity() - index)};
  }
  // REQUIRES: the last free_piece() had that many, and nothing else has been staged since.
  void stage_first(std::size_t count) noexcept { staged_ += count; }

  // The next free slot, which counts as staged from now on and must be filled before publish; nullptr when full.
  T* stage_slot() noexcept {
    if (free_slots(1) == 0) [[unlikely]]
      return nullptr;
    return &slot(staged_++);
  }

  // Copies `value` into the next free slot. Returns false and changes nothing when the ring is full.
  [[nodiscard]] bool stage(const T& value) noexcept {
    T* const slot = stage_slot();
    if (slot == nullptr) [[unlikely]]
      return false;
    *slot = value;
    return true;
  }

  // Stages as many as fit of `count` elements, and returns how many: fill(T& slot, std::size_t i) makes the i-th, in
  // order and as a whole, and does not throw. The fastest way between cores: in place where lines are fetched anyway,
  // and these asked for some slots ahead; else a batch is made aside and copied, as lines that are written back to back
  // are not fetched then.
  template <class Fill>
  std::size_t stage_each(std::size_t count, Fill&& fill,
                         bool in_place = internal::fetches_written_lines()) noexcept {
    count = std::min(count, free_slots(count));
    for (std::size_t done = 0; done < count;) {
      const std::size_t index = staged_ & mask_;
      const std::size_t piece = std::min({count - done, capacity() - index, kBatch});
      T* const slots = slots_ + index;
      const auto fill_all = [&](T* to) {
        for (std::size_t i = 0; i < piece; ++i) fill(to[i], done + i);
      };
      if (in_place) {
        internal::fetch_written_soon(slots, kFetchAheadBytes, piece * sizeof(T));
        fill_all(slots);
      } else {
        alignas(T) std::byte batch[kBatch * sizeof(T)];  // Not T: what makes one would run for all.
        fill_all(reinterpret_cast<T*>(batch));
        std::memcpy(slots, batch, piece * sizeof(T));
      }
      staged_ += piece;
      done += piece;
    }
    return count;
  }

  // Elements that the consumer cannot see yet.
  std::size_t staged() const noexcept { return staged_ - tail_.load(std::memory_order_relaxed); }

  // Makes every staged slot visible. Once per batch: each call moves a cache line. For a consumer that never sleeps.
  void publish() noexcept {
    tail_.store(staged_, std::memory_order_release);  // Publishes the contents of all staged slots.
  }

  // The same for a consumer that may sleep: call its Parker's wake_if_parked() right after it.
  void publish_seq_cst() noexcept {
    // Publishes the staged slots, and stands before the look at `parked` in the one order of all seq_cst accesses.
    tail_.store(staged_, std::memory_order_seq_cst);
  }

  // Asks the consumer for a wake-up once the ring is at most half full. Then announce the sleep, look at free_slots()
  // again, and only then sleep. An answer that is no longer needed does no harm.
  // REQUIRES: nothing staged, and no wait for more than half of the capacity.
  void request_space() noexcept {
    PENSTOCK_DCHECK(staged() == 0);
    space_wanted_.store(true, std::memory_order_seq_cst);  // Before the look at head_ that follows.
    see_head();
  }

  // ---- consumer ----

  // The oldest elements, at most `max`, as far as they lie in one piece. They stay in the ring until release(). Looks
  // for new ones only when those known of are used up.
  std::span<T> peek(std::size_t max) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);  // Own index.
    const std::size_t index = head & mask_;
    const std::size_t until_wrap = capacity() - index;
    return {slots_ + index, std::min({max, visible(head), until_wrap})};
  }

  // Gives the oldest `count` slots back. REQUIRES: they have been peeked.
  void release(std::size_t count) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed) + count;
    PENSTOCK_DCHECK(head <= tail_seen_);
    head_.store(
        head,
        std::
            memory_order_release);  // Publishes that the slots have been read and may be overwritten.
  }

  // Calls visit(T&) for the oldest elements, at most `max`, and releases them together. Returns how many; 0 only when
  // there are none, while fewer than `max` may mean that newer ones have not been looked for.
  // If `visit` throws, nothing is released.
  template <class Visitor>
  std::size_t drain(std::size_t max, Visitor&& visit) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::size_t count = std::min(max, visible(head));
    for (std::uint64_t i = head; i != head + count; ++i) visit(slot(i));
    if (count != 0) release(count);
    return count;
  }

  // True once per request, when the producer waits for space and half of the ring is free: wake its worker then.
  // Call after each release if the producer may sleep.
  [[nodiscard]] bool take_space_request_if_half_empty() noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (tail_seen_ - head > capacity() / 2) return false;
    // The same value again: only a seq_cst store stands before the look at the request.
    head_.store(head, std::memory_order_seq_cst);
    if (!space_wanted_.load(std::memory_order_seq_cst)) [[likely]]
      return false;
    // Lowered before the look at the write index: what is lowered here is then judged with all that its producer had
    // published, and a request made later stays up.
    if (!space_wanted_.exchange(false, std::memory_order_seq_cst)) return false;
    see_tail();
    if (tail_seen_ - head > capacity() / 2) {
      space_wanted_.store(true, std::memory_order_relaxed);  // Not yet; only this thread reads it.
      return false;
    }
    return true;
  }

 private:
  static PrefaultedBuffer allocate(std::size_t slots_max) {
    PENSTOCK_CHECK(slots_max >= 2 && std::has_single_bit(slots_max));
    Result<PrefaultedBuffer> buffer = PrefaultedBuffer::allocate(slots_max * sizeof(T));
    // lint: allow(hot) in the constructor only
    if (!buffer.ok()) throw std::bad_alloc();
    return std::move(buffer).value();
  }

  T& slot(std::uint64_t index) const noexcept { return slots_[index & mask_]; }

  // seq_cst only because of the look between announcing a sleep and sleeping; on x86 it is an ordinary load.
  void see_head() noexcept { head_seen_ = head_.load(std::memory_order_seq_cst); }
  void see_tail() noexcept { tail_seen_ = tail_.load(std::memory_order_seq_cst); }

  std::size_t visible(std::uint64_t head) noexcept {
    if (tail_seen_ == head) see_tail();
    return tail_seen_ - head;
  }

  // Immutable after construction, read by both.
  PrefaultedBuffer memory_;
  T* const slots_;
  const std::uint64_t mask_;

  // The producer's. Indices only grow; slot = index & mask_. What it writes per element stays off the line that the
  // consumer polls: sharing one cost half of the throughput between cores.
  alignas(kLineBytes) std::uint64_t staged_ = 0;
  std::uint64_t head_seen_ = 0;
  alignas(kLineBytes) std::atomic<std::uint64_t> tail_{0};  // All before it is published.

  // The consumer's; it writes once per batch.
  alignas(kLineBytes) std::atomic<std::uint64_t> head_{0};  // All before it has been given back.
  std::uint64_t tail_seen_ = 0;
  // Raised by a producer that is about to wait, which is rare; the consumer looks at it after releases.
  std::atomic<bool> space_wanted_{false};
};

}  // namespace penstock
