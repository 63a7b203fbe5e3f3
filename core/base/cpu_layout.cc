// The parts of cpu.h that read the machine's description; nothing here changes a thread.
#include <algorithm>
#include <iterator>
#include <utility>

#include "penstock/core/base/cgroup.h"
#include "penstock/core/base/cpu.h"
#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

// Groups `allowed` by physical core. A CPU whose siblings are unknown counts as a core.
std::vector<std::vector<int>> group_by_core(FileSystem& files, const std::string& root,
                                            std::vector<int> allowed) {
  std::vector<std::vector<int>> cores;
  while (!allowed.empty()) {
    const int cpu = allowed.front();
    const std::string path = root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                             "/topology/thread_siblings_list";
    std::vector<int> siblings = parse_cpu_list(read_small_file(files, path).value_or(""));
    if (!std::binary_search(siblings.begin(), siblings.end(), cpu)) siblings = {cpu};
    std::vector<int> rest;
    std::set_difference(allowed.begin(), allowed.end(), siblings.begin(), siblings.end(),
                        std::back_inserter(rest));
    std::vector<int> core;
    std::set_difference(allowed.begin(), allowed.end(), rest.begin(), rest.end(),
                        std::back_inserter(core));
    cores.push_back(std::move(core));
    allowed = std::move(rest);
  }
  return cores;
}

}  // namespace

CpuLayout read_cpu_layout(FileSystem& files, const std::string& root,
                          std::span<const int> affinity) {
  PENSTOCK_CHECK(!affinity.empty());
  std::vector<int> allowed(affinity.begin(), affinity.end());
  std::sort(allowed.begin(), allowed.end());
  const CgroupReader cgroup(files, root);
  const std::vector<int> cpuset = cgroup.cpuset();
  std::vector<int> both;
  std::set_intersection(allowed.begin(), allowed.end(), cpuset.begin(), cpuset.end(),
                        std::back_inserter(both));
  // Nothing in common means that the description is of another machine: what the kernel says wins.
  if (both.empty()) both = std::move(allowed);
  CpuLayout layout;
  layout.cores = group_by_core(files, root, std::move(both));
  layout.quota = cgroup.quota();
  return layout;
}

CpuLayout read_cpu_layout() {
  const auto files = make_posix_file_system();
  return read_cpu_layout(*files, "", current_thread_cpus());
}

}  // namespace penstock
