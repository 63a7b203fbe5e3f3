#include "penstock/core/base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <limits>
#include <string>

#include "penstock/core/base/file_system.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14; older headers lack it, older kernels answer EINVAL.
#endif

namespace penstock {
namespace {

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

Status no_memory(int error_number, std::size_t bytes) {
  return Status::from_errno(error_number,
                            "cannot reserve " + std::to_string(bytes) +
                                " bytes of memory; use smaller rings or fewer workers");
}

// A mapping of `bytes`, which starts at a multiple of `alignment`; null with errno set on failure.
// REQUIRES: both are multiples of the page.
std::byte* map_aligned(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t slack = alignment - kPageBytes;
  void* mapped =
      ::mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* start = static_cast<std::byte*>(mapped);
  const std::size_t skipped =
      (alignment - reinterpret_cast<std::uintptr_t>(start) % alignment) % alignment;
  if (skipped > 0) ::munmap(start, skipped);
  if (slack > skipped) ::munmap(start + skipped + bytes, slack - skipped);
  return start + skipped;
}

// Makes every page present. Returns 0 or an errno.
int populate(std::byte* data, std::size_t bytes) noexcept {
  if (::madvise(data, bytes, MADV_POPULATE_WRITE) == 0) return 0;
  if (errno != EINVAL) return errno;
  for (std::size_t at = 0; at < bytes; at += kPageBytes) {
    *reinterpret_cast<volatile std::byte*>(data + at) = std::byte{0};
  }
  return 0;
}

}  // namespace

Result<PrefaultedBuffer> PrefaultedBuffer::allocate(std::size_t bytes) {
  if (bytes == 0) return PrefaultedBuffer();
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) return no_memory(ENOMEM, bytes);
  const bool large = bytes >= kHugePageBytes;
  const std::size_t mapped = round_up(bytes, kPageBytes);
  std::byte* data = map_aligned(mapped, large ? kHugePageBytes : kPageBytes);
  if (data == nullptr) return no_memory(errno, bytes);
  PrefaultedBuffer buffer(data, bytes);
  // Advice: a kernel built without huge pages refuses it, and small pages do as well.
  if (large) static_cast<void>(::madvise(data, mapped, MADV_HUGEPAGE));
  if (const int error_number = populate(data, mapped); error_number != 0)
    return no_memory(error_number, bytes);
  keep_pages(data, mapped);
  return buffer;
}

PrefaultedBuffer::~PrefaultedBuffer() {
  if (data_ != nullptr) ::munmap(data_, round_up(size_, kPageBytes));
}

void keep_pages(std::byte* at, std::size_t bytes) noexcept {
  // Advice: a kernel without huge pages refuses it, and joins none.
  static_cast<void>(::madvise(at, bytes, MADV_NOHUGEPAGE));
}

std::uint64_t current_rss_bytes() {
  const auto file = make_posix_file_system()->open_for_reading("/proc/self/statm");
  if (!file.ok()) return 0;
  char text[128] = {};
  const auto count = file.value()->read_at(0, text);
  if (!count.ok()) return 0;
  // "TOTAL RESIDENT SHARED ...", in pages of the machine.
  const std::string_view line(text, *count);
  const std::size_t space = line.find(' ');
  std::uint64_t pages = 0;
  if (space != std::string_view::npos) std::from_chars(text + space + 1, text + *count, pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace penstock
