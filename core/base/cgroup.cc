#include "penstock/core/base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace penstock {
namespace {

constexpr int kCpusListedMax =
    1 << 16;  // A broken list such as "0-4000000000" must not fill memory.

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
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

std::optional<double> share(std::string_view quota_text, std::string_view period_text) {
  const auto quota = parse<std::int64_t>(quota_text);
  const auto period = parse<std::int64_t>(period_text);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

std::optional<std::string> read_small_file(FileSystem& files, const std::string& path) {
  auto file = files.open_for_reading(path);
  if (!file.ok()) return std::nullopt;
  std::string text(16384, '\0');  // Files of /proc and /sys do not know their size.
  const auto count = (*file)->read_at(0, text);
  if (!count.ok()) return std::nullopt;
  text.resize(*count);
  text.erase(text.find_last_not_of(" \n\t") + 1);
  return text;
}

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

CgroupReader::CgroupReader(FileSystem& files, const std::string& root)
    : files_(files),
      mount_(root + "/sys/fs/cgroup"),
      memberships_(read_small_file(files, root + "/proc/self/cgroup").value_or("")) {}

template <class Visit>
void CgroupReader::visit_version_2(Visit visit) const {
  if (const auto path = cgroup_path(memberships_, ""))
    visit_cgroup_and_ancestors(mount_, *path, visit);
}

template <class Visit>
void CgroupReader::visit_version_1(std::string_view controller, const std::string& directory,
                                   Visit visit) const {
  if (const auto path = cgroup_path(memberships_, controller))
    visit_cgroup_and_ancestors(mount_ + "/" + directory, *path, visit);
}

double CgroupReader::quota() const {
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

std::vector<int> CgroupReader::cpuset() const {
  std::vector<int> cpus;
  const auto keep_first = [&](const std::string& path) {
    if (cpus.empty()) cpus = parse_cpu_list(read_small_file(files_, path).value_or(""));
  };
  visit_version_2(
      [&](const std::string& directory) { keep_first(directory + "/cpuset.cpus.effective"); });
  visit_version_1("cpuset", "cpuset", [&](const std::string& directory) {
    keep_first(directory + "/cpuset.effective_cpus");
    keep_first(directory + "/cpuset.cpus");
  });
  return cpus;
}

std::uint64_t CgroupReader::memory_bytes() const {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  // "max", and version 1's number of almost 2^63, mean none.
  const auto keep = [&](const std::string& path) {
    const auto limit = parse<std::uint64_t>(read_small_file(files_, path).value_or(""));
    if (limit && *limit > 0) least = std::min(least, *limit);
  };
  visit_version_2([&](const std::string& directory) { keep(directory + "/memory.max"); });
  visit_version_1("memory", "memory", [&](const std::string& directory) {
    keep(directory + "/memory.limit_in_bytes");
  });
  return least;
}

// "QUOTA PERIOD" in microseconds, where QUOTA may be "max".
std::optional<double> CgroupReader::quota_of_version_2(const std::string& directory) const {
  const std::string text = read_small_file(files_, directory + "/cpu.max").value_or("");
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return share(text.substr(0, space), text.substr(space + 1));
}

// A quota of -1 means none.
std::optional<double> CgroupReader::quota_of_version_1(const std::string& directory) const {
  return share(read_small_file(files_, directory + "/cpu.cfs_quota_us").value_or(""),
               read_small_file(files_, directory + "/cpu.cfs_period_us").value_or(""));
}

}  // namespace penstock
