#include "penstock/state/rocksdb/expiry_filter.h"

#include <algorithm>

#include "penstock/core/base/bytes.h"
#include "penstock/state/disk/disk_records.h"
#include "penstock/state/state_items.h"
#include "penstock/state/ttl.h"

namespace penstock {

bool ExpiryFilter::any_expires() const noexcept {
  return std::any_of(states_.begin(), states_.end(),
                     [](const DiskState& state) { return state.after.count() > 0; });
}

bool ExpiryFilter::has_expired(std::string_view name, std::string_view value) const noexcept {
  if (name.size() <= prefix_bytes_) return false;
  const auto table = static_cast<std::uint8_t>(name[prefix_bytes_]);
  if (table == kDiskKeyTable) return all_past(value);
  if (table > states_.size() || !states_[table - 1U].is_map) return false;
  const DiskState& state = states_[table - 1U];
  const std::size_t at = StateItems::kElementHeader + state.key_bytes;
  return value.size() >= at && is_past(state, value.substr(at));
}

bool ExpiryFilter::is_past(const DiskState& state, std::string_view used) const noexcept {
  std::int64_t used_micros = 0;
  if (state.after.count() == 0 || !ByteCursor(used).number(used_micros)) return false;
  const std::size_t domain = static_cast<std::size_t>(state.time);
  const TtlClock clock{.now = {now_[domain].load(std::memory_order_relaxed)}};
  return clock.past(used_micros, state.after);
}

bool ExpiryFilter::all_past(std::string_view item) const noexcept {
  ByteCursor from(item);
  std::uint64_t hash = 0;
  std::uint32_t mask = 0;
  std::string_view skipped;
  const std::size_t key_bytes = prefix_bytes_ - kDiskGroupBytes;
  if (!from.number(hash) || !from.number(mask) || mask == 0 || !from.raw(key_bytes, skipped))
    return false;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    std::string_view value;
    if (!from.raw(states_[i].value_bytes, value) || !is_past(states_[i], value)) return false;
  }
  return from.at_end();
}

}  // namespace penstock
