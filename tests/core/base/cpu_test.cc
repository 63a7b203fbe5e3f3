#include "penstock/core/base/cpu.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/file_system.h"

namespace penstock {
namespace {

constexpr double kNoQuota = std::numeric_limits<double>::infinity();

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// A machine described by files in a directory of its own.
class Machine {
 public:
  Machine()
      : root_(std::filesystem::path(testing::TempDir()) /
              ("machine-" + std::to_string(::getpid()) + "-" + std::to_string(serial++))) {
    std::filesystem::remove_all(root_);
  }
  ~Machine() { std::filesystem::remove_all(root_); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Machine& file(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
    return *this;
  }
  Machine& siblings(int cpu, const std::string& list) {
    return file(
        "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list",
        list);
  }
  CpuLayout layout(const std::vector<int>& affinity) const {
    return read_cpu_layout(*make_posix_file_system(), root_.string(), affinity);
  }

 private:
  static inline int serial = 0;
  std::filesystem::path root_;
};

using Cores = std::vector<std::vector<int>>;

TEST(CpuLayout, CountsEveryAllowedCpuAsACoreOnAMachineThatSaysNothing) {
  const CpuLayout layout = Machine().layout({2, 0});
  EXPECT_EQ(layout.cores, (Cores{{0}, {2}}));
  EXPECT_EQ(layout.quota, kNoQuota);
}

TEST(CpuLayout, GroupsSiblingsAndLeavesOutWhatIsNotAllowed) {
  Machine machine;
  machine.siblings(0, "0,4").siblings(1, "1,5").siblings(4, "0,4").siblings(5, "1,5");
  EXPECT_EQ(machine.layout({0, 1, 4, 5}).cores, (Cores{{0, 4}, {1, 5}}));
  EXPECT_EQ(machine.layout({1, 4, 5}).cores, (Cores{{1, 5}, {4}}));
  EXPECT_EQ(machine.layout({0, 1, 4, 5}).allowed_cpus(), (std::vector<int>{0, 1, 4, 5}));
}

TEST(CpuLayout, ReadsQuotaAndCpusetOfVersion2) {
  Machine machine;
  machine.file("proc/self/cgroup", "0::/pods/one")
      .file("sys/fs/cgroup/pods/one/cpu.max", "250000 100000")
      .file("sys/fs/cgroup/pods/one/cpuset.cpus.effective", "1-2,6");
  const CpuLayout layout = machine.layout(numbers(8));
  EXPECT_EQ(layout.quota, 2.5);
  EXPECT_EQ(layout.cores, (Cores{{1}, {2}, {6}}));
  EXPECT_EQ(layout.usable_cores(), 2u);
}

TEST(CpuLayout, TakesTheSmallestQuotaAndTheNearestCpusetOnTheWayUp) {
  Machine machine;
  machine.file("proc/self/cgroup", "0::/a/b/c")
      .file("sys/fs/cgroup/a/b/c/cpu.max", "max 100000")
      .file("sys/fs/cgroup/a/b/cpu.max", "300000 100000")
      .file("sys/fs/cgroup/a/cpu.max", "100000 100000")
      .file("sys/fs/cgroup/a/b/cpuset.cpus.effective", "3")
      .file("sys/fs/cgroup/cpuset.cpus.effective", "0-7");
  const CpuLayout layout = machine.layout(numbers(8));
  EXPECT_EQ(layout.quota, 1.0);
  EXPECT_EQ(layout.cores, (Cores{{3}}));
}

TEST(CpuLayout, ReadsVersion1WhereControllersShareAMount) {
  Machine machine;
  machine.file("proc/self/cgroup", "5:cpuset:/set\n4:cpu,cpuacct:/pod\n0::/")
      .file("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us", "150000")
      .file("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_period_us", "50000")
      .file("sys/fs/cgroup/cpuset/set/cpuset.cpus", "0,2");
  const CpuLayout layout = machine.layout(numbers(4));
  EXPECT_EQ(layout.quota, 3.0);
  EXPECT_EQ(layout.cores, (Cores{{0}, {2}}));
}

// In a container of version 1 the path is the host's, and the mount is the container's own group.
TEST(CpuLayout, FindsTheLimitAtTheMountWhenThePathIsTheHosts) {
  Machine machine;
  machine.file("proc/self/cgroup", "4:cpu:/docker/0123")
      .file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000")
      .file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  const CpuLayout layout = machine.layout(numbers(4));
  EXPECT_EQ(layout.quota, 0.5);
  EXPECT_EQ(layout.usable_cores(), 1u);
}

TEST(CpuLayout, TakesBrokenDescriptionsForNoLimit) {
  for (const std::string text :
       {"", "x", "-1", "3-1", "0-4000000000", "0-99999999", ",,", "1-", "99999999999999999999"}) {
    Machine machine;
    machine.file("proc/self/cgroup", "no colons\n:\n0::/\n4:cpu:/")
        .file("sys/fs/cgroup/cpu.max", std::string(text).append(" ").append(text))
        .file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1")
        .file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "0")
        .file("sys/fs/cgroup/cpuset.cpus.effective", text)
        .siblings(0, text);
    const CpuLayout layout = machine.layout({0, 1});
    EXPECT_EQ(layout.cores, (Cores{{0}, {1}})) << text;
    EXPECT_EQ(layout.quota, kNoQuota) << text;
  }
}

TEST(CpuLayout, BelievesTheKernelWhenTheCpusetNamesOtherCpus) {
  Machine machine;
  machine.file("proc/self/cgroup", "0::/").file("sys/fs/cgroup/cpuset.cpus.effective", "8-9");
  EXPECT_EQ(machine.layout({0, 1}).cores, (Cores{{0}, {1}}));
}

CpuLayout plain_layout(int cores, double quota = kNoQuota) {
  CpuLayout layout;
  for (const int cpu : numbers(cores)) layout.cores.push_back({cpu});
  layout.quota = quota;
  return layout;
}

TEST(DefaultWorkerCount, LeavesOneCoreToTheRestAndTwoOnLargeMachines) {
  const std::vector<std::pair<int, std::size_t>> expected = {{1, 1}, {2, 1}, {3, 2},   {4, 3},
                                                             {8, 7}, {9, 7}, {16, 14}, {64, 62}};
  for (const auto& [cores, workers] : expected)
    EXPECT_EQ(default_worker_count(plain_layout(cores)), workers) << cores;
}

TEST(DefaultWorkerCount, CountsWhatTheQuotaPaysFor) {
  EXPECT_EQ(default_worker_count(plain_layout(64, 4.5)), 3u);
  EXPECT_EQ(default_worker_count(plain_layout(64, 0.1)), 1u);
}

std::vector<std::optional<int>> pinned(std::vector<int> cpus) { return {cpus.begin(), cpus.end()}; }

TEST(ChooseWorkerCpus, PutsTheWorkerOfTwoCoresOnTheSecondAndTheRestOnTheFirst) {
  const CpuPlan plan = choose_worker_cpus(plain_layout(2), 1);
  EXPECT_EQ(plan.worker_cpus, pinned({1}));
  EXPECT_EQ(plan.other_cpus, std::vector<int>{0});
}

TEST(ChooseWorkerCpus, TakesTheLowestCoresLast) {
  EXPECT_EQ(choose_worker_cpus(plain_layout(4), 3).worker_cpus, pinned({1, 2, 3}));
  EXPECT_EQ(choose_worker_cpus(plain_layout(4), 3).other_cpus, std::vector<int>{0});
  const CpuPlan all = choose_worker_cpus(plain_layout(2), 2);
  EXPECT_EQ(all.worker_cpus, pinned({1, 0}));
  EXPECT_EQ(all.other_cpus, (std::vector<int>{0, 1}));
  EXPECT_EQ(choose_worker_cpus(plain_layout(10), 9).worker_cpus,
            pinned({2, 3, 4, 5, 6, 7, 8, 9, 1}));
}

TEST(ChooseWorkerCpus, KeepsSiblingsOfWorkersFreeOfTheRestAndUsesThemLast) {
  CpuLayout layout;
  layout.cores = {{0, 4}, {1, 5}, {2, 6}, {3, 7}};
  const CpuPlan some = choose_worker_cpus(layout, 2);
  EXPECT_EQ(some.worker_cpus, pinned({1, 2}));
  EXPECT_EQ(some.other_cpus, (std::vector<int>{0, 4, 3, 7}));
  EXPECT_EQ(choose_worker_cpus(layout, 6).worker_cpus, pinned({1, 2, 3, 0, 5, 6}));
}

TEST(ChooseWorkerCpus, PinsNobodyWhenThereAreMoreWorkersThanCpus) {
  const CpuPlan plan = choose_worker_cpus(plain_layout(2), 3);
  EXPECT_EQ(plan.worker_cpus, std::vector<std::optional<int>>(3));
  EXPECT_EQ(plan.other_cpus, (std::vector<int>{0, 1}));
}

TEST(ChooseWorkerCpus, PinsNobodyUnderAQuotaBecauseStrangersShareTheCpus) {
  EXPECT_EQ(choose_worker_cpus(plain_layout(8, 4), 3).worker_cpus,
            std::vector<std::optional<int>>(3));
  EXPECT_EQ(choose_worker_cpus(plain_layout(4, 4), 1).worker_cpus, pinned({1}));
}

TEST(CurrentThread, IsPinnedWithinWhatTheProcessMayUse) {
  const std::vector<int> before = current_thread_cpus();
  ASSERT_FALSE(before.empty());
  const std::vector<int> allowed = read_cpu_layout().allowed_cpus();
  EXPECT_TRUE(std::includes(before.begin(), before.end(), allowed.begin(), allowed.end()));
  ASSERT_TRUE(pin_current_thread(before.back()).ok());
  EXPECT_EQ(current_thread_cpus(), std::vector<int>{before.back()});
  ASSERT_TRUE(pin_current_thread(before).ok());
  EXPECT_EQ(current_thread_cpus(), before);
  EXPECT_EQ(choose_worker_cpus(default_worker_count()).worker_cpus.size(), default_worker_count());
}

}  // namespace
}  // namespace penstock
