#include "penstock/core/ring/inbox.h"

#include <concurrentqueue/concurrentqueue.h>

#include <cstdlib>
#include <cstring>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

std::atomic<std::uint64_t> allocations{0};

struct QueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  // In blocks of 32 elements: a producer with more than 8192 waiting elements grows its index, once.
  // NOLINTNEXTLINE(readability-identifier-naming): the library looks for it.
  static const std::size_t IMPLICIT_INITIAL_INDEX_SIZE = 256;

  static void* malloc(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(bytes);
  }
  static void free(void* memory) { std::free(memory); }
};

template <std::size_t kBytes>
struct Block {
  alignas(16) std::byte bytes[kBytes];
};

// Copies the front of each block that is assigned through it to the next place of an array of smaller elements.
template <std::size_t kBytes>
class Unpacker {
 public:
  Unpacker(void* out, std::size_t element_bytes) noexcept
      : out_(static_cast<std::byte*>(out)), element_bytes_(element_bytes) {}

  Unpacker& operator*() noexcept { return *this; }
  Unpacker& operator++() noexcept {
    out_ += element_bytes_;
    return *this;
  }
  Unpacker operator++(int) noexcept {
    Unpacker before = *this;
    ++*this;
    return before;
  }
  Unpacker& operator=(Block<kBytes>&& block) noexcept {
    std::memcpy(out_, block.bytes, element_bytes_);
    return *this;
  }
  Unpacker(const Unpacker&) noexcept = default;
  Unpacker& operator=(const Unpacker&) noexcept = default;

 private:
  std::byte* out_;
  std::size_t element_bytes_;
};

template <std::size_t kBytes>
class QueueInbox final : public internal::InboxCore {
 public:
  QueueInbox(std::size_t element_bytes, std::size_t capacity, std::size_t producers)
      : InboxCore(capacity),
        element_bytes_(element_bytes),
        queue_(capacity + kBlockElements, 0, producers),
        consumer_(queue_) {
    touch_memory(capacity);
  }

 private:
  static constexpr std::size_t kBlockElements = QueueTraits::BLOCK_SIZE;

  bool enqueue(const void* element) noexcept override {
    Block<kBytes> block;
    std::memcpy(block.bytes, element, element_bytes_);
    return queue_.enqueue(block);
  }

  std::size_t dequeue(void* out, std::size_t max) noexcept override {
    return queue_.try_dequeue_bulk(consumer_, Unpacker<kBytes>(out, element_bytes_), max);
  }

  // The queue takes its blocks from the allocator untouched; the first records should not pay for the page faults.
  void touch_memory(std::size_t capacity) {
    for (std::size_t i = 0; i < capacity; ++i) PENSTOCK_CHECK(queue_.enqueue(Block<kBytes>{}));
    Block<kBytes> discarded;
    for (std::size_t i = 0; i < capacity; ++i)
      PENSTOCK_CHECK(queue_.try_dequeue(consumer_, discarded));
  }

  const std::size_t element_bytes_;
  moodycamel::ConcurrentQueue<Block<kBytes>, QueueTraits> queue_;
  moodycamel::ConsumerToken consumer_;
};

}  // namespace

std::uint64_t inbox_allocations() noexcept { return allocations.load(std::memory_order_relaxed); }

namespace internal {

std::unique_ptr<InboxCore> InboxCore::make(std::size_t element_bytes, std::size_t capacity,
                                           std::size_t producers) {
  PENSTOCK_CHECK(element_bytes <= kElementBytesMax && capacity > 0);
  if (element_bytes <= 16)
    return std::make_unique<QueueInbox<16>>(element_bytes, capacity, producers);
  if (element_bytes <= 32)
    return std::make_unique<QueueInbox<32>>(element_bytes, capacity, producers);
  if (element_bytes <= 64)
    return std::make_unique<QueueInbox<64>>(element_bytes, capacity, producers);
  if (element_bytes <= 128)
    return std::make_unique<QueueInbox<128>>(element_bytes, capacity, producers);
  return std::make_unique<QueueInbox<256>>(element_bytes, capacity, producers);
}

bool InboxCore::push(const void* element) noexcept {
  // Only bounds the queue: it publishes nothing.
  if (reserved_.fetch_add(1, std::memory_order_relaxed) >= capacity_ || !enqueue(element)) {
    reserved_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  // Publishes the element, and stands before the look at the consumer's announcement that follows: the queue's own
  // stores promise neither to a consumer that is about to sleep.
  signal_.fetch_add(1, std::memory_order_seq_cst);
  return true;
}

std::size_t InboxCore::drain(void* out, std::size_t max) noexcept {
  if (max == 0 || !has_pending()) return 0;
  // Read before the look, so that a push during the look is seen as news.
  signal_seen_ = signal_.load(std::memory_order_seq_cst);
  const std::size_t count = dequeue(out, max);
  maybe_more_ = count != 0;
  if (count != 0) reserved_.fetch_sub(count, std::memory_order_relaxed);
  return count;
}

}  // namespace internal
}  // namespace penstock
