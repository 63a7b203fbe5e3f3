// core/ring/inbox.h -- a bounded queue into one worker for any number of threads that the engine does not own.
//
// Threads    push: any thread. drain, has_pending: the one consumer. capacity, size_approx: any thread.
// Ordering   First in, first out for each pushing thread; between threads there is no order, not even when one push
//            happened before the other.
// Sleeping   push makes the element visible by a seq_cst read-modify-write of a signal word; call wake_if_parked() of
//            the consumer's Parker after it. The consumer asks has_pending() between announcing its sleep and sleeping.
// Progress   Lock-free. push may allocate the first time a thread calls it, and while the total in the queue reaches
//            new heights; blocks are reused after that, so a steady state allocates nothing (see inbox_allocations).
// Cost       push: three atomic read-modify-writes on shared lines. An empty drain: one load.
// Errors     A full inbox refuses: the caller decides to wait, to drop or to fail.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace penstock {
namespace internal {

// Everything that does not depend on the element type but on its size.
class InboxCore {
 public:
  static constexpr std::size_t kElementBytesMax = 256;

  // `producers` is how many pushing threads to reserve memory for; there may be more.
  // REQUIRES: element_bytes <= kElementBytesMax, capacity > 0.
  static std::unique_ptr<InboxCore> make(std::size_t element_bytes, std::size_t capacity,
                                         std::size_t producers);
  virtual ~InboxCore() = default;

  bool push(const void* element) noexcept;
  // Copies at most `max` elements to `out`, one behind the other.
  std::size_t drain(void* out, std::size_t max) noexcept;

  bool has_pending() const noexcept {
    // Observes every push whose read-modify-write comes before the consumer's announcement of its sleep, and all else
    // that its thread did before.
    return maybe_more_ || signal_.load(std::memory_order_seq_cst) != signal_seen_;
  }
  std::size_t size_approx() const noexcept { return reserved_.load(std::memory_order_relaxed); }
  std::size_t capacity() const noexcept { return capacity_; }

 protected:
  explicit InboxCore(std::size_t capacity) noexcept : capacity_(capacity) {}

  virtual bool enqueue(const void* element) noexcept = 0;
  virtual std::size_t dequeue(void* out, std::size_t max) noexcept = 0;

 private:
  const std::size_t capacity_;

  // Written by every producer.
  alignas(64) std::atomic<std::size_t> reserved_{
      0};  // Elements in the queue or about to be; bounds it.
  alignas(64) std::atomic<std::uint64_t> signal_{0};  // Pushes completed.

  // The consumer's.
  alignas(64) std::uint64_t signal_seen_ = 0;  // signal_ before the last look into the queue.
  bool maybe_more_ = false;                    // That look found something, so there may be more.
};

}  // namespace internal

// Memory blocks taken by all inboxes of the process so far: constant in a steady state.
std::uint64_t inbox_allocations() noexcept;

template <class T>
class Inbox {
  static_assert(
      std::is_trivially_copyable_v<T>,
      "a record that changes thread must be trivially copyable: use InlineString<N> for text");
  static_assert(sizeof(T) <= internal::InboxCore::kElementBytesMax,
                "a record pushed from outside is at most 256 bytes: push a handle or split it");

 public:
  // REQUIRES: capacity > 0. `producers` is how many threads to reserve memory for; there may be more.
  explicit Inbox(std::size_t capacity, std::size_t producers = 4)
      : core_(internal::InboxCore::make(sizeof(T), capacity, producers)) {}

  // Returns false, and keeps nothing, when `capacity` elements wait, or when memory for more is refused.
  // Close to the bound a racing push may be refused one element early.
  [[nodiscard]] bool push(const T& value) noexcept { return core_->push(&value); }

  // Moves the oldest elements of some threads to the front of `out` and returns how many: 0 when there are none.
  // Fewer than out.size() does not mean that no more wait.
  std::size_t drain(std::span<T> out) noexcept { return core_->drain(out.data(), out.size()); }

  // False only if a look now would find nothing. True until a drain has returned 0.
  bool has_pending() const noexcept { return core_->has_pending(); }

  std::size_t size_approx() const noexcept { return core_->size_approx(); }
  std::size_t capacity() const noexcept { return core_->capacity(); }

 private:
  std::unique_ptr<internal::InboxCore> core_;
};

}  // namespace penstock
