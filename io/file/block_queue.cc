#include "penstock/io/file/block_queue.h"

#include <utility>

#include "penstock/io/file/stream_log.h"

namespace penstock {

BlockQueue::BlockQueue(Waker& waker, std::unique_ptr<StreamLog> log)
    : waker_(waker), log_(std::move(log)) {}

BlockQueue::~BlockQueue() = default;

bool BlockQueue::wait_for_room() {
  const std::uint64_t filled = filled_.load(std::memory_order_relaxed);
  if (filled - released_.load(std::memory_order_acquire) < kBlocksMax) return true;
  std::unique_lock lock(mutex_);
  wants_room_.store(true);
  room_.wait(lock, [&] { return stopping_ || filled - released_.load() < kBlocksMax; });
  wants_room_.store(false);
  return !stopping_;
}

Block& BlockQueue::back() {
  Block& block = blocks_[filled_.load(std::memory_order_relaxed) % kBlocksMax];
  block.memory.resize(kBlockBytes);
  block.size = 0;
  block.broken_off.clear();
  return block;
}

Status BlockQueue::publish() {
  Status logged;
  if (log_ != nullptr)
    logged = log_->append(blocks_[filled_.load(std::memory_order_relaxed) % kBlocksMax]);
  if (logged.ok()) hand_on();
  return logged;
}

Result<bool> BlockQueue::publish_from_log() {
  if (log_ == nullptr) return false;
  Result<bool> more = log_->replay(back());
  if (more.ok() && *more) hand_on();
  return more;
}

void BlockQueue::hand_on() noexcept {
  filled_.store(filled_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  waker_.wake();
}

void BlockQueue::end(Status status) noexcept {
  status_ = std::move(status);
  at_end_.store(true, std::memory_order_release);
  waker_.wake();
}

void BlockQueue::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
}

const Block* BlockQueue::front() const noexcept {
  const std::uint64_t released = released_.load(std::memory_order_relaxed);
  if (filled_.load(std::memory_order_acquire) == released) return nullptr;
  return &blocks_[released % kBlocksMax];
}

void BlockQueue::release() noexcept {
  // Sequentially consistent with wants_room_: either the producer sees the room or we see its wish.
  released_.fetch_add(1);
  if (!wants_room_.load()) return;
  const std::lock_guard lock(mutex_);
  room_.notify_one();
}

bool BlockQueue::ended() const noexcept {
  return at_end_.load(std::memory_order_acquire) && front() == nullptr;
}

}  // namespace penstock
