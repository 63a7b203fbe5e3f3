// core/row/uint256.h -- 256-bit numbers, as far as products and quotients of decimals need them.
//
// Cost        A product is four multiplications. A quotient is one division while the number fits in 128 bits, else
//             a loop over the bits.
#pragma once

#include <cstdint>

#include "penstock/core/row/decimal128.h"

namespace penstock::internal {

struct UInt256 {
  UInt128 low = 0;
  UInt128 high = 0;

  friend bool operator<(const UInt256& a, const UInt256& b) noexcept {
    return a.high != b.high ? a.high < b.high : a.low < b.low;
  }
  friend bool operator==(const UInt256&, const UInt256&) noexcept = default;
};

inline UInt256 multiply(UInt128 a, UInt128 b) noexcept {
  constexpr auto low_half = [](UInt128 x) { return x & UINT64_MAX; };
  const UInt128 low = low_half(a) * low_half(b);
  const UInt128 left = low_half(a) * (b >> 64);
  const UInt128 right = (a >> 64) * low_half(b);
  const UInt128 middle = (low >> 64) + low_half(left) + low_half(right);
  UInt256 product;
  product.low = middle << 64 | low_half(low);
  product.high = (a >> 64) * (b >> 64) + (left >> 64) + (right >> 64) + (middle >> 64);
  return product;
}

// False when the product leaves 256 bits.
inline bool multiply(const UInt256& a, UInt128 b, UInt256& out) noexcept {
  const UInt256 low = multiply(a.low, b);
  const UInt256 high = multiply(a.high, b);
  if (high.high != 0 || high.low + low.high < high.low) return false;
  out = {low.low, high.low + low.high};
  return true;
}

struct WideQuotient {
  UInt256 quotient;
  UInt128 remainder = 0;
};

// REQUIRES: 0 < divisor < 2^127, which holds for all decimals.
inline WideQuotient divide(const UInt256& value, UInt128 divisor) noexcept {
  if (value.high == 0) return {{value.low / divisor, 0}, value.low % divisor};
  WideQuotient result;
  result.quotient.high = value.high / divisor;
  UInt128 rest = value.high % divisor;
  for (int bit = 127; bit >= 0; --bit) {
    rest = rest << 1 | (value.low >> bit & 1);
    result.quotient.low <<= 1;
    if (rest < divisor) continue;
    rest -= divisor;
    result.quotient.low |= 1;
  }
  result.remainder = rest;
  return result;
}

// Rounded HALF_UP.
inline UInt256 divide_rounded(const UInt256& value, UInt128 divisor) noexcept {
  WideQuotient result = divide(value, divisor);
  if (result.remainder >= divisor - result.remainder && ++result.quotient.low == 0)
    ++result.quotient.high;
  return result.quotient;
}

}  // namespace penstock::internal
