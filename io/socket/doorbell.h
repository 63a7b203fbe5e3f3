// io/socket/doorbell.h -- wakes a thread that waits for a socket, because there is something to look at or to end it.
//
// Threads    ring() and stop() from any thread, wait() from one.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "penstock/core/base/status.h"
#include "penstock/io/socket/descriptor.h"

namespace penstock {

class Doorbell {
 public:
  static constexpr std::chrono::milliseconds kForever{-1};

  static Result<std::unique_ptr<Doorbell>> make();

  void ring() noexcept;
  void stop() noexcept;
  bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }

  // Until `fd` has one of `events` (or an error), it rings or `timeout` is over; what `fd` has. -1: no descriptor.
  short wait(int fd, short events, std::chrono::milliseconds timeout) noexcept;
  // The whole time, unless it is stopped before: false then.
  bool sleep(std::chrono::milliseconds time) noexcept;

 private:
  explicit Doorbell(Descriptor bell) noexcept : bell_(std::move(bell)) {}

  Descriptor bell_;
  std::atomic<bool> stopping_{false};
};

}  // namespace penstock
