// io/file/block_pump.h -- a thread that reads a descriptor which may make it wait, and a short
// queue of what it read.
//
// Threads    front, release and ended belong to one consumer; the pump's own thread reads, with all
//            signals blocked and on the CPUs of the process, not on that of a pinned caller. It
//            calls Waker::wake after each block and at the end.
// Ownership  Blocks are reused: nothing is allocated once each has been filled for the first time.
// Progress   The consumer never waits. The pump waits for input, and for room when kBlocksMax
//            blocks are full: then the pipe fills and its writer waits, as it should.
// Lifetime   The destructor ends the thread, also while it waits for input.
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

#include "penstock/core/base/clock.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/source.h"

namespace penstock {

struct Block {
  std::vector<char> memory;
  std::size_t size = 0;
  Instant arrival;  // When it was read.

  std::string_view bytes() const noexcept { return {memory.data(), size}; }
};

class BlockPump {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  static constexpr std::size_t kBlocksMax = 16;

  // `name` is for messages. The clock and the waker outlive the pump; the descriptor stays the
  // caller's and is not closed.
  static Result<std::unique_ptr<BlockPump>> start(int fd, std::string_view name, const Clock& clock,
                                                  Waker& waker);
  ~BlockPump();
  BlockPump(const BlockPump&) = delete;
  BlockPump& operator=(const BlockPump&) = delete;

  // The oldest block that waits, lent until release(); null when none does.
  const Block* front() const noexcept;
  // REQUIRES: front() is not null.
  void release() noexcept;
  // No block waits and none will come.
  bool ended() const noexcept;
  // REQUIRES: ended(). Why, if it was not the end of the input.
  const Status& status() const noexcept { return status_; }

 private:
  BlockPump(int fd, int stop_fd, std::string_view name, const Clock& clock, Waker& waker)
      : fd_(fd), stop_fd_(stop_fd), name_(name), clock_(clock), waker_(waker) {}

  void run();
  // False when the pump shall end.
  bool wait_for_room();
  bool wait_for_input();
  bool read_block();

  const int fd_;
  const int stop_fd_;  // Readable when the pump shall end.
  const std::string name_;
  const Clock& clock_;
  Waker& waker_;

  std::array<Block, kBlocksMax> blocks_;
  std::atomic<std::uint64_t> filled_{0};
  std::atomic<std::uint64_t> released_{0};
  std::atomic<bool> at_end_{false};
  Status status_;  // Written by the pump before at_end_.

  std::mutex mutex_;  // Only for the sleep of a pump without room.
  std::condition_variable room_;
  std::atomic<bool> wants_room_{false};
  bool stopping_ = false;  // Under mutex_.
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock
