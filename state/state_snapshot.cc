#include "penstock/state/state_snapshot.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "penstock/core/base/bytes.h"

namespace penstock {
namespace {

constexpr std::string_view kSchema = "penstock.state.schema";
constexpr std::string_view kKeys = "penstock.state.keys";
constexpr std::string_view kElements = "penstock.state.elements";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kSchemaVersion = 2;
constexpr std::size_t kKeyHeader = 12;      // Hash, mask.
constexpr std::size_t kElementHeader = 12;  // Hash, position.
constexpr std::size_t kNameMax = std::size_t{64} << 10;
constexpr std::size_t kTypeMax = std::size_t{256} << 10;

Status damaged(const std::string& what) { return Status::data_error("keyed state: " + what); }

template <class Number>
char* put(char* to, Number value) noexcept {
  std::memcpy(to, &value, sizeof(value));
  return to + sizeof(value);
}
char* put(char* to, const std::byte* from, std::size_t bytes) noexcept {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return to + bytes;
}

std::string_view kind_name(StateKind kind) noexcept {
  switch (kind) {
    case StateKind::kValue:
      return "a value";
    case StateKind::kExpiringValue:
      return "a value with a Ttl";
    case StateKind::kMap:
      return "a map";
    case StateKind::kExpiringMap:
      return "a map with a Ttl";
  }
  return "of an unknown kind";
}

StateType type_of(const KeyShape& key) {
  return key.type != nullptr ? key.type()
                             : StateType::opaque(static_cast<std::uint32_t>(key.bytes));
}

// Snapshots of version 1 have no types.
bool read_type(ByteCursor& from, std::uint32_t version, std::uint32_t bytes, StateType& type) {
  if (version == 1) {
    type = StateType::opaque(bytes);
    return true;
  }
  std::string_view encoded;
  return from.framed(encoded, kTypeMax) && StateType::decode(encoded, type) && type.bytes == bytes;
}

}  // namespace

void give_up_epoch(Status why, SnapshotWriter& out) {
  out.before_ack([why = std::move(why)] { return why; });
}

MapTable& StateSnapshot::map_of(const State& state) const noexcept {
  const auto found = std::find_if(maps_->begin(), maps_->end(),
                                  [&](const auto& map) { return map->head_slot() == state.slot; });
  return **found;
}
std::uint32_t StateSnapshot::value_bytes_of(const State& state) const noexcept {
  return is_map(state.kind) ? static_cast<std::uint32_t>(map_of(state).value_bytes())
                            : table_->layout().slot(state.slot).bytes;
}
std::uint32_t StateSnapshot::element_key_bytes_of(const State& state) const noexcept {
  return is_map(state.kind) ? static_cast<std::uint32_t>(map_of(state).element_key_bytes()) : 0;
}

std::string StateSnapshot::schema() const {
  std::string bytes;
  ByteAppender to(bytes);
  const KeyShape& key = table_->layout().key();
  to.number(static_cast<std::uint32_t>(key.bytes));
  to.framed(type_of(key).encode());
  to.number(static_cast<std::uint32_t>(states_.size()));
  for (const State& state : states_) {
    to.number(static_cast<std::uint32_t>(state.kind));
    to.number(value_bytes_of(state));
    to.number(element_key_bytes_of(state));
    to.framed(state.name);
    to.framed(state.values.type.encode());
    to.framed(state.values.map_key.encode());
  }
  return bytes;
}

// ---- capture ----

void StateSnapshot::begin(Epoch epoch, SnapshotWriter& out) {
  cancel();
  out.section(kSchema, kSchemaVersion);
  out.add(schema());
  capturing_ = true;
  Status status = table_->begin_walk(epoch);
  for (const auto& map : *maps_) {
    if (status.ok()) status = map->table().begin_walk(epoch);
  }
  if (!status.ok()) give_up(std::move(status), out);
}

bool StateSnapshot::more(std::size_t budget, SnapshotWriter& out) {
  if (!capturing_) return false;
  // What was copied comes out in each slice, of all tables: shares of the budget are for what has not changed.
  std::size_t walks = table_->walk_state() == WalkState::kRunning ? 1 : 0;
  for (const auto& map : *maps_) walks += map->table().walk_state() == WalkState::kRunning;
  const std::size_t share = budget / std::max<std::size_t>(walks, 1);
  out.section(kKeys, kVersion);
  bool more = slice(*table_, share, out, [&](const StateEntry& entry) { give_key(entry, out); });
  out.section(kElements, kVersion);
  for (std::uint32_t i = 0; i < states_.size() && capturing_; ++i) {
    if (!is_map(states_[i].kind)) continue;
    more |= slice(map_of(states_[i]).table(), share, out,
                  [&](const StateEntry& element) { give_element(i, element, out); });
  }
  capturing_ = capturing_ && more;
  return capturing_;
}

template <class Give>
bool StateSnapshot::slice(StateTable& table, std::size_t budget, SnapshotWriter& out, Give give) {
  if (!capturing_ || table.walk_state() == WalkState::kFinished) return false;
  const WalkState state = table.walk(budget, give);
  if (state == WalkState::kRunning) return true;
  if (state != WalkState::kFinished)
    give_up(no_state_memory("the copies of a snapshot", nullptr), out);
  return false;
}

void StateSnapshot::give_key(const StateEntry& entry, SnapshotWriter& out) const {
  const StateLayout& layout = table_->layout();
  std::uint32_t mask = 0;
  std::size_t bytes = kKeyHeader + layout.key().bytes;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const StateSlot& slot = layout.slot(states_[i].slot);
    if ((entry.present & slot.bit) == 0) continue;
    mask |= std::uint32_t{1} << i;
    if (!is_map(states_[i].kind)) bytes += slot.bytes;
  }
  if (mask == 0) return;  // Of those who keep something beside it.
  char* to = put(put(out.add_room(bytes), entry.key_hash()), mask);
  to = put(to, entry.key(), layout.key().bytes);
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const StateSlot& slot = layout.slot(states_[i].slot);
    if ((entry.present & slot.bit) != 0 && !is_map(states_[i].kind))
      to = put(to, entry.at<std::byte>(slot.offset), slot.bytes);
  }
}

