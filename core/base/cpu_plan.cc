// The part of cpu.h that decides who runs where: pure functions of the layout.
#include <algorithm>
#include <cmath>

#include "penstock/core/base/cpu.h"

namespace penstock {
namespace {

// Cores left to everything that is not a worker.
std::size_t cores_for_others(std::size_t cores) noexcept {
  if (cores == 1) return 0;
  return cores <= 8 ? 1 : 2;
}

// Core numbers in the order in which workers take them.
std::vector<std::size_t> core_order(std::size_t cores) {
  std::vector<std::size_t> order;
  const std::size_t kept = cores_for_others(cores);
  for (std::size_t core = kept; core < cores; ++core) order.push_back(core);
  for (std::size_t core = kept; core > 0; --core) order.push_back(core - 1);
  return order;
}

// Every allowed CPU in the order in which workers take them: one of each core before the second of
// any.
std::vector<int> cpu_order(const CpuLayout& layout) {
  const std::vector<std::size_t> cores = core_order(layout.cores.size());
  std::vector<int> order;
  for (std::size_t sibling = 0;; ++sibling) {
    const std::size_t before = order.size();
    for (const std::size_t core : cores) {
      const std::vector<int>& cpus = layout.cores[core];
      if (sibling < cpus.size()) order.push_back(cpus[sibling]);
    }
    if (order.size() == before) return order;
  }
}

}  // namespace

std::vector<int> CpuLayout::allowed_cpus() const {
  std::vector<int> cpus;
  for (const std::vector<int>& core : cores) cpus.insert(cpus.end(), core.begin(), core.end());
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

std::size_t CpuLayout::usable_cores() const noexcept {
  const double exist = static_cast<double>(cores.size());
  return static_cast<std::size_t>(std::max(1.0, std::min(exist, std::floor(quota))));
}

std::size_t default_worker_count(const CpuLayout& layout) {
  const std::size_t cores = layout.usable_cores();
  return cores - cores_for_others(cores);
}

std::size_t default_worker_count() { return default_worker_count(read_cpu_layout()); }

CpuPlan choose_worker_cpus(const CpuLayout& layout, std::size_t workers) {
  const std::vector<int> order = cpu_order(layout);
  CpuPlan plan{std::vector<std::optional<int>>(workers), layout.allowed_cpus()};
  if (workers > order.size() || layout.quota < static_cast<double>(order.size())) return plan;
  std::copy_n(order.begin(), workers, plan.worker_cpus.begin());

  std::vector<int> free;
  for (const std::vector<int>& core : layout.cores) {
    const bool taken = std::any_of(core.begin(), core.end(), [&](int cpu) {
      return std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(workers), cpu) !=
             order.begin() + static_cast<std::ptrdiff_t>(workers);
    });
    if (!taken) free.insert(free.end(), core.begin(), core.end());
  }
  if (!free.empty()) plan.other_cpus = std::move(free);
  return plan;
}

CpuPlan choose_worker_cpus(std::size_t workers) {
  return choose_worker_cpus(read_cpu_layout(), workers);
}

}  // namespace penstock
