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

}  // namespace penstock::internal