void StateSnapshot::give_element(std::uint32_t position, const StateEntry& element,
                                 SnapshotWriter& out) const {
  const MapTable& map = map_of(states_[position]);
  const std::size_t bytes = kElementHeader + map.element_key_bytes() + map.value_bytes();
  char* to = put(put(out.add_room(bytes), element.key_hash()), position);
  to = put(to, element.key(), map.element_key_bytes());
  put(to, element.at<std::byte>(map.value_offset()), map.value_bytes());
}

void StateSnapshot::give_up(Status why, SnapshotWriter& out) {
  cancel();
  give_up_epoch(std::move(why), out);
}

void StateSnapshot::cancel() noexcept {
  if (!std::exchange(capturing_, false)) return;
  table_->cancel_walk();
  for (const auto& map : *maps_) map->table().cancel_walk();
}

std::size_t StateSnapshot::waiting_bytes() const noexcept {
  if (!capturing_) return 0;
  std::size_t bytes = table_->walk_waiting_bytes();
  for (const auto& map : *maps_) bytes += map->table().walk_waiting_bytes();
  return bytes;
}

// ---- restore ----

Status StateSnapshot::restore(const SnapshotItem& item) {
  const std::uint32_t newest = item.section == kSchema ? kSchemaVersion : kVersion;
  if (item.version == 0 || item.version > newest) {
    return damaged("section " + std::string(item.section) + " has version " +
                   std::to_string(item.version) +
                   ", which this program does not know; it reads up to " + std::to_string(newest));
  }
  if (item.section == kSchema) return restore_schema(item);
  if (!restoring_ || restoring_task_ != item.task_index)
    return damaged("what task " + std::to_string(item.task_index) + " has captured has no schema");
  if (item.section == kKeys) return restore_key(item.bytes);
  if (item.section == kElements) return restore_element(item.bytes);
  return damaged("section " + std::string(item.section) + " is unknown");
}

Status StateSnapshot::restore_key_type(ByteCursor& from, std::uint32_t version) {
  std::uint32_t key_bytes = 0;
  StateType then;
  if (!from.number(key_bytes) || !read_type(from, version, key_bytes, then))
    return damaged("the schema is cut off or has a key of unknown type");
  const StateType now = type_of(table_->layout().key());
  if (then.goes_on_as(now)) return {};
  return Status::failed_precondition("the snapshot has keys of type " + then.name() +
                                     ", the job now has keys of type " + now.name() +
                                     "; the type of a key cannot change");
}

