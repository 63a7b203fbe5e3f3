// core/base/scheduler.h -- the only door to threads, so that a simulator can own who runs when.
//
// The engine hands bodies to a Scheduler and joins them; it starts no thread by itself. The real
// one gives each body a thread of the system. A simulated one may keep the bodies, or refuse them
// where an engine is stepped by hand.
// Threads    spawn() may be called from any thread; a handle belongs to one thread at a time.
// Errors     No thread to be had is a Status of spawn(). A CPU that cannot be pinned to is reported
//            by the handle and the body runs where the kernel puts it: a worker in the wrong place
//            is slow, not wrong.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "penstock/core/base/status.h"

namespace penstock {

struct ThreadOptions {
  std::string name;        // Shown by tools; the kernel keeps 15 bytes.
  std::optional<int> cpu;  // Pin to this CPU; else the mask of the spawning thread is inherited.
};

class ThreadHandle {
 public:
  virtual ~ThreadHandle() = default;  // Joins.
  // Waits until the body has returned. A second call does nothing.
  virtual void join() = 0;
  // Lets the thread end by itself, for its own body to call before it destroys the handle; join() then does nothing.
  virtual void detach() = 0;
  // How the pinning went; OK when none was asked for.
  virtual const Status& pin_status() const noexcept = 0;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // Runs `body` once, named and pinned before its first step. The body must not throw.
  virtual Result<std::unique_ptr<ThreadHandle>> spawn(ThreadOptions options,
                                                      std::function<void()> body) = 0;
};

// Threads of the operating system. No state: one per engine or one per process makes no difference.
std::unique_ptr<Scheduler> make_thread_scheduler();

}  // namespace penstock
