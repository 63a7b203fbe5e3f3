// io/json/word.h -- eight characters at a time: loads that may read past a text, and tests of all bytes of a word.
//
// The first character is the lowest byte, so this is for little-endian machines only.
// Cost       A few instructions each, no branches.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace penstock::json {

static_assert(std::endian::native == std::endian::little,
              "the first character must be the lowest byte");

inline constexpr std::size_t kWordBytes = 8;

constexpr std::uint64_t repeat_byte(unsigned char byte) noexcept {
  return 0x0101010101010101u * byte;
}

// REQUIRES: 8 bytes are readable at `at`.
inline std::uint64_t load_word(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline void store_word(char* at, std::uint64_t word) noexcept {
  std::memcpy(at, &word, sizeof word);
}

// Ones over the first `bytes` characters; all ones from 8 on.
constexpr std::uint64_t first_bytes_mask(std::size_t bytes) noexcept {
  return bytes >= kWordBytes ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes)) - 1;
}

// Not zero when some byte equals `byte`. May mark further bytes above a true one, never without one.
constexpr std::uint64_t find_byte(std::uint64_t word, unsigned char byte) noexcept {
  const std::uint64_t difference = word ^ repeat_byte(byte);
  return (difference - repeat_byte(0x01)) & ~difference & repeat_byte(0x80);
}

// True when each byte is between 0 and 9.
constexpr bool all_digits(std::uint64_t values) noexcept {
  // A byte of 128 and more may carry into its neighbour, but is then found out itself.
  return ((values | (values + repeat_byte(0x76))) & repeat_byte(0x80)) == 0;
}

// How many bytes, from the first on, are between 0 and 9.
constexpr std::size_t leading_digits(std::uint64_t values) noexcept {
  const std::uint64_t others = (values | (values + repeat_byte(0x76))) & repeat_byte(0x80);
  return static_cast<std::size_t>(std::countr_zero(others)) /
         8;  // A carry reaches only bytes behind the first other.
}

// The number that eight digits spell, given as values 0 to 9 with the first in the lowest byte.
constexpr std::uint64_t join_digits(std::uint64_t values) noexcept {
  values = values * 10 + (values >> 8);  // Pairs, in every second byte.
  constexpr std::uint64_t kPairs = 0x000000ff000000ff;
  const std::uint64_t high = (values & kPairs) * (1000000ull << 32 | 100);
  const std::uint64_t low = ((values >> 16) & kPairs) * (10000ull << 32 | 1);
  return (high + low) >> 32;
}

}  // namespace penstock::json