bool StateSnapshot::read_state(ByteCursor& from, std::uint32_t version, std::string_view& name,
                               Stored& stored) {
  std::uint32_t kind = 0;
  if (!from.number(kind) || !from.number(stored.value_bytes) || !from.number(stored.key_bytes) ||
      !from.framed(name, kNameMax) || kind > static_cast<std::uint32_t>(StateKind::kExpiringMap))
    return false;
  stored.kind = static_cast<StateKind>(kind);
  if (!read_type(from, version, stored.value_bytes, stored.type)) return false;
  if (version == 1) return true;
  std::string_view map_key;
  return from.framed(map_key, kTypeMax) && StateType::decode(map_key, stored.map_key);
}

Status StateSnapshot::restore_schema(const SnapshotItem& item) {
  ByteCursor from(item.bytes);
  PENSTOCK_RETURN_IF_ERROR(restore_key_type(from, item.version));
  std::uint32_t count = 0;
  if (!from.number(count) || count > StateLayout::kSlotsMax)
    return damaged("the schema is cut off or has too many states");
  stored_.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    Stored stored;
    std::string_view name;
    if (!read_state(from, item.version, name, stored))
      return damaged("the schema is cut off or has a state of unknown kind or type");
    PENSTOCK_RETURN_IF_ERROR(match(name, stored));
    stored_.push_back(std::move(stored));
  }
  if (!from.at_end()) return damaged("the schema is longer than its states");
  restoring_ = true;
  restoring_task_ = item.task_index;
  return {};
}

// Finds the state that the operator has under this name now.
Status StateSnapshot::match(std::string_view name, Stored& stored) {
  const std::string text = "state '" + std::string(name) + "'";
  const auto own = std::find_if(states_.begin(), states_.end(),
                                [name](const State& state) { return state.name == name; });
  if (own == states_.end()) {
    const bool may = std::any_of(may_drop_.begin(), may_drop_.end(), [name](const auto& allowed) {
      return allowed == "*" || allowed == name;
    });
    if (may) {
      if (std::find(dropped_.begin(), dropped_.end(), name) == dropped_.end())
        dropped_.emplace_back(name);
      return {};
    }
    return Status::failed_precondition(
        text +
        " is in the snapshot, but the operator has it no more; name it as it was, or allow "
        "the restore to drop it (--allow-dropped-state, or "
        "CheckpointOptions::allow_dropped_state)");
  }
  if (own->kind != stored.kind) {
    return Status::failed_precondition(
        text + " is " + std::string(kind_name(stored.kind)) + " in the snapshot and now " +
        std::string(kind_name(own->kind)) + "; give the new one another name");
  }
  PENSTOCK_RETURN_IF_ERROR(match_types(*own, stored));
  stored.own = &*own;
  return {};
}

Status StateSnapshot::match_types(const State& own, Stored& stored) {
  const std::string text = "state '" + own.name + "' ";
  const bool same_key =
      stored.map_key.fields.empty() || stored.map_key.goes_on_as(own.values.map_key);
  if (!same_key || stored.key_bytes != element_key_bytes_of(own)) {
    return Status::failed_precondition(
        text + "has map keys of type " + stored.map_key.name() + " (" +
        std::to_string(stored.key_bytes) + " bytes with the key) in the snapshot and now " +
        own.values.map_key.name() + " (" + std::to_string(element_key_bytes_of(own)) +
        " bytes): the type of a key cannot change; give the new map another name");
  }
  Result<TypeChange> change = TypeChange::between(stored.type, own.values.type);
  if (!change.ok())
    return Status(change.status().code(), text + std::string(change.status().message()));
  if (change->any()) note_change(own, *change);
  stored.change = std::move(*change);
  return {};
}

void StateSnapshot::note_change(const State& own, const TypeChange& change) {
  const bool noted = std::any_of(changed_.begin(), changed_.end(), [&own](const Changed& changed) {
    return changed.name == own.name;
  });
  if (!noted) changed_.push_back({own.name, change});
}

