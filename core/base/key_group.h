// core/base/key_group.h -- fixed slices of the key space: the unit of ownership, snapshot and rescaling.
//
// A key's group is the top of its hash, so groups are ranges of hashes, and a task owns a range of groups. Both
// follow from the hash and the number of tasks alone: any process computes the same owner.
#pragma once

#include <cstdint>

#include "penstock/core/base/ids.h"

namespace penstock {

inline constexpr std::uint32_t kKeyGroups = 1024;

constexpr KeyGroup key_group_of(std::uint64_t key_hash) noexcept {
  return {
      static_cast<std::uint32_t>((static_cast<unsigned __int128>(key_hash) * kKeyGroups) >> 64)};
}

struct KeyGroupRange {
  std::uint32_t first = 0;
  std::uint32_t count = kKeyGroups;

  constexpr bool contains(KeyGroup group) const noexcept {
    return group.value >= first && group.value - first < count;
  }
  friend constexpr bool operator==(KeyGroupRange, KeyGroupRange) = default;
};

// What task `index` of `count` owns: [index * G / count, (index + 1) * G / count).
// REQUIRES: index < count <= kKeyGroups.
constexpr KeyGroupRange key_groups_of_task(std::uint32_t index, std::uint32_t count) noexcept {
  const std::uint32_t first = index * kKeyGroups / count;
  return {first, (index + 1) * kKeyGroups / count - first};
}

// The task of `count` that owns `group`.
constexpr std::uint32_t owner_of_key_group(KeyGroup group, std::uint32_t count) noexcept {
  std::uint32_t owner = group.value * count / kKeyGroups;
  while (!key_groups_of_task(owner, count).contains(group)) ++owner;
  return owner;
}

}  // namespace penstock
