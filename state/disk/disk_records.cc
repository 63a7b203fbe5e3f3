#include "penstock/state/disk/disk_records.h"

namespace penstock {

void append_disk_group(std::string& to, KeyGroup group) {
  to.push_back(static_cast<char>(group.value >> 8 & 0xff));
  to.push_back(static_cast<char>(group.value & 0xff));
}

KeyGroup disk_group_of(std::string_view name) noexcept {
  const auto byte = [name](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(name[i])};
  };
  return {byte(0) << 8 | byte(1)};
}

}  // namespace penstock
