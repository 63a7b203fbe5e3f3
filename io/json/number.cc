#include "penstock/io/json/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>

#include "penstock/io/json/word.h"

namespace penstock::json {
namespace {

// A number taken apart: mantissa * 10 ^ exponent, exact as long as `digits` is at most 19.
struct Decimal {
  std::uint64_t mantissa = 0;
  std::int64_t exponent = 0;
  std::size_t digits = 0;  // Leading zeros are not counted when there are too many to be exact.
  bool negative = false;
};

constexpr std::size_t kExactDigitsMax = 19;

// A word at a time: lengths vary from number to number, and a loop over digits would be mispredicted at each end.
inline void take_digits(const char*& at, const char* end, Decimal& out) noexcept {
  constexpr std::uint64_t kScales[] = {
      1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, internal::kWordScale};
  for (;;) {
    const std::uint64_t values = load_word(at) ^ repeat_byte('0');
    const std::size_t count = std::min(leading_digits(values), static_cast<std::size_t>(end - at));
    if (count == 0) return;
    out.mantissa =
        out.mantissa * kScales[count] + join_digits(values << (8 * (kWordBytes - count)));
    at += count;
    if (count < kWordBytes) return;
  }
}

std::size_t leading_zeros(std::string_view digits) noexcept {
  std::size_t zeros = 0;
  for (const char c : digits) {
    if (c == '0') ++zeros;
    if (c != '0' && c != '.') break;
  }
  return zeros;
}

bool take_exponent(const char*& at, const char* end, std::int64_t& exponent) noexcept {
  ++at;
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  const char* start = at;
  std::int64_t read = 0;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) {
    // Larger than the size of any record, so no mantissa can make up for it.
    if (read < 1'000'000'000'000) read = read * 10 + (*at - '0');
  }
  exponent += negative ? -read : read;
  return at != start;
}

// False when the token is not a JSON number.
inline bool take_apart(std::string_view token, Decimal& out) noexcept {
  const char* at = token.data();
  const char* const end = at + token.size();
  out.negative = at != end && *at == '-';
  if (out.negative) ++at;
  const char* const whole = at;
  take_digits(at, end, out);
  if (at == whole || (*whole == '0' && at - whole > 1)) return false;
  out.digits = static_cast<std::size_t>(at - whole);
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    take_digits(at, end, out);
    if (at == fraction) return false;
    out.exponent = fraction - at;
    out.digits += static_cast<std::size_t>(at - fraction);
  }
  if (out.digits > kExactDigitsMax) [[unlikely]]
    out.digits -= leading_zeros({whole, at});
  if (at != end && (*at == 'e' || *at == 'E') && !take_exponent(at, end, out.exponent))
    return false;
  return at == end;
}

// Powers of ten that the type holds exactly, and the mantissas that it does: one multiplication or division of two
// exact values rounds once, so it is correct.
template <class Float>
struct Exact;
template <>
struct Exact<double> {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  static constexpr std::int64_t kExponentMax = 22;
};
template <>
struct Exact<float> {
  static constexpr float kPowers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f,
                                      1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
  static constexpr std::int64_t kExponentMax = 10;
};

template <class Float>
[[gnu::noinline]] NumberOutcome parse_hard(std::string_view token, const Decimal& decimal,
                                           Float& value) noexcept {
  Float parsed = 0;
  const std::from_chars_result result =
      std::from_chars(token.data(), token.data() + token.size(), parsed);
  if (result.ec == std::errc() && std::isfinite(parsed)) {
    value = parsed;
    return NumberOutcome::kOk;
  }
  // Infinity or zero: the place of the first digit that counts tells which.
  const std::size_t zeros =
      decimal.digits > kExactDigitsMax ? 0 : leading_zeros(token.substr(decimal.negative ? 1 : 0));
  const std::int64_t magnitude =
      static_cast<std::int64_t>(decimal.digits - zeros) + decimal.exponent;
  if (decimal.digits > zeros && magnitude > 0) return NumberOutcome::kOverflow;
  value = decimal.negative ? -Float{0} : Float{0};
  return NumberOutcome::kOk;
}

template <class Float>
NumberOutcome parse_float(std::string_view token, Float& value) noexcept {
  Decimal decimal;
  if (!take_apart(token, decimal)) return NumberOutcome::kNotThis;
  constexpr std::uint64_t kMantissaMax = std::uint64_t{1} << std::numeric_limits<Float>::digits;
  constexpr std::int64_t kExponentMax = Exact<Float>::kExponentMax;
  if (decimal.digits > kExactDigitsMax || decimal.mantissa > kMantissaMax ||
      decimal.exponent > kExponentMax || decimal.exponent < -kExponentMax) [[unlikely]] {
    return parse_hard(token, decimal, value);
  }
  const auto mantissa = static_cast<Float>(decimal.mantissa);
  const Float magnitude = decimal.exponent < 0 ? mantissa / Exact<Float>::kPowers[-decimal.exponent]
                                               : mantissa * Exact<Float>::kPowers[decimal.exponent];
  value = decimal.negative ? -magnitude : magnitude;
  return NumberOutcome::kOk;
}

}  // namespace

namespace internal {

NumberOutcome parse_long_integer(std::string_view digits, std::uint64_t& value) noexcept {
  std::uint64_t sum = 0;
  bool overflow = false;
  for (const char c : digits) {
    if (c < '0' || c > '9') return NumberOutcome::kNotThis;
    overflow |= __builtin_mul_overflow(sum, std::uint64_t{10}, &sum);
    overflow |= __builtin_add_overflow(sum, static_cast<std::uint64_t>(c - '0'), &sum);
  }
  if (overflow) return NumberOutcome::kOverflow;
  value = sum;
  return NumberOutcome::kOk;
}

}  // namespace internal

NumberOutcome parse_number(std::string_view token, float& value) noexcept {
  return parse_float(token, value);
}

NumberOutcome parse_number(std::string_view token, double& value) noexcept {
  return parse_float(token, value);
}

}  // namespace penstock::json
