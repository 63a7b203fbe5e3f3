// core/ring/parker.h -- how a worker sleeps until there is something to do, without ever missing a wake-up.
//
// Protocol   The owner announces its sleep, looks at every input once more, and sleeps only if all are empty:
//                parker.prepare_park();
//                if (any_input()) parker.cancel_park(); else parker.park_until(deadline);
//            A producer makes its element visible with a seq_cst store or read-modify-write, then calls
//            wake_if_parked(). Store, then load, on both sides, all seq_cst: at least one sees the other.
// Threads    prepare_park, cancel_park, park_until, park_for: the owner. The rest: any thread.
// Progress   wake_if_parked costs one load while the owner is awake. wake leaves a token when the owner is awake: its
//            next park returns at once, so a wake-up is never lost, at the price of one look too many.
// Cost       A wake is one system call, a sleep one or more.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "penstock/core/base/time.h"

namespace penstock {

enum class WakeReason { kWoken, kTimeout };

class Parker {
 public:
  Parker() noexcept = default;
  Parker(const Parker&) = delete;
  Parker& operator=(const Parker&) = delete;

  // Announces the sleep. Every input must be looked at after this, and cancel_park or park_* must follow.
  void prepare_park() noexcept {
    std::uint32_t expected = kRunning;
    // Stands before the owner's last look at its inputs. It fails when a token waits: then there will be no sleep.
    state_.compare_exchange_strong(expected, kParked, std::memory_order_seq_cst);
  }

  // Takes the announcement back. A token stays for the next park: whoever left it is owed one look.
  void cancel_park() noexcept {
    std::uint32_t expected = kParked;
    state_.compare_exchange_strong(expected, kRunning, std::memory_order_seq_cst);
  }

  // Sleeps until woken or until `deadline` (CLOCK_MONOTONIC; kNever for no limit). REQUIRES: prepare_park() before.
  WakeReason park_until(Instant deadline) noexcept;
  WakeReason park_for(std::chrono::nanoseconds timeout) noexcept;

  // After a seq_cst publication: wakes the owner if it sleeps or is about to. Returns whether it did.
  bool wake_if_parked() noexcept {
    if (state_.load(std::memory_order_seq_cst) != kParked) [[likely]]
      return false;
    return wake_parked();
  }

  // Unconditional, for threads that have nothing to publish with seq_cst: stop requests, callbacks of clients.
  void wake() noexcept;

  // Real sleeps and wake calls, that is system calls, since construction.
  std::uint64_t sleeps() const noexcept { return sleeps_.load(std::memory_order_relaxed); }
  std::uint64_t wakes() const noexcept { return wakes_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t kRunning = 0;
  static constexpr std::uint32_t kParked = 1;  // Asleep, or about to be.
  static constexpr std::uint32_t kToken = 2;   // A wake-up that has not been consumed.

  bool wake_parked() noexcept;
  void wake_sleeper() noexcept;

  alignas(64) std::atomic<std::uint32_t> state_{kRunning};  // The futex word.
  std::atomic<std::uint64_t> sleeps_{0};                    // Written by the owner.
  std::atomic<std::uint64_t> wakes_{0};                     // Written by whoever wakes.
};

}  // namespace penstock
