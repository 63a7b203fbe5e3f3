#include "penstock/core/base/cgroup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace penstock {
namespace {

constexpr std::uint64_t kWithoutLimit = ~std::uint64_t{0};

// Quotas and sets of processors: see cpu_test.cc.
class CgroupMemory : public testing::Test {
 protected:
  CgroupMemory()
      : root_(std::filesystem::path(testing::TempDir()) / ("cgroup-" + std::to_string(getpid()))) {
    std::filesystem::remove_all(root_);
  }
  ~CgroupMemory() override { std::filesystem::remove_all(root_); }

  void file(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text << "\n";
  }
  std::uint64_t bytes() const {
    return CgroupReader(*make_posix_file_system(), root_.string()).memory_bytes();
  }

  std::filesystem::path root_;
};

TEST_F(CgroupMemory, IsWithoutLimitWhereNothingSaysOtherwise) {
  EXPECT_EQ(bytes(), kWithoutLimit);
  file("proc/self/cgroup", "0::/job");
  file("sys/fs/cgroup/job/memory.max", "max");
  EXPECT_EQ(bytes(), kWithoutLimit);
  file("sys/fs/cgroup/job/memory.max", "lots");
  EXPECT_EQ(bytes(), kWithoutLimit);
}

TEST_F(CgroupMemory, IsTheLeastLimitOnTheWayUp) {
  file("proc/self/cgroup", "0::/slice/job");
  file("sys/fs/cgroup/slice/job/memory.max", "900000");
  file("sys/fs/cgroup/slice/memory.max", "500000");
  EXPECT_EQ(bytes(), 500'000u);
}

TEST_F(CgroupMemory, OfVersion1IsReadToo) {
  file("proc/self/cgroup", "4:memory:/job");
  file("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "700000");
  file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(bytes(), 700'000u);
}

}  // namespace
}  // namespace penstock
