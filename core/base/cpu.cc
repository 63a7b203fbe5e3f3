#include "penstock/core/base/cpu.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace penstock {
namespace {

// CPU sets of any size: the fixed cpu_set_t ends at 1024 and then fails with EINVAL.
inline constexpr int kCpusMax = 1 << 16;

struct FreeCpuSet {
  void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
};
using CpuSet = std::unique_ptr<cpu_set_t, FreeCpuSet>;

CpuSet make_cpu_set(int cpus_max) {
  CpuSet set(CPU_ALLOC(static_cast<std::size_t>(cpus_max)));
  PENSTOCK_CHECK(set != nullptr);
  CPU_ZERO_S(CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus_max)), set.get());
  return set;
}

}  // namespace

std::vector<int> current_thread_cpus() {
  for (int cpus_max = 1024; cpus_max <= kCpusMax; cpus_max *= 4) {
    const CpuSet set = make_cpu_set(cpus_max);
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus_max));
    if (sched_getaffinity(0, bytes, set.get()) != 0) continue;
    std::vector<int> cpus;
    for (int cpu = 0; cpu < cpus_max; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes, set.get())) cpus.push_back(cpu);
    }
    if (!cpus.empty()) return cpus;
  }
  return {0};
}

Status pin_current_thread(std::span<const int> cpus) {
  PENSTOCK_CHECK(!cpus.empty());
  const auto [lowest, highest] = std::minmax_element(cpus.begin(), cpus.end());
  if (*lowest < 0 || *highest >= kCpusMax) {
    return Status::invalid_argument("cannot pin a thread to CPU " +
                                    std::to_string(*lowest < 0 ? *lowest : *highest) +
                                    ": no such number");
  }
  const CpuSet set = make_cpu_set(*highest + 1);
  const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(*highest) + 1);
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), bytes, set.get());
  if (sched_setaffinity(0, bytes, set.get()) == 0) return Status();
  std::string place = "cannot pin a thread to CPU";
  for (const int cpu : cpus) place += " " + std::to_string(cpu);
  return Status::from_errno(errno, place);
}

Status pin_current_thread(int cpu) { return pin_current_thread(std::span<const int>(&cpu, 1)); }

void set_thread_name(const std::string& name) noexcept {
  char kept[16] = {};
  name.copy(kept, sizeof kept - 1);
  pthread_setname_np(pthread_self(), kept);  // Fails for nothing but length.
}

}  // namespace penstock
