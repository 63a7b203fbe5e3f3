// core/base/cgroup.h -- what the cgroups of this process grant it: processors and memory.
//
// Reads version 2, version 1, and a machine that has both. `root` is put before every path, for tests.
// Errors     What is absent or malformed grants everything: these are limits, not requirements.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/file_system.h"

namespace penstock {

class CgroupReader {
 public:
  CgroupReader(FileSystem& files, const std::string& root);

  // CPU seconds per second: the smallest quota on the way up, since each ancestor limits too.
  double quota() const;
  // The CPUs of the nearest group that says so, ascending; nothing when none does.
  std::vector<int> cpuset() const;
  // The least limit of memory on the way up; all there is when there is none.
  std::uint64_t memory_bytes() const;

 private:
  template <class Visit>
  void visit_version_2(Visit visit) const;
  template <class Visit>
  void visit_version_1(std::string_view controller, const std::string& directory,
                       Visit visit) const;
  std::optional<double> quota_of_version_2(const std::string& directory) const;
  std::optional<double> quota_of_version_1(const std::string& directory) const;

  FileSystem& files_;
  std::string mount_;
  std::string memberships_;
};

// "0-3,8,10-11" in ascending order; empty when malformed.
std::vector<int> parse_cpu_list(std::string_view text);

// The content of a small file, without the white space at its end; nothing when it cannot be read.
std::optional<std::string> read_small_file(FileSystem& files, const std::string& path);

}  // namespace penstock