Result<StateEntry*> StateSnapshot::entry_of(std::uint64_t hash, std::string_view key) {
  if (key.size() != table_->layout().key().bytes)
    return damaged("a key has " + std::to_string(key.size()) + " bytes");
  if (!table_->groups().contains(key_group_of(hash))) return static_cast<StateEntry*>(nullptr);
  StateEntry* entry = table_->find_bytes(hash, key.data());
  if (entry == nullptr) entry = table_->insert_new(hash, key.data());
  if (entry == nullptr) return table_->status();
  return entry;
}

Status StateSnapshot::restore_key(std::string_view bytes) {
  const StateLayout& layout = table_->layout();
  ByteCursor from(bytes);
  std::uint64_t hash = 0;
  std::uint32_t mask = 0;
  std::string_view key;
  if (!from.number(hash) || !from.number(mask) || !from.raw(layout.key().bytes, key))
    return damaged("a key is cut off");
  if (mask == 0 || std::uint64_t{mask} >> stored_.size() != 0)
    return damaged("a key has states that the schema does not have");
  std::string_view values[StateLayout::kSlotsMax];
  bool kept = false;
  for (std::uint32_t i = 0; i < stored_.size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    kept = kept || stored_[i].own != nullptr;
    if (!is_map(stored_[i].kind) && !from.raw(stored_[i].value_bytes, values[i]))
      return damaged("the values of a key are cut off");
  }
  if (!from.at_end()) return damaged("the values of a key are longer than the schema says");
  if (!kept) return {};
  Result<StateEntry*> entry = entry_of(hash, key);
  if (!entry.ok() || *entry == nullptr) return entry.status();
  for (std::uint32_t i = 0; i < stored_.size(); ++i) {
    if ((mask >> i & 1) == 0 || stored_[i].own == nullptr || is_map(stored_[i].kind)) continue;
    const StateSlot& slot = layout.slot(stored_[i].own->slot);
    if (((*entry)->present & slot.bit) != 0) return damaged("a key comes twice");
    (*entry)->present |= slot.bit;
    if (!bring_over(stored_[i], values[i], (*entry)->at<char>(slot.offset)))
      return damaged("a text of state '" + stored_[i].own->name + "' is longer than its type");
  }
  return {};
}

bool StateSnapshot::bring_over(const Stored& stored, std::string_view value, char* to) {
  if (!stored.change.any()) {
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
    return true;
  }
  const StateValues& own = stored.own->values;
  std::memcpy(to, own.fresh, own.type.bytes);
  return stored.change.convert(value.data(), to);
}

Status StateSnapshot::restore_element(std::string_view bytes) {
  ByteCursor from(bytes);
  std::uint64_t hash = 0;
  std::uint32_t position = 0;
  if (!from.number(hash) || !from.number(position)) return damaged("an element is cut off");
  if (position >= stored_.size() || !is_map(stored_[position].kind))
    return damaged("an element is of no map of the schema");
  const Stored& stored = stored_[position];
  std::string_view key;
  std::string_view value;
  if (!from.raw(stored.key_bytes, key) || !from.raw(stored.value_bytes, value) || !from.at_end())
    return damaged("an element has " + std::to_string(bytes.size()) + " bytes");
  const bool ours = table_->groups().contains(key_group_of(hash));
  if (stored.own == nullptr || !ours) return {};
  if (stored.change.any()) {
    converted_.resize(stored.own->values.type.bytes);
    if (!bring_over(stored, value, converted_.data()))
      return damaged("a text of state '" + stored.own->name + "' is longer than its type");
    value = converted_;
  }
  return map_of(*stored.own).restore(hash, key, value);
}

Status StateSnapshot::restored() {
  for (const auto& map : *maps_) PENSTOCK_RETURN_IF_ERROR(map->link_restored());
  // Keys whose states were all dropped, or of which only the key was there.
  for (std::uint64_t number = table_->slots(); number > 0; --number) {
    StateEntry* entry = table_->entry_at(number - 1);
    if (entry->alive() && entry->present == 0) table_->erase(entry);
  }
  restoring_ = false;
  stored_.clear();
  return {};
}

}  // namespace penstock
