#include "penstock/state/state_snapshot.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/state/disk/state_pages.h"

namespace penstock {
namespace {

constexpr std::string_view kSchema = "penstock.state.schema";
constexpr std::string_view kKeys = "penstock.state.keys";
constexpr std::string_view kElements = "penstock.state.elements";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kSchemaVersion = 2;
constexpr std::size_t kNameMax = std::size_t{64} << 10;
constexpr std::size_t kTypeMax = std::size_t{256} << 10;

Status damaged(const std::string& what) { return Status::data_error("keyed state: " + what); }

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

void StateSnapshot::keep_on_disk(StatePages* pages) noexcept {
  pages_ = pages;
  positions_ = items_->kept_in_memory();
}

// ---- capture ----

void StateSnapshot::begin(Epoch epoch, SnapshotWriter& out) {
  cancel();
  out.section(kSchema, kSchemaVersion);
  out.add(items_->schema());
  capturing_ = true;
  epoch_ = epoch;
  if (pages_ != nullptr) pages_->begin_capture();
  Status status = table_->begin_walk(epoch);
  for (const auto& map : items_->maps()) {
    if (status.ok()) status = map->table().begin_walk(epoch);
  }
  if (!status.ok()) give_up(std::move(status), out);
}

bool StateSnapshot::more(std::size_t budget, SnapshotWriter& out) {
  if (!capturing_) return false;
  if (pages_ != nullptr && !pages_->has_room()) return true;
  // What was copied comes out in each slice, of all tables: shares of the budget are for what has not changed.
  std::size_t walks = table_->walk_state() == WalkState::kRunning ? 1 : 0;
  for (const auto& map : items_->maps()) walks += map->table().walk_state() == WalkState::kRunning;
  const std::size_t share = budget / std::max<std::size_t>(walks, 1);
  const auto room = [&out](std::size_t bytes) { return out.add_room(bytes); };
  out.section(kKeys, kVersion);
  bool more = slice(*table_, share, out, [&](const StateEntry& entry) {
    items_->put_key(entry, positions_, room);
    if (pages_ != nullptr) pages_->give_key(entry);
  });
  out.section(kElements, kVersion);
  for (std::uint32_t i = 0; i < items_->all().size() && capturing_; ++i) {
    if (!is_map(items_->all()[i].kind)) continue;
    const bool to_disk = (positions_ >> i & 1) == 0;
    more |=
        slice(items_->map_of(items_->all()[i]).table(), share, out, [&](const StateEntry& element) {
          if (to_disk) return pages_->give_element(i, element);
          items_->put_element(i, element, room);
        });
  }
  if (capturing_ && !more && pages_ != nullptr) pages_->end_capture(epoch_, out);
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

void StateSnapshot::give_up(Status why, SnapshotWriter& out) {
  cancel();
  give_up_epoch(std::move(why), out);
}

void StateSnapshot::cancel() noexcept {
  if (!std::exchange(capturing_, false)) return;
  if (pages_ != nullptr) pages_->cancel_capture();
  table_->cancel_walk();
  for (const auto& map : items_->maps()) map->table().cancel_walk();
}

std::size_t StateSnapshot::waiting_bytes() const noexcept {
  if (!capturing_) return 0;
  std::size_t bytes = table_->walk_waiting_bytes();
  for (const auto& map : items_->maps()) bytes += map->table().walk_waiting_bytes();
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
  if (item.section == kKeys) {
    PENSTOCK_RETURN_IF_ERROR(restore_key(item.bytes));
    return pages_ != nullptr ? pages_->move_out_key(item.bytes) : Status();
  }
  if (item.section == kElements) {
    PENSTOCK_RETURN_IF_ERROR(restore_element(item.bytes));
    return pages_ != nullptr ? pages_->move_out_element(item.bytes) : Status();
  }
  if (item.section == StatePages::kSection) {
    if (pages_ != nullptr) return pages_->restore(item);
    return Status::failed_precondition(
        "the snapshot has left state of this operator on a disk; start the job with the state "
        "backend that it had (--state rocksdb, or EngineOptions::state_backend)");
  }
  return damaged("section " + std::string(item.section) + " is unknown");
}

Status StateSnapshot::restore_record(const SnapshotItem& disk, std::string_view record,
                                     bool is_element) {
  SnapshotItem item = disk;
  item.section = is_element ? kElements : kKeys;
  item.version = kVersion;
  item.bytes = record;
  return restore(item);
}

std::uint32_t StateSnapshot::own_position(std::uint32_t position) const noexcept {
  if (position >= stored_.size() || stored_[position].own == nullptr) return StateItems::kAll;
  return static_cast<std::uint32_t>(stored_[position].own - items_->all().data());
}

Status StateSnapshot::restore_key_type(ByteCursor& from, std::uint32_t version) {
  std::uint32_t key_bytes = 0;
  StateType then;
  if (!from.number(key_bytes) || !read_type(from, version, key_bytes, then))
    return damaged("the schema is cut off or has a key of unknown type");
  const StateType now = items_->key_type();
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
  same_schema_ = item.bytes == items_->schema();
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
  const std::vector<KeptState>& states = items_->all();
  const auto own = std::find_if(states.begin(), states.end(),
                                [name](const KeptState& state) { return state.name == name; });
  if (own == states.end()) {
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

Status StateSnapshot::match_types(const KeptState& own, Stored& stored) {
  const std::string text = "state '" + own.name + "' ";
  const bool same_key =
      stored.map_key.fields.empty() || stored.map_key.goes_on_as(own.values.map_key);
  if (!same_key || stored.key_bytes != items_->element_key_bytes_of(own)) {
    return Status::failed_precondition(
        text + "has map keys of type " + stored.map_key.name() + " (" +
        std::to_string(stored.key_bytes) + " bytes with the key) in the snapshot and now " +
        own.values.map_key.name() + " (" + std::to_string(items_->element_key_bytes_of(own)) +
        " bytes): the type of a key cannot change; give the new map another name");
  }
  Result<TypeChange> change = TypeChange::between(stored.type, own.values.type);
  if (!change.ok())
    return Status(change.status().code(), text + std::string(change.status().message()));
  if (change->any()) note_change(own, *change);
  stored.change = std::move(*change);
  return {};
}

void StateSnapshot::note_change(const KeptState& own, const TypeChange& change) {
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
  return items_->map_of(*stored.own).restore(hash, key, value);
}

Status StateSnapshot::restored() {
  for (const auto& map : items_->maps()) PENSTOCK_RETURN_IF_ERROR(map->link_restored());
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
