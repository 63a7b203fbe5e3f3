// core/base/memory.h -- memory that is taken at start and is really there: the first touch costs no
// page fault later.
//
// Ownership  A PrefaultedBuffer owns its pages and gives them back when destroyed. Move-only.
// Threads    Pages come from the NUMA node of the thread that allocates: let the one that will read
//            them most do it.
// Cost       About 0.1 s per GiB; from 2 MiB on, huge pages are asked for, which saves table
//            lookups a miss per access. After that the memory costs nothing: see keep_pages().
// Errors     Too little memory is a Status. A machine without huge pages or pre-faulting is served
//            without them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "penstock/core/base/status.h"

namespace penstock {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

class PrefaultedBuffer {
 public:
  PrefaultedBuffer() noexcept = default;  // Empty.

  // `bytes` zeros, aligned to kPageBytes and, from kHugePageBytes on, to that. 0 bytes make an
  // empty buffer.
  static Result<PrefaultedBuffer> allocate(std::size_t bytes);

  PrefaultedBuffer(PrefaultedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  PrefaultedBuffer& operator=(PrefaultedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~PrefaultedBuffer();

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }  // As asked for.

 private:
  PrefaultedBuffer(std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Pages of [at, at + bytes) stay as they are: the kernel does not join small ones into huge ones. It
// would do so while records flow, and who touches one meanwhile waits; a worker waited for 20 to 45 ms
// on a VM, some seconds after its state had been made. Pages that are huge stay huge.
void keep_pages(std::byte* at, std::size_t bytes) noexcept;

// Physical memory that this process holds now; 0 when the system does not say.
std::uint64_t current_rss_bytes();

}  // namespace penstock
