// The parts of cpu.h that read the machine's description; nothing here changes a thread.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

#include "penstock/core/base/cpu.h"
#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

constexpr int kCpusListedMax =
    1 << 16;  // A broken list such as "0-4000000000" must not fill memory.

// The content of a small file, without the white space at its end; nothing when it cannot be read.
std::optional<std::string> read_text(FileSystem& files, const std::string& path) {
  auto file = files.open_for_reading(path);
  if (!file.ok()) return std::nullopt;
  std::string text(16384, '\0');  // Files of /proc and /sys do not know their size.
  const auto count = (*file)->read_at(0, text);
  if (!count.ok()) return std::nullopt;
  text.resize(*count);
  text.erase(text.find_last_not_of(" \n\t") + 1);
  return text;
}

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "0-3,8,10-11" in ascending order; empty when malformed.
std::vector<int> parse_cpu_list(std::string_view text) {
  std::vector<int> cpus;
  while (!text.empty()) {
    const std::string_view range = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto first = parse<int>(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse<int>(range.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last >= kCpusListedMax) return {};
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

// The path of this process in the hierarchy of `controller` (version 1), or of version 2 when that
// is empty. Lines read "4:cpu,cpuacct:/some/path" and "0::/some/path".
std::optional<std::string> cgroup_path(std::string_view memberships, std::string_view controller) {
  while (!memberships.empty()) {
    const std::string_view line = memberships.substr(0, memberships.find('\n'));
    memberships.remove_prefix(std::min(memberships.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string names = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const bool matches = controller.empty()
                             ? names == ",,"
                             : names.find("," + std::string(controller) + ",") != std::string::npos;
    if (matches) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// Calls visit(directory) for the cgroup and each of its ancestors up to the mount. In a container
// the path may be the host's and not exist here; the mount itself then is the container's own
// group.
template <class Visit>
void visit_cgroup_and_ancestors(const std::string& mount, std::string path, Visit visit) {
  while (!path.empty() && path != "/") {
    visit(mount + path);
    path.erase(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
  }
  visit(mount);
}

class CgroupReader {
 public:
  CgroupReader(FileSystem& files, const std::string& root)
      : files_(files),
        mount_(root + "/sys/fs/cgroup"),
        memberships_(read_text(files, root + "/proc/self/cgroup").value_or("")) {}

  // The smallest quota on the way up, since each ancestor limits too.
  double quota() const {
    double smallest = std::numeric_limits<double>::infinity();
    const auto keep = [&smallest](std::optional<double> quota) {
      if (quota && *quota > 0) smallest = std::min(smallest, *quota);
    };
    visit_version_2([&](const std::string& directory) { keep(quota_of_version_2(directory)); });
    for (const char* name : {"cpu", "cpu,cpuacct"}) {
      visit_version_1("cpu", name,
                      [&](const std::string& directory) { keep(quota_of_version_1(directory)); });
    }
    return smallest;
  }

  // The CPUs of the nearest group that says so; nothing when none does.
  std::vector<int> cpuset() const {
    std::vector<int> cpus;
    const auto keep_first = [&](const std::string& path) {
      if (cpus.empty()) cpus = parse_cpu_list(read_text(files_, path).value_or(""));
    };
    visit_version_2(
        [&](const std::string& directory) { keep_first(directory + "/cpuset.cpus.effective"); });
    visit_version_1("cpuset", "cpuset", [&](const std::string& directory) {
      keep_first(directory + "/cpuset.effective_cpus");
      keep_first(directory + "/cpuset.cpus");
    });
    return cpus;
  }

 private:
  template <class Visit>
  void visit_version_2(Visit visit) const {
    if (const auto path = cgroup_path(memberships_, ""))
      visit_cgroup_and_ancestors(mount_, *path, visit);
  }
  template <class Visit>
  void visit_version_1(std::string_view controller, const std::string& directory,
                       Visit visit) const {
    if (const auto path = cgroup_path(memberships_, controller)) {
      visit_cgroup_and_ancestors(mount_ + "/" + directory, *path, visit);
    }
  }

  // "QUOTA PERIOD" in microseconds, where QUOTA may be "max".
  std::optional<double> quota_of_version_2(const std::string& directory) const {
    const std::string text = read_text(files_, directory + "/cpu.max").value_or("");
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) return std::nullopt;
    return share(text.substr(0, space), text.substr(space + 1));
  }
  // A quota of -1 means none.
  std::optional<double> quota_of_version_1(const std::string& directory) const {
    return share(read_text(files_, directory + "/cpu.cfs_quota_us").value_or(""),
                 read_text(files_, directory + "/cpu.cfs_period_us").value_or(""));
  }
  static std::optional<double> share(std::string_view quota_text, std::string_view period_text) {
    const auto quota = parse<std::int64_t>(quota_text);
    const auto period = parse<std::int64_t>(period_text);
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
    return static_cast<double>(*quota) / static_cast<double>(*period);
  }

  FileSystem& files_;
  std::string mount_;
  std::string memberships_;
};

// Groups `allowed` by physical core. A CPU whose siblings are unknown counts as a core.
std::vector<std::vector<int>> group_by_core(FileSystem& files, const std::string& root,
                                            std::vector<int> allowed) {
  std::vector<std::vector<int>> cores;
  while (!allowed.empty()) {
    const int cpu = allowed.front();
    const std::string path = root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                             "/topology/thread_siblings_list";
    std::vector<int> siblings = parse_cpu_list(read_text(files, path).value_or(""));
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
