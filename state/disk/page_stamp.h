// state/disk/page_stamp.h -- what the stamp of an entry says where a disk stands behind the table.
//
// Without its top bit a stamp is that of a changed entry (state/state_table.h), which the disk does not have yet. With
// it the entry is as in block n of the disk, or has been asked for and is not here yet; and it may have been used since
// it was last looked at.
#pragma once

#include <cstdint>

#include "penstock/state/state_entry.h"

namespace penstock {

class PageStamp {
 public:
  static constexpr std::uint32_t kAskedFor = 0xffffffff;

  static constexpr std::uint32_t of_block(std::uint64_t block) noexcept {
    return kOnDisk | (static_cast<std::uint32_t>(block) & kBlockMask);
  }
  static constexpr bool is_changed(std::uint32_t stamp) noexcept { return (stamp & kOnDisk) == 0; }
  static constexpr bool is_asked_for(std::uint32_t stamp) noexcept { return stamp == kAskedFor; }
  // Whether readers of the disk see the entry as it is, when they see the blocks up to `written`.
  static constexpr bool is_written(std::uint32_t stamp, std::uint64_t written) noexcept {
    if (is_changed(stamp) || is_asked_for(stamp)) return false;
    const std::uint32_t behind =
        (static_cast<std::uint32_t>(written) - (stamp & kBlockMask)) & kBlockMask;
    return behind <= kBlockMask / 2;
  }
  // REQUIRES: not asked for.
  static constexpr std::uint32_t used(std::uint32_t stamp) noexcept {
    return is_changed(stamp) ? stamp : stamp | kUsed;
  }
  static constexpr bool was_used(std::uint32_t stamp) noexcept {
    return !is_changed(stamp) && (stamp & kUsed) != 0;
  }
  static constexpr std::uint32_t unused(std::uint32_t stamp) noexcept { return stamp & ~kUsed; }

 private:
  static constexpr std::uint32_t kOnDisk = ~kEpochStampMask;
  static constexpr std::uint32_t kUsed = 0x40000000;
  static constexpr std::uint32_t kBlockMask =
      0x1fffffff;  // One bit less: a used one is never kAskedFor.
};

}  // namespace penstock
