#include "penstock/state/state_entry.h"

#include <string>

namespace penstock {
namespace {

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

constexpr std::size_t stride_of(std::size_t bytes) noexcept {
  if (bytes <= 32) return 32;
  if (bytes <= 64) return 64;
  return round_up(bytes, 16);
}

}  // namespace

Result<std::uint32_t> StateLayout::add_slot(std::size_t bytes, std::size_t alignment,
                                            bool derived) {
  if (slots_used_ == kSlotsMax) {
    return Status::invalid_argument(
        "an operator may have at most " + std::to_string(kSlotsMax) +
        " state handles; join values that change together into one struct");
  }
  const std::uint32_t index = slots_used_++;
  slots_[index] = {0, static_cast<std::uint32_t>(bytes), std::uint32_t{1} << index, derived};
  alignments_[index] = alignment;
  return index;
}

Status StateLayout::seal(const KeyShape& key) {
  key_ = key;
  std::size_t end = sizeof(StateEntry) + key.bytes;
  for (std::uint32_t i = 0; i < slots_used_; ++i) {
    const std::size_t offset = round_up(end, alignments_[i]);
    slots_[i].offset = static_cast<std::uint32_t>(offset);
    end = offset + slots_[i].bytes;
  }
  if (end > kEntryBytesMax) {
    return Status::invalid_argument("one key's state takes " + std::to_string(end) +
                                    " bytes, more than " + std::to_string(kEntryBytesMax) +
                                    "; keep lists in a MapState");
  }
  stride_ = stride_of(end);
  return {};
}

}  // namespace penstock
