#include "penstock/core/ring/parker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace penstock {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
                  sizeof(std::atomic<std::uint32_t>) == 4,
              "the kernel reads the word itself");

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// False when the deadline has passed; true for every other return, also those without a reason.
bool futex_wait_until(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                      Instant deadline) noexcept {
  timespec at{};
  at.tv_sec = deadline.nanos / kNanosPerSecond;
  at.tv_nsec = deadline.nanos % kNanosPerSecond;
  // WAIT_BITSET, not WAIT: only it takes an absolute time, of CLOCK_MONOTONIC.
  const long result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                              deadline == kNever ? nullptr : &at, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

Instant monotonic_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return {now.tv_sec * kNanosPerSecond + now.tv_nsec};
}

}  // namespace

WakeReason Parker::park_until(Instant deadline) noexcept {
  const Instant not_negative =
      deadline.nanos < 0 ? Instant{0} : deadline;  // The kernel refuses negative times.
  bool in_time = true;
  while (in_time && state_.load(std::memory_order_seq_cst) == kParked) {
    sleeps_.store(sleeps_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    in_time = futex_wait_until(state_, kParked, not_negative);
  }
  // Consumes the token, and observes what the waker wrote before it left it.
  const std::uint32_t before = state_.exchange(kRunning, std::memory_order_seq_cst);
  return before == kToken ? WakeReason::kWoken : WakeReason::kTimeout;
}

WakeReason Parker::park_for(std::chrono::nanoseconds timeout) noexcept {
  const Instant now = monotonic_now();
  const bool forever = timeout >= kNever - now;
  return park_until(forever ? kNever : now + timeout);
}

bool Parker::wake_parked() noexcept {
  std::uint32_t expected = kParked;
  // One waker per sleep wins; the others need not enter the kernel. Publishes the waker's writes to the owner.
  if (!state_.compare_exchange_strong(expected, kToken, std::memory_order_seq_cst)) return false;
  wake_sleeper();
  return true;
}

void Parker::wake() noexcept {
  if (state_.exchange(kToken, std::memory_order_seq_cst) == kParked) wake_sleeper();
}

void Parker::wake_sleeper() noexcept {
  wakes_.fetch_add(1, std::memory_order_relaxed);
  syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace penstock
