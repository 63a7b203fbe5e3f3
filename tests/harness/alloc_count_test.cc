#include "penstock/tests/harness/alloc_count.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace penstock {
namespace {

// The compiler may remove a pair of new and delete that nothing observes.
template <class T>
void keep(T* memory) {
  asm volatile("" : : "r"(memory) : "memory");
}

TEST(AllocCount, CountsEveryFormOfNew) {
  struct alignas(128) Wide {
    char bytes[128];
  };
  const std::uint64_t before = thread_allocations_so_far();
  auto one = std::make_unique<int>(1);
  keep(one.get());
  auto array = std::make_unique<int[]>(10);
  keep(array.get());
  auto wide = std::make_unique<Wide>();
  keep(wide.get());
  auto wide_array = std::make_unique<Wide[]>(3);
  keep(wide_array.get());
  std::unique_ptr<int> nothrow(new (std::nothrow) int(2));
  keep(nothrow.get());
  std::unique_ptr<int[]> nothrow_array(new (std::nothrow) int[3]);
  keep(nothrow_array.get());
  EXPECT_EQ(thread_allocations_so_far() - before, 6u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide.get()) % 128, 0u);
}

TEST(AllocCount, StandsStillWhileNothingIsAllocated) {
  std::vector<int> numbers;
  numbers.reserve(100);
  const std::uint64_t before = process_allocations_so_far();
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  EXPECT_EQ(process_allocations_so_far(), before);
  numbers.push_back(100);
  EXPECT_EQ(process_allocations_so_far(), before + 1);
}

TEST(AllocCount, KeepsThreadsApartAndTheProcessTogether) {
  const std::uint64_t process_before = process_allocations_so_far();
  std::uint64_t own_count = 0;
  std::uint64_t other_count = 0;
  std::thread other([&] {
    const std::uint64_t before = thread_allocations_so_far();
    for (int i = 0; i < 1000; ++i) keep(std::make_unique<int>(i).get());
    other_count = thread_allocations_so_far() - before;
  });
  const std::uint64_t own_before = thread_allocations_so_far();
  other.join();
  own_count = thread_allocations_so_far() - own_before;
  EXPECT_EQ(other_count, 1000u);
  EXPECT_EQ(own_count, 0u);
  EXPECT_GE(process_allocations_so_far() - process_before, 1000u);
}

}  // namespace
}  // namespace penstock
