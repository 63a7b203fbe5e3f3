#include "penstock/state/state_items.h"

#include <algorithm>

#include "penstock/core/base/bytes.h"

namespace penstock {

MapTable& StateItems::map_of(const KeptState& state) const noexcept {
  const auto found = std::find_if(maps_->begin(), maps_->end(),
                                  [&](const auto& map) { return map->head_slot() == state.slot; });
  return **found;
}
std::uint32_t StateItems::value_bytes_of(const KeptState& state) const noexcept {
  return is_map(state.kind) ? static_cast<std::uint32_t>(map_of(state).value_bytes())
                            : table_->layout().slot(state.slot).bytes;
}
std::uint32_t StateItems::element_key_bytes_of(const KeptState& state) const noexcept {
  return is_map(state.kind) ? static_cast<std::uint32_t>(map_of(state).element_key_bytes()) : 0;
}

StateType StateItems::key_type() const {
  const KeyShape& key = table_->layout().key();
  return key.type != nullptr ? key.type()
                             : StateType::opaque(static_cast<std::uint32_t>(key.bytes));
}

std::string StateItems::schema() const {
  std::string bytes;
  ByteAppender to(bytes);
  to.number(static_cast<std::uint32_t>(table_->layout().key().bytes));
  to.framed(key_type().encode());
  to.number(static_cast<std::uint32_t>(states_.size()));
  for (const KeptState& state : states_) {
    to.number(static_cast<std::uint32_t>(state.kind));
    to.number(value_bytes_of(state));
    to.number(element_key_bytes_of(state));
    to.framed(state.name);
    to.framed(state.values.type.encode());
    to.framed(state.values.map_key.encode());
  }
  return bytes;
}

std::uint32_t StateItems::kept_in_memory() const noexcept {
  std::uint32_t positions = 0;
  for (std::uint32_t i = 0; i < states_.size(); ++i)
    positions |= std::uint32_t{states_[i].stays_in_memory} << i;
  return positions;
}

}  // namespace penstock
