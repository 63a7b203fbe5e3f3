// tests/harness/call_count.h -- how often a thread took a lock, read a clock, or made a system call.
//
// Linking call_count.cc puts counters in front of the C library's lock and clock functions for the whole program; a
// program that calls one of these functions links it. System calls are counted by a filter of the kernel on threads
// that ask for it. Locks that the C library takes inside its own functions are not seen.
// Threads    Each thread has its own counts.
// Cost       A thread-local addition per lock and clock reading; a signal per counted system call.
#pragma once

#include <cstdint>

#include "penstock/core/base/status.h"

namespace penstock {

// A sanitizer puts its own functions in front of these.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
inline constexpr bool kCallsAreCounted = true;
#else
inline constexpr bool kCallsAreCounted = false;
#endif

// Each only grows: take one before, one after, and subtract.
struct CallCounts {
  std::uint64_t locks = 0;        // Mutexes and the like, also those that were free.
  std::uint64_t clock_reads = 0;  // Also those that make no system call.
  // Since count_system_calls_of_this_thread(); without readings of the clock, which are above.
  std::uint64_t system_calls = 0;

  friend CallCounts operator-(const CallCounts& after, const CallCounts& before) noexcept {
    return {after.locks - before.locks, after.clock_reads - before.clock_reads,
            after.system_calls - before.system_calls};
  }
};

CallCounts thread_calls_so_far() noexcept;

// From now on until the thread ends; the calls work as before. Not OK where the kernel refuses.
Status count_system_calls_of_this_thread();

}  // namespace penstock
