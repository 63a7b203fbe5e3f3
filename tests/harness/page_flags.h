// tests/harness/page_flags.h -- what the kernel has been told about memory of this process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace penstock::test {

// Whether there is a kernel here that joins pages.
inline bool kernel_joins_pages() {
  return std::filesystem::exists("/sys/kernel/mm/transparent_hugepage");
}

// Whether the mapping with this address is one whose pages the kernel leaves as they are.
inline bool keeps_its_pages(const void* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t dash = line.find('-');
    if (dash != std::string::npos && dash < line.find(' ')) {
      here = std::stoull(line, nullptr, 16) <= address &&
             address < std::stoull(line.substr(dash + 1), nullptr, 16);
    }
    if (here && line.starts_with("VmFlags:")) return line.find(" nh") != std::string::npos;
  }
  return false;
}

}  // namespace penstock::test
