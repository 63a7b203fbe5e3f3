#include "penstock/state/growable_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "penstock/core/base/check.h"
#include "penstock/core/base/memory.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; older headers lack it, older kernels answer EINVAL.
#endif

namespace penstock {
namespace {

constexpr std::size_t kStepBytes = std::size_t{64} << 10;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

// What one array may reserve of the address space that the process may have: an operator has several.
std::size_t address_bytes_max() noexcept {
#ifdef __SANITIZE_THREAD__
  return std::size_t{4} << 30;  // Its programs have little more than a terabyte of addresses.
#else
  constexpr std::size_t kArrays = 32;
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return ~std::size_t{0};
  return limit.rlim_cur / kArrays;
#endif
}

}  // namespace

bool GrowableMemory::reserve(std::size_t bytes_max, std::size_t bytes_present,
                             MemoryBudget* budget) noexcept {
  PENSTOCK_CHECK(bytes_max > 0 && bytes_present <= bytes_max);
  release();
  budget_ = budget;
  const bool huge = bytes_present >= kHugePageBytes;
  const std::size_t step = huge ? kHugePageBytes : kStepBytes;
  const std::size_t wanted = std::max(std::min(bytes_max, address_bytes_max()), bytes_present);
  const std::size_t bytes = round_up(wanted, step);
  void* mapped = ::mmap(nullptr, bytes + kHugePageBytes, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  mapping_ = static_cast<std::byte*>(mapped);
  mapping_bytes_ = bytes + kHugePageBytes;
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(mapped) % kHugePageBytes;
  data_ = mapping_ + (misaligned == 0 ? 0 : kHugePageBytes - misaligned);
  max_ = bytes;
  drop_step_ = step;
  const std::size_t present = round_up(bytes_present, step);
  // Advice: a kernel without huge pages refuses it, and small pages serve as well.
  if (huge) static_cast<void>(::madvise(data_, present, MADV_HUGEPAGE));
  if (make_present(present)) {
    keep_pages(data_, max_);
    present_min_ = present_;
    return true;
  }
  release();
  return false;
}

bool GrowableMemory::extend_slowly(std::size_t bytes) noexcept {
  if (bytes > max_) return false;
  return make_present(std::min(round_up(bytes, kStepBytes), max_));
}

bool GrowableMemory::make_present(std::size_t bytes) noexcept {
  if (bytes <= present_) return true;
  std::byte* from = data_ + present_;
  const std::size_t count = bytes - present_;
  if (budget_ != nullptr && !budget_->take(count)) return false;
  // EINVAL: the kernel cannot do it in one call; pages then come with their first use.
  if (::mprotect(from, count, PROT_READ | PROT_WRITE) != 0 ||
      (::madvise(from, count, MADV_POPULATE_WRITE) != 0 && errno != EINVAL)) {
    if (budget_ != nullptr) budget_->give(count);
    return false;
  }
  present_ = bytes;
  return true;
}

bool GrowableMemory::shrink_slowly(std::size_t bytes) noexcept {
  const std::size_t step = std::max(drop_step_, kShrinkBytes);
  const std::size_t kept =
      std::max({round_up(bytes, drop_step_), present_min_, present_ - std::min(present_, step)});
  if (kept >= present_) return false;
  const std::size_t count = present_ - kept;
  if (::madvise(data_ + kept, count, MADV_DONTNEED) != 0) return false;
  if (budget_ != nullptr) budget_->give(count);
  present_ = kept;
  return true;
}

void GrowableMemory::drop_slowly(std::size_t bytes) noexcept {
  const std::size_t until = bytes / drop_step_ * drop_step_;
  static_cast<void>(::madvise(data_ + dropped_, until - dropped_, MADV_DONTNEED));
  if (budget_ != nullptr) budget_->give(until - dropped_);
  dropped_ = until;
}

void GrowableMemory::release() noexcept {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
  if (budget_ != nullptr) budget_->give(resident_bytes());
  mapping_ = nullptr;
  data_ = nullptr;
  budget_ = nullptr;
  mapping_bytes_ = present_ = present_min_ = dropped_ = drop_step_ = max_ = 0;
}

void GrowableMemory::swap(GrowableMemory& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(present_, other.present_);
  std::swap(present_min_, other.present_min_);
  std::swap(dropped_, other.dropped_);
  std::swap(drop_step_, other.drop_step_);
  std::swap(max_, other.max_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_bytes_, other.mapping_bytes_);
  std::swap(budget_, other.budget_);
}

}  // namespace penstock
