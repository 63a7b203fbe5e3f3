// io/file/block_pump.h -- a thread that reads a descriptor which may make it wait, and a short queue of what it read.
//
// Threads    take() belongs to one consumer; the pump's own thread reads. One lock per block, none per record.
// Lifetime   The destructor ends the thread, also while it waits for input.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/source.h"

namespace penstock {

struct Block {
  std::string bytes;
  Instant arrival;
};

class BlockPump {
 public:
  static constexpr std::size_t kBlocksMax = 64;

  // Both outlive the pump.
  BlockPump(int fd, const Clock& clock, Waker& waker);
  ~BlockPump();
  BlockPump(const BlockPump&) = delete;
  BlockPump& operator=(const BlockPump&) = delete;

  std::optional<Block> take();
  // No block waits and none will come; why, if it was not the end of the input.
  bool ended();
  Status status();

 private:
  void run();
  // False when the pump shall end.
  bool wait_readable();
  bool read_block();

  int fd_;
  int stop_fd_;  // Readable when the pump shall end.
  const Clock& clock_;
  Waker& waker_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Block> blocks_;
  Status status_;
  bool at_end_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penstock
