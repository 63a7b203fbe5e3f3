// io/file/block_queue.h -- a short queue of blocks of bytes from a thread that waits for input to the task that reads.
//
// Log        With a StreamLog a block is durable in it before the consumer sees it. A new producer first publishes what
//            the log holds: publish_from_log() until it says that this is all.
// Threads    One producer (wait_for_room, back, publish, end), one consumer (front, release, ended). stop() from any.
// Ownership  Blocks are reused: nothing is allocated once each has been filled for the first time.
// Progress   The consumer never waits. The producer waits for room when kBlocksMax blocks are full: it then leaves its
//            input unread, and who writes that has to wait, as it should. It wakes the consumer after each block.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/source.h"

namespace penstock {

class StreamLog;

struct Block {
  std::vector<char> memory;
  std::size_t size = 0;
  Instant arrival;  // When it was read.
  // Not empty: the stream broke off behind these bytes, for this reason; what comes next does not continue them.
  std::string broken_off;

  std::string_view bytes() const noexcept { return {memory.data(), size}; }
};

class BlockQueue {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  static constexpr std::size_t kBlocksMax = 16;

  // The waker outlives the queue. `log` may be null: then nothing is kept.
  explicit BlockQueue(Waker& waker, std::unique_ptr<StreamLog> log = nullptr);
  ~BlockQueue();

  // False when the producer shall end.
  bool wait_for_room();
  // REQUIRES: wait_for_room() said true since the last publish(). Empty, with kBlockBytes of memory.
  Block& back();
  // An error is one of the log: nothing was published, and nothing may be any more.
  Status publish();
  // REQUIRES: as back(), and no publish() before. False: all has been published.
  Result<bool> publish_from_log();
  bool logs() const noexcept { return log_ != nullptr; }
  // Nothing comes after it. `status` says why, if it was not the end of the input.
  void end(Status status) noexcept;
  // Ends a wait for room.
  void stop() noexcept;

  // The oldest block that waits, lent until release(); null when none does.
  const Block* front() const noexcept;
  // REQUIRES: front() is not null.
  void release() noexcept;
  // No block waits and none will come.
  bool ended() const noexcept;
  // REQUIRES: ended().
  const Status& status() const noexcept { return status_; }

 private:
  void hand_on() noexcept;

  Waker& waker_;
  std::unique_ptr<StreamLog> log_;
  std::array<Block, kBlocksMax> blocks_;
  std::atomic<std::uint64_t> filled_{0};
  std::atomic<std::uint64_t> released_{0};
  std::atomic<bool> at_end_{false};
  Status status_;  // Written by the producer before at_end_.

  std::mutex mutex_;  // Only for the sleep of a producer without room.
  std::condition_variable room_;
  std::atomic<bool> wants_room_{false};
  bool stopping_ = false;  // Under mutex_.
};

}  // namespace penstock
