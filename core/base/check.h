// core/base/check.h -- assertions that stop the process before corrupt state can spread.
//
// PENSTOCK_CHECK stays in every build and belongs on cold paths; PENSTOCK_DCHECK vanishes under NDEBUG and may
// stand on hot ones. Both guard our own invariants only: no input and no user code may be able to fail one.
#pragma once

namespace penstock::internal {

// Prints "FILE:LINE: check failed: EXPRESSION" to standard error and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* expression) noexcept;

}  // namespace penstock::internal

#define PENSTOCK_CHECK(condition)                       \
  (__builtin_expect(static_cast<bool>(condition), true) \
       ? static_cast<void>(0)                           \
       : ::penstock::internal::check_failed(__FILE__, __LINE__, #condition))

#ifdef NDEBUG
#define PENSTOCK_DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#else
#define PENSTOCK_DCHECK(condition) PENSTOCK_CHECK(condition)
#endif
