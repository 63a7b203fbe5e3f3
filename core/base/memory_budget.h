// core/base/memory_budget.h -- how much memory the keyed state of a job may take, shared by all of its tasks.
//
// Who grows takes first and is refused what goes over the limit, so that a job whose keys have no end stops with a
// Status instead of being killed together with the process.
// Threads    Any. Cost: an atomic addition, paid when memory grows by a step, never per record.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "penstock/core/base/status.h"

namespace penstock {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit_bytes) noexcept : limit_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // False, and nothing taken: it would go over the limit.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    const std::uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= limit_) return true;
    give(bytes);
    refused_.store(true, std::memory_order_relaxed);
    return false;
  }
  void give(std::uint64_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::uint64_t used_bytes() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::uint64_t limit_bytes() const noexcept { return limit_; }
  bool has_refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<bool> refused_{false};
};

// kResourceExhausted: why there is no memory for `what`, and what to do. `budget` may be null.
Status no_state_memory(std::string_view what, const MemoryBudget* budget);

// What a job's keyed state may take where nobody has said: three quarters of what this process may have, which is the
// least of the machine's memory, its cgroup's, and its limits of data and of address space.
std::uint64_t default_state_bytes();

}  // namespace penstock
