// tests/harness/alloc_count.h -- how often operator new was called, by this thread and by the process.
//
// Linking alloc_count.cc replaces the global operator new and delete of the whole program; a program that calls one of
// these functions links it. Memory taken by malloc directly (C libraries) is not seen.
// Threads    Both may be called from any thread. The count of one's own thread is exact; that of the process counts
//            other threads up to about now.
// Cost       A thread-local and a relaxed atomic addition per allocation.
#pragma once

#include <cstdint>

namespace penstock {

// Both only grow: take one before, one after, and subtract.
std::uint64_t thread_allocations_so_far() noexcept;
std::uint64_t process_allocations_so_far() noexcept;

}  // namespace penstock
