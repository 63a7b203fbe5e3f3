// core/base/hash.h -- 64-bit hashes that are equal on every machine and in every version.
//
// key_hash(key) decides which task owns a key, and snapshots depend on it: golden values in the
// tests guard it. It knows integers, bool, enums, text and the types of core/base; for a type of
// your own, write next to it
//     std::uint64_t penstock_hash(const Account& a) noexcept {
//       return hash_fields(a.bank, a.number);
//     }
// Equal numbers of different widths and equal texts of different types have equal hashes. Floating
// point is refused: 0.0 == -0.0 and NaN != NaN do not make a key.
// Cost       2 multiplications for a number; about 1 ns. Text 2-3 ns when short, then 20
//            bytes a nanosecond.
// Security   key_hash is public, so anybody can make keys collide. Tables that hold what strangers
//            send use seeded_hash, whose collisions cannot be found without the seed.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/time.h"

namespace penstock {

inline constexpr std::uint64_t kHashIncrement = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, odd.

// Mixes 64 bits so that each bit of the input moves half of the output, top bits included. One to
// one: different inputs never collide.
constexpr std::uint64_t hash_bits(std::uint64_t bits) noexcept {
  bits += kHashIncrement;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

// Order matters: hash_combine(a, b) != hash_combine(b, a).
constexpr std::uint64_t hash_combine(std::uint64_t first, std::uint64_t second) noexcept {
  return hash_bits(first * kHashIncrement + second);
}

// Finalises a key hash for a table with a seed of its own.
constexpr std::uint64_t seeded_hash(std::uint64_t key_hash, std::uint64_t seed) noexcept {
  return hash_bits(key_hash ^ seed);
}

namespace internal {

inline constexpr std::uint64_t kHashSecret = 0x8bb84b93962eacc9;
inline constexpr std::uint64_t kHashLaneA = 0x4b33a62ed433d4a3;
inline constexpr std::uint64_t kHashLaneB = 0x4d5a2da51de1aa47;
inline constexpr std::uint64_t kTextSeed = 0x2d358dccaa6c78a5;  // The seed of unseeded text.

__extension__ using WideProduct = unsigned __int128;

// Both halves of the full product, folded: the multiplication spreads every bit of both factors.
constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) noexcept {
  const WideProduct product = WideProduct{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <std::unsigned_integral Word>
inline std::uint64_t load_little(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    word = sizeof word == 4 ? static_cast<Word>(__builtin_bswap32(static_cast<std::uint32_t>(word)))
                            : static_cast<Word>(__builtin_bswap64(word));
  }
  return word;
}

// Folds all but the last 16 bytes of a long text into `state`, three lanes at a time. REQUIRES:
// size > 16.
inline std::uint64_t hash_body(const char* at, std::size_t size, std::uint64_t state,
                               std::uint64_t key) noexcept {
  const auto fold = [at](std::size_t i, std::uint64_t secret, std::uint64_t into) noexcept {
    return fold_multiply(load_little<std::uint64_t>(at + i) ^ secret,
                         load_little<std::uint64_t>(at + i + 8) ^ into);
  };
  std::size_t i = 0;
  if (size > 48) {
    std::uint64_t lane_a = state;
    std::uint64_t lane_b = state;
    for (; i + 48 < size; i += 48) {
      state = fold(i, key, state);
      lane_a = fold(i + 16, key ^ kHashLaneA, lane_a);
      lane_b = fold(i + 32, key ^ kHashLaneB, lane_b);
    }
    state ^= lane_a ^ lane_b;
  }
  for (; i + 16 < size; i += 16) state = fold(i, key, state);
  return state;
}

struct WordPair {
  std::uint64_t low;
  std::uint64_t high;
};

// Every byte of a text of at most 16 bytes, overlapping where it is not 4, 8 or 16 long.
inline WordPair short_words(const char* at, std::size_t size) noexcept {
  if (size >= 4) {
    const std::size_t step = (size >> 3) << 2;  // 4 from 8 bytes on, else 0.
    const char* last = at + size - 4;
    return {load_little<std::uint32_t>(at) << 32 | load_little<std::uint32_t>(at + step),
            load_little<std::uint32_t>(last) << 32 | load_little<std::uint32_t>(last - step)};
  }
  if (size == 0) return {0, 0};
  const auto byte = [at](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(at[i])};
  };
  return {byte(0) << 16 | byte(size >> 1) << 8 | byte(size - 1), 0};
}

}  // namespace internal

// Hashes bytes under a seed that whoever sends the bytes must not know. The construction is
// wyhash's, but every secret is derived from the seed: with a constant one, the texts that cancel
// it would collide under all seeds.
inline std::uint64_t seeded_hash(std::string_view bytes, std::uint64_t seed) noexcept {
  using namespace internal;  // NOLINT: inside one function.
  const std::uint64_t key = hash_bits(seed);
  std::uint64_t state = seed ^ kHashSecret;
  WordPair words;
  if (bytes.size() <= 16) {
    words = short_words(bytes.data(), bytes.size());
  } else {
    state = hash_body(bytes.data(), bytes.size(), state, key);
    const char* last = bytes.data() + bytes.size() - 16;
    words = {load_little<std::uint64_t>(last), load_little<std::uint64_t>(last + 8)};
  }
  const WideProduct product = WideProduct{words.low ^ key} * (words.high ^ state);
  return fold_multiply(static_cast<std::uint64_t>(product) ^ kHashSecret ^ bytes.size(),
                       static_cast<std::uint64_t>(product >> 64) ^ key);
}

template <std::size_t N>
std::uint64_t penstock_hash(const InlineString<N>& text) noexcept {
  return seeded_hash(text.view(), internal::kTextSeed);
}
constexpr std::uint64_t penstock_hash(EventTime time) noexcept {
  return hash_bits(static_cast<std::uint64_t>(time.micros));
}
template <class Tag, class Rep>
constexpr std::uint64_t penstock_hash(StrongId<Tag, Rep> id) noexcept {
  return hash_bits(static_cast<std::uint64_t>(id.value));
}
constexpr std::uint64_t penstock_hash(const Origin& origin) noexcept {
  return hash_combine(penstock_hash(origin.split), hash_bits(origin.offset));
}

namespace internal {

template <class Key>
concept Number = std::integral<Key> || std::is_enum_v<Key>;
template <class Key>
concept Text = std::convertible_to<const Key&, std::string_view>;
template <class Key>
concept CustomHash = requires(const Key& key) {
  { penstock_hash(key) } noexcept -> std::same_as<std::uint64_t>;
};

}  // namespace internal

// What key_hash takes. A type of your own needs a noexcept penstock_hash(const Key&) in its
// namespace.
template <class Key>
concept Hashable = internal::Number<Key> || internal::CustomHash<Key> || internal::Text<Key>;

template <Hashable Key>
constexpr std::uint64_t key_hash(const Key& key) noexcept {
  if constexpr (internal::CustomHash<Key>) {
    return penstock_hash(key);
  } else if constexpr (std::same_as<Key, char>) {
    return hash_bits(static_cast<unsigned char>(key));  // Its sign is the machine's.
  } else if constexpr (internal::Number<Key>) {
    return hash_bits(static_cast<std::uint64_t>(key));
  } else {
    return seeded_hash(std::string_view(key), internal::kTextSeed);
  }
}

// The hash of a key made of several fields, in their order.
template <Hashable First, Hashable... Rest>
constexpr std::uint64_t hash_fields(const First& first, const Rest&... rest) noexcept {
  std::uint64_t hash = key_hash(first);
  ((hash = hash_combine(hash, key_hash(rest))), ...);
  return hash;
}

template <Hashable Key>
struct HashOf {
  // Boost's tables look for it, to skip a mixing step of their own.
  using is_avalanching = void;
  constexpr std::uint64_t operator()(const Key& key) const noexcept { return key_hash(key); }
};

}  // namespace penstock
