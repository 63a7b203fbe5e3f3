#include "penstock/tests/harness/alloc_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace penstock {
namespace {

constinit thread_local std::uint64_t thread_allocations = 0;
constinit std::atomic<std::uint64_t> process_allocations{0};

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  ++thread_allocations;
  process_allocations.fetch_add(1,
                                std::memory_order_relaxed);  // A count: it publishes nothing else.
  if (size == 0) size = 1;  // Every object has an address of its own.
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return std::malloc(size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* memory = allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kPlain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
constexpr std::size_t bytes(std::align_val_t alignment) {
  return static_cast<std::size_t>(alignment);
}

}  // namespace

std::uint64_t thread_allocations_so_far() noexcept { return thread_allocations; }
std::uint64_t process_allocations_so_far() noexcept {
  return process_allocations.load(std::memory_order_relaxed);
}

}  // namespace penstock

// Every form is replaced: the library's array and nothrow forms would call these, those of a sanitizer would not.
using penstock::allocate;
using penstock::allocate_or_throw;
using penstock::bytes;
using penstock::kPlain;
using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t size) { return allocate_or_throw(size, kPlain); }
void* operator new[](size_t size) { return allocate_or_throw(size, kPlain); }
void* operator new(size_t size, align_val_t to) { return allocate_or_throw(size, bytes(to)); }
void* operator new[](size_t size, align_val_t to) { return allocate_or_throw(size, bytes(to)); }
void* operator new(size_t size, const nothrow_t&) noexcept { return allocate(size, kPlain); }
void* operator new[](size_t size, const nothrow_t&) noexcept { return allocate(size, kPlain); }
void* operator new(size_t size, align_val_t to, const nothrow_t&) noexcept {
  return allocate(size, bytes(to));
}
void* operator new[](size_t size, align_val_t to, const nothrow_t&) noexcept {
  return allocate(size, bytes(to));
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, align_val_t, const nothrow_t&) noexcept { std::free(memory); }
