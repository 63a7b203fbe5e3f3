// core/base/cpu.h -- which CPUs this process may use, which of them its workers get, and how a
// thread is put on one.
//
// A CPU is a number as the kernel counts; a core is a physical one and may show up as several CPUs
// (SMT siblings).
// Threads    All functions may be called from any thread.
// Errors     Nothing here stops a job: what cannot be read is taken as "no limit", a failed pin is
//            a Status.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock {

class FileSystem;

struct CpuLayout {
  // The CPUs of each core that affinity and cgroup permit. Never empty; both levels ascending.
  std::vector<std::vector<int>> cores;
  // CPU seconds per second that the cgroup grants.
  double quota = std::numeric_limits<double>::infinity();

  std::vector<int> allowed_cpus() const;
  // How many cores can be kept busy: as many as exist and the quota pays for, at least 1.
  std::size_t usable_cores() const noexcept;
};

// Of this process, now.
CpuLayout read_cpu_layout();
// Of a machine whose /proc and /sys are found under `root`, for a process that `affinity` allows on
// these CPUs.
CpuLayout read_cpu_layout(FileSystem& files, const std::string& root,
                          std::span<const int> affinity);

// One worker for each usable core less what the rest of the process needs: nothing on 1 core, else
// one core, and two from 9 cores on; at least 1.
std::size_t default_worker_count(const CpuLayout& layout);
std::size_t default_worker_count();

struct CpuPlan {
  // One entry per worker. No value: leave that worker unpinned.
  std::vector<std::optional<int>> worker_cpus;
  // For every other thread: what shares no core with a worker or, if that is nothing, all allowed
  // CPUs. Threads inherit it from the control thread, so restrict that one before a client library
  // starts its own.
  std::vector<int> other_cpus;
};

// Gives each worker a core of its own, the lowest cores last, since the rest of the process runs
// there; then SMT siblings. All are left unpinned when there are more workers than CPUs, or when a
// quota grants less than the CPUs could give: they are then shared with strangers, and a pinned
// thread could not step aside.
CpuPlan choose_worker_cpus(const CpuLayout& layout, std::size_t workers);
CpuPlan choose_worker_cpus(std::size_t workers);

// The CPUs that the kernel lets the calling thread run on; ascending, never empty.
std::vector<int> current_thread_cpus();

Status pin_current_thread(int cpu);
// REQUIRES: cpus is not empty.
Status pin_current_thread(std::span<const int> cpus);

// What `top -H` and debuggers show; the kernel keeps the first 15 bytes.
void set_thread_name(const std::string& name) noexcept;

// Tells the core that this is a spin loop: saves power and leaves the sibling more of the core.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace penstock
