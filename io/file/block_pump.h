// io/file/block_pump.h -- a thread that reads a descriptor which may make it wait, and the queue of what it read.
//
// Threads    The queue's consumer is the owner. The pump's own thread reads; see core/base/helper_thread.h.
// Progress   The pump waits for input, and for room when the queue is full: then the pipe fills and its writer waits.
// Lifetime   The destructor ends the thread, also while it waits for input.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/file/block_queue.h"
#include "penstock/io/file/stream_log.h"

namespace penstock {

class BlockPump {
 public:
  // `name` is for messages. The clock and the waker outlive the pump; the descriptor stays the
  // caller's and is not closed. What `log` holds comes first; it may be null.
  static Result<std::unique_ptr<BlockPump>> start(int fd, std::string_view name, const Clock& clock,
                                                  Waker& waker, std::unique_ptr<StreamLog> log);
  ~BlockPump();
  BlockPump(const BlockPump&) = delete;
  BlockPump& operator=(const BlockPump&) = delete;

  BlockQueue& blocks() noexcept { return blocks_; }

 private:
  BlockPump(int fd, int stop_fd, std::string_view name, const Clock& clock, Waker& waker,
            std::unique_ptr<StreamLog> log)
      : fd_(fd), stop_fd_(stop_fd), name_(name), clock_(clock), blocks_(waker, std::move(log)) {}

  void run();
  // False when the pump shall end.
  bool replay_block();
  bool wait_for_input();
  bool read_block();
  void publish_end();

  const int fd_;
  const int stop_fd_;  // Readable when the pump shall end.
  const std::string name_;
  const Clock& clock_;
  BlockQueue blocks_;
  Status status_;
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock
