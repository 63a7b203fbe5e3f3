// core/base/prefetch.h -- asks for a cache line ahead of its use.
//
// GCC 12 takes a function that does nothing but prefetch for one without effect and deletes the calls to it. The empty
// statement keeps it; keyed counting takes twice as long without.
#pragma once

namespace penstock::internal {

inline void prefetch(const void* address) noexcept {
  __builtin_prefetch(address);
  asm volatile("");
}

inline void prefetch_for_write(const void* address) noexcept {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

// Whether lines that another core has read are asked for before they are written. Copying 2 KiB from core to core takes
// a third of the time then on Intel's (Sapphire Rapids). On AMD's (Milan) lines that are written as a whole need not be
// fetched, and asking for an exchange's slots showed no gain.
inline bool asks_before_writing() noexcept {
#if defined(__x86_64__)
  static const bool kIsIntel = __builtin_cpu_is("intel");
  return kIsIntel;
#else
  return false;
#endif
}

}  // namespace penstock::internal
