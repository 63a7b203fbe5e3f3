// state/growable_memory.h -- one contiguous array of zeros that grows in place, a small step at a time.
//
// Address space for the largest size is reserved at once and costs nothing; pages are made present when extend()
// reaches them. So growth never copies, pointers stay valid, and element n is at data() + n * size: no directory.
// Ownership  Owns its pages; move-only.
// Threads    One owner at a time.
// Cost       extend() is a comparison until it passes what is present; then a step of 64 KiB, 20 us on a small VM.
//            Huge pages are taken only for what is present from the start: while records flow, each would stall for
//            0.2 to 6 ms, also those that the kernel makes of small ones (keep_pages()). At 10 M keys they halve the
//            time of a lookup.
// Budget     Where one is given, all that is present is taken from it, and given back with it.
// Errors     Too little memory, or budget: false, and nothing changed. Where the process may have little address space
//            (RLIMIT_AS), less than asked for is reserved, and growth ends there.
#pragma once

#include <cstddef>
#include <utility>

#include "penstock/core/base/memory_budget.h"

namespace penstock {

class GrowableMemory {
 public:
  GrowableMemory() noexcept = default;  // Empty; extend() fails.
  GrowableMemory(GrowableMemory&& other) noexcept { swap(other); }
  GrowableMemory& operator=(GrowableMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~GrowableMemory() { release(); }

  // Replaces what was there by up to `bytes_max` zeros, of which `bytes_present` are usable at once.
  // REQUIRES: bytes_present <= bytes_max, bytes_max > 0; the budget outlives it.
  [[nodiscard]] bool reserve(std::size_t bytes_max, std::size_t bytes_present,
                             MemoryBudget* budget = nullptr) noexcept;

  // Makes the first `bytes` usable.
  [[nodiscard]] bool extend(std::size_t bytes) noexcept {
    return bytes <= present_ || extend_slowly(bytes);
  }
  // Gives back most pages of [0, bytes), which are not used again.
  void drop_front(std::size_t bytes) noexcept {
    if (bytes >= dropped_ + drop_step_) drop_slowly(bytes);
  }
  // Gives back a step of pages from the end, of those beyond the first `bytes` and what was present from the start;
  // they are zeros when they come again. False: there are none.
  bool shrink(std::size_t bytes) noexcept {
    return present_ >= bytes + 2 * kShrinkBytes && shrink_slowly(bytes);
  }
  void release() noexcept;

  std::byte* data() const noexcept { return data_; }
  std::size_t present_bytes() const noexcept { return present_; }
  std::size_t resident_bytes() const noexcept { return present_ - dropped_; }

 private:
  static constexpr std::size_t kShrinkBytes = std::size_t{256} << 10;

  bool extend_slowly(std::size_t bytes) noexcept;
  void drop_slowly(std::size_t bytes) noexcept;
  bool shrink_slowly(std::size_t bytes) noexcept;
  bool make_present(std::size_t bytes) noexcept;
  void swap(GrowableMemory& other) noexcept;

  std::byte* data_ = nullptr;
  std::size_t present_ = 0;
  std::size_t present_min_ = 0;
  std::size_t dropped_ = 0;
  std::size_t drop_step_ = 0;
  std::size_t max_ = 0;
  std::byte* mapping_ =
      nullptr;  // As returned by the system; data_ is its first multiple of a huge page.
  std::size_t mapping_bytes_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace penstock
