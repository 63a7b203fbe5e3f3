// io/json/number.h -- JSON numbers as text to integers and floating point, strictly by the grammar of RFC 8259.
//
// Integers   Digits with an optional '-'. `1.0` and `1e3` are numbers but not integers: a float that happens to be
//            whole today is a fraction tomorrow.
// Floats     Correctly rounded. Too large is an overflow; too small is zero, as rounding says.
// Cost       No allocation, no locale. Integers up to 16 digits take the same time whatever their length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "penstock/io/json/word.h"

namespace penstock::json {

enum class NumberOutcome : std::uint8_t { kOk, kNotThis, kOverflow };

// REQUIRES of all: 8 bytes past the end of `token` are readable. Only kOk changes `value`.
NumberOutcome parse_number(std::string_view token, std::int64_t& value) noexcept;
NumberOutcome parse_number(std::string_view token, std::uint64_t& value) noexcept;
NumberOutcome parse_number(std::string_view token, float& value) noexcept;
NumberOutcome parse_number(std::string_view token, double& value) noexcept;

namespace internal {

// For 17 digits and more.
NumberOutcome parse_long_integer(std::string_view digits, std::uint64_t& value) noexcept;

inline constexpr std::uint64_t kWordScale = 100'000'000;  // Ten to the number of digits in a word.

// REQUIRES: 1 <= size <= 8. False when a character is no digit.
inline bool parse_word(const char* digits, std::size_t size, std::uint64_t& value) noexcept {
  // What follows the digits is shifted out; the zeros that come in are leading ones.
  const std::uint64_t values = (load_word(digits) ^ repeat_byte('0')) << (8 * (kWordBytes - size));
  value = join_digits(values);
  return all_digits(values);
}

inline NumberOutcome parse_magnitude(std::string_view digits, std::uint64_t& value) noexcept {
  const std::size_t size = digits.size();
  if (size == 0 || (digits[0] == '0' && size > 1)) return NumberOutcome::kNotThis;
  if (size > 2 * kWordBytes) return parse_long_integer(digits, value);
  std::uint64_t low;
  if (size <= kWordBytes) {
    if (!parse_word(digits.data(), size, low)) return NumberOutcome::kNotThis;
    value = low;
    return NumberOutcome::kOk;
  }
  std::uint64_t high;
  const std::size_t high_size = size - kWordBytes;
  if (!parse_word(digits.data(), high_size, high) ||
      !parse_word(digits.data() + high_size, kWordBytes, low)) {
    return NumberOutcome::kNotThis;
  }
  value = high * kWordScale + low;
  return NumberOutcome::kOk;
}

}  // namespace internal

inline NumberOutcome parse_number(std::string_view token, std::uint64_t& value) noexcept {
  if (token.empty() || token[0] != '-') return internal::parse_magnitude(token, value);
  std::uint64_t magnitude;
  const NumberOutcome outcome = internal::parse_magnitude(token.substr(1), magnitude);
  if (outcome != NumberOutcome::kOk) return outcome;
  if (magnitude != 0) return NumberOutcome::kOverflow;
  value = 0;
  return outcome;
}

inline NumberOutcome parse_number(std::string_view token, std::int64_t& value) noexcept {
  const bool negative = !token.empty() && token[0] == '-';
  std::uint64_t magnitude;
  const NumberOutcome outcome =
      internal::parse_magnitude(token.substr(negative ? 1 : 0), magnitude);
  if (outcome != NumberOutcome::kOk) return outcome;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMax + (negative ? 1 : 0)) return NumberOutcome::kOverflow;
  value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return outcome;
}

}  // namespace penstock::json
