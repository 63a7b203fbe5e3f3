#include "penstock/state/disk/state_pages.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/state/state_snapshot.h"

namespace penstock {
namespace {

std::string_view key_of(const StateEntry& entry, std::size_t bytes) noexcept {
  return {reinterpret_cast<const char*>(entry.key()), bytes};
}

}  // namespace

StatePages::StatePages(StateItems* items, StateSnapshot* snapshot) noexcept
    : items_(*items), snapshot_(*snapshot), table_(items->table()) {}

StatePages::~StatePages() = default;

Status StatePages::check(const StateItems& items) {
  const std::string remedy =
      ", so a disk cannot find them; use numbers, InlineString<N>, or a type without padding";
  if (!items.table().layout().key().equal_keys_are_equal_bytes) {
    return Status::invalid_argument("keys of type " + items.key_type().name() +
                                    " may be equal though their bytes differ" + remedy);
  }
  for (const KeptState& state : items.all()) {
    if (!is_map(state.kind) || state.stays_in_memory) continue;
    if (items.map_of(state).equal_keys_are_equal_bytes()) continue;
    return Status::invalid_argument("map keys of state '" + state.name +
                                    "' may be equal though their bytes differ" + remedy);
  }
  return {};
}

Status StatePages::open(StateBackend& backend, StateDiskOptions options, std::uint32_t pinning) {
  PENSTOCK_RETURN_IF_ERROR(check(items_));
  backend_ = &backend;
  disk_name_ = options.name;
  pinning_ = pinning;
  const StateLayout& layout = table_.layout();
  prefix_bytes_ = kDiskGroupBytes + layout.key().bytes;
  for (std::uint32_t i = 0; i < items_.all().size(); ++i) {
    const KeptState& state = items_.all()[i];
    const bool map = is_map(state.kind);
    const std::size_t key_bytes = map ? items_.element_key_bytes_of(state) : layout.key().bytes;
    options.states.push_back({map, static_cast<std::uint32_t>(key_bytes),
                              items_.value_bytes_of(state), state.ttl.after, state.ttl.time});
    const std::uint32_t bit = layout.slot(state.slot).bit;
    if (state.stays_in_memory) {
      pinning_ |= bit;
    } else if (map) {
      maps_ |= std::uint32_t{1} << i;
      items_.map_of(state).set_erase_listener(
          {[](void* self, std::uint32_t position, const StateEntry& element) noexcept {
             static_cast<StatePages*>(self)->note_erased(position, element);
           },
           this, i});
    } else {
      values_ |= std::uint32_t{1} << i;
      value_bits_ |= bit;
    }
  }
  options.prefix_bytes = static_cast<std::uint32_t>(prefix_bytes_);
  options.has_maps = maps_ != 0;
  Result<std::unique_ptr<StateDisk>> disk = backend.open(options);
  if (!disk.ok()) return disk.status();
  disk_ = std::move(*disk);
  return {};
}

void StatePages::fail(std::string what) {
  if (failure_.ok()) failure_ = Status::data_error("state on disk '" + disk_name_ + "': " + what);
}

// ---- keys that are asked for ----

bool StatePages::ask(std::uint64_t hash, const void* key) noexcept {
  // One is always asked for, or nothing would ever go on where what is in memory cannot go.
  const bool full = resident_bytes() > bytes_max() && fruitless_ <= table_.slots();
  if (asked_ > 0 && (full || !disk_->has_room())) return false;
  StateEntry* entry = table_.insert_new(hash, key);
  if (entry == nullptr) return false;  // The table says why.
  entry->stamp = PageStamp::kAskedFor;
  const std::uint64_t whole = entry->key_hash();
  ByteAppender(request_).number(whole);
  append_disk_prefix(request_, whole, key_of(*entry, table_.layout().key().bytes));
  ++asked_;
  if (request_.size() >= kRequestKeys * (sizeof(whole) + prefix_bytes_)) send_request();
  return true;
}

void StatePages::send_request() {
  if (!request_.empty()) disk_->fetch(std::exchange(request_, {}));
}

bool StatePages::ready() noexcept {
  take_answers();
  if (waits_) {
    // What has come must be used before it may go, or it would come and go for ever.
    waits_ = asked_ > 0;
  } else {
    make_room();
  }
  return !waits_ || failed();
}

void StatePages::take_answers() {
  while (asked_ > 0 && disk_->take_answer(answer_)) {
    const bool whole = for_each_answer(
        answer_, prefix_bytes_,
        [this](std::uint64_t hash, std::string_view prefix) {
          --asked_;
          return bring_in_key(hash, prefix);
        },
        [this](std::string_view name, std::string_view value) {
          return bring_in_record(name, value);
        });
    if (!whole) fail("an answer of " + std::to_string(answer_.size()) + " bytes is damaged");
  }
}

bool StatePages::bring_in_key(std::uint64_t hash, std::string_view prefix) {
  incoming_ = table_.find_bytes(hash, prefix.data() + kDiskGroupBytes);
  if (incoming_ == nullptr) return false;
  incoming_->stamp = PageStamp::of_block(disk_->written());
  return true;
}

bool StatePages::bring_in_record(std::string_view name, std::string_view value) {
  if (name.size() <= prefix_bytes_) return false;
  const auto table = static_cast<std::uint8_t>(name[prefix_bytes_]);
  return table == kDiskKeyTable ? bring_in_values(value) : bring_in_element(table - 1U, value);
}

bool StatePages::bring_in_values(std::string_view item) {
  const StateLayout& layout = table_.layout();
  ByteCursor from(item);
  std::uint64_t hash = 0;
  std::uint32_t mask = 0;
  std::string_view key;
  if (!from.number(hash) || !from.number(mask) || !from.raw(layout.key().bytes, key)) return false;
  if ((mask & ~values_) != 0) return false;
  for (std::uint32_t i = 0; i < items_.all().size(); ++i) {
    if ((mask >> i & 1) == 0) continue;
    const StateSlot& slot = layout.slot(items_.all()[i].slot);
    std::string_view value;
    if (!from.raw(slot.bytes, value)) return false;
    if (!value.empty()) std::memcpy(incoming_->at<char>(slot.offset), value.data(), value.size());
    incoming_->present |= slot.bit;
  }
  return from.at_end();
}

bool StatePages::bring_in_element(std::uint32_t position, std::string_view item) {
  if (position >= 32 || (maps_ >> position & 1) == 0) return false;
  MapTable& map = items_.map_of(items_.all()[position]);
  ByteCursor from(item);
  std::uint64_t hash = 0;
  std::uint32_t its_position = 0;
  std::string_view key;
  std::string_view value;
  const bool whole = from.number(hash) && from.number(its_position) &&
                     from.raw(map.element_key_bytes(), key) && from.raw(map.value_bytes(), value) &&
                     from.at_end();
  if (!whole || its_position != position) return false;
  StateEntry* element = map.bring_in(incoming_, hash, key, value);
  if (element != nullptr) element->stamp = PageStamp::of_block(disk_->written());
  return element != nullptr;
}

// ---- room ----

std::uint64_t StatePages::resident_bytes() const noexcept {
  std::uint64_t bytes = table_.keys() * (table_.stride() + kOverhead);
  for (const auto& map : items_.maps())
    bytes += map->table().keys() * (map->table().stride() + kOverhead);
  return bytes;
}

void StatePages::make_room() {
  const std::uint64_t enough = bytes_max() - bytes_max() / 8;
  const bool makes_none = capturing_ || resident_bytes() <= enough;
  if (!capturing_ && (!makes_none || erased_.bytes() >= kBlockBytes)) flush_erased();
  if (makes_none) {
    fruitless_ = 0;
    if (!capturing_) write_block();
    return;
  }
  for (std::uint64_t left = std::min<std::uint64_t>(kLookedAt, table_.slots());
       left > 0 && table_.slots() > 0; --left) {
    if (hand_ >= table_.slots()) hand_ = 0;
    StateEntry* entry = table_.entry_at(hand_);
    const bool stays = !entry->alive() || PageStamp::is_asked_for(entry->stamp) ||
                       (entry->present & pinning_) != 0;
    fruitless_ = stays ? fruitless_ + 1 : 0;
    // Where one has gone another one may stand now.
    if (stays || !let_go(entry)) ++hand_;
    if (!disk_->has_room() || resident_bytes() <= enough) break;
  }
  write_block();
}

template <class Visit>
void StatePages::for_each_element(StateEntry* entry, Visit visit) {
  for (std::uint32_t i = 0; i < items_.all().size(); ++i) {
    const KeptState& state = items_.all()[i];
    if ((maps_ >> i & 1) == 0 || (entry->present & table_.layout().slot(state.slot).bit) == 0)
      continue;
    MapTable& map = items_.map_of(state);
    for (std::uint32_t at = map.head_of(entry).first; at != 0;) {
      StateEntry* element = map.table().entry_at(at - 1);
      const std::uint32_t next = map.links_of(element).next;
      const std::uint64_t last = map.table().slots();
      visit(i, map, element);
      // The gap is filled by the last entry, which may be the one that is next.
      const bool moved = map.table().slots() < last && next != 0 && next > map.table().slots();
      at = moved ? at : next;
    }
  }
}

bool StatePages::let_go(StateEntry* entry) {
  if (PageStamp::was_used(entry->stamp)) {
    entry->stamp = PageStamp::unused(entry->stamp);
    return false;
  }
  bool all_written = true;
  write_changed(entry, all_written);
  if (!all_written) return false;
  for_each_element(entry, [entry](std::uint32_t, MapTable& map, StateEntry* element) {
    map.put_out(entry, element);
  });
  table_.erase(entry);
  return true;
}

void StatePages::write_changed(StateEntry* entry, bool& all_written) {
  if (PageStamp::is_changed(entry->stamp)) {
    write_key(*entry);
    entry->stamp = PageStamp::of_block(next_block());
  }
  const std::uint64_t written = disk_->written();
  all_written = PageStamp::is_written(entry->stamp, written);
  for_each_element(entry, [&](std::uint32_t position, MapTable&, StateEntry* element) {
    if (PageStamp::is_changed(element->stamp)) {
      give_element(position, *element);
    }
    all_written = all_written && PageStamp::is_written(element->stamp, written);
  });
  write_block_if_full();
}

// ---- changes ----

void StatePages::prefix_of(const StateEntry& entry) {
  name_.clear();
  append_disk_prefix(name_, entry.key_hash(), key_of(entry, table_.layout().key().bytes));
}

void StatePages::write_key(const StateEntry& entry) {
  if (values_ == 0) return;
  prefix_of(entry);
  name_.push_back(static_cast<char>(kDiskKeyTable));
  const bool any = items_.put_key(entry, values_,
                                  [this](std::size_t bytes) { return block_.put(name_, bytes); });
  if (!any) block_.erase(name_);
}

// The element's key begins with the key.
void StatePages::name_element(std::uint32_t position, const StateEntry& element) {
  const std::size_t key_bytes = table_.layout().key().bytes;
  const std::size_t bytes = items_.map_of(items_.all()[position]).element_key_bytes();
  prefix_of(element);
  name_.push_back(static_cast<char>(disk_table_of(position)));
  name_.append(key_of(element, bytes).substr(key_bytes));
}

void StatePages::note_erased(std::uint32_t position, const StateEntry& element) {
  name_element(position, element);
  erased_.erase(name_);
}

void StatePages::mark_written(const StateEntry& entry, StateTable& table) noexcept {
  if (table.holds(&entry))
    table.entry_at(table.number_of(&entry))->stamp = PageStamp::of_block(next_block());
}

void StatePages::flush_erased() {
  block_.append(erased_);
  static_cast<void>(erased_.take());
}

void StatePages::write_block() {
  if (block_.empty()) return;
  blocks_ = disk_->write(block_.take());
}

void StatePages::begin_capture() noexcept {
  flush_erased();
  capturing_ = true;
}

void StatePages::give_key(const StateEntry& entry) {
  if (!PageStamp::is_changed(entry.stamp)) return;
  write_key(entry);
  mark_written(entry, table_);
  write_block_if_full();
}

void StatePages::give_element(std::uint32_t position, const StateEntry& element) {
  if (!PageStamp::is_changed(element.stamp)) return;
  name_element(position, element);
  items_.put_element(position, element,
                     [this](std::size_t bytes) { return block_.put(name_, bytes); });
  mark_written(element, items_.map_of(items_.all()[position]).table());
  write_block_if_full();
}

void StatePages::end_capture(Epoch epoch, SnapshotWriter& out) {
  write_block();
  capturing_ = false;
  out.section(kSection, 1);
  std::string item;
  ByteAppender to(item);
  to.number(epoch.value);
  to.number(table_.groups().first);
  to.number(table_.groups().count);
  to.framed(disk_name_);
  out.add(item);
  out.before_ack(disk_->keep(epoch));
}

void StatePages::cancel_capture() noexcept {
  write_block();  // Its entries are marked as written.
  capturing_ = false;
}

// ---- restore ----

Status StatePages::restore(const SnapshotItem& item) {
  constexpr std::size_t kNameMax = 4096;
  ByteCursor from(item.bytes);
  std::uint64_t epoch = 0;
  KeyGroupRange groups;
  std::string_view name;
  if (item.version != 1 || !from.number(epoch) || !from.number(groups.first) ||
      !from.number(groups.count) || !from.framed(name, kNameMax) || !from.at_end())
    return Status::data_error("keyed state: where its disk was kept is damaged");
  const KeyGroupRange own = table_.groups();
  if (groups == own && snapshot_.has_same_schema() && !moved_out_) {
    moved_out_ = true;
    return disk_->go_on_from(std::string(name), {epoch});
  }
  const std::uint32_t first = std::max(groups.first, own.first);
  const std::uint32_t end = std::min(groups.first + groups.count, own.first + own.count);
  if (first >= end) return {};
  return import(item, std::string(name), {epoch}, {first, end - first});
}

Status StatePages::import(const SnapshotItem& item, const std::string& name, Epoch epoch,
                          KeyGroupRange groups) {
  const bool as_it_is = snapshot_.has_same_schema();
  return disk_->visit(
      name, epoch, groups, [&](std::string_view record, std::string_view value) -> Status {
        if (record.size() <= prefix_bytes_)
          return Status::data_error("keyed state: a record on the disk has too short a name");
        if (as_it_is) {
          std::memcpy(block_.put(record, value.size()), value.data(), value.size());
          moved_out_ = true;
          write_block_if_full();
          return {};
        }
        return snapshot_.restore_record(item, value, record[prefix_bytes_] != kDiskKeyTable);
      });
}

Status StatePages::move_out_key(std::string_view item) {
  ByteCursor from(item);
  std::uint64_t hash = 0;
  std::uint32_t mask = 0;
  std::string_view key;
  if (!from.number(hash) || !from.number(mask) || !from.raw(table_.layout().key().bytes, key))
    return {};  // Its restore has said so.
  if (!table_.groups().contains(key_group_of(hash))) return {};
  StateEntry* entry = table_.find_bytes(hash, key.data());
  if (entry == nullptr) return {};
  if ((entry->present & value_bits_) != 0) {
    write_key(*entry);
    entry->present &= ~value_bits_;
    moved_out_ = true;
    write_block_if_full();
  }
  // Others may keep something beside it, or hang elements on it.
  if (entry->present == 0 && pinning_ == 0) table_.erase(entry);
  return {};
}

Status StatePages::move_out_element(std::string_view item) {
  ByteCursor from(item);
  std::uint64_t hash = 0;
  std::uint32_t position = 0;
  if (!from.number(hash) || !from.number(position)) return {};
  position = snapshot_.own_position(position);
  if (position >= 32 || (maps_ >> position & 1) == 0) return {};
  MapTable& map = items_.map_of(items_.all()[position]);
  std::string_view key;
  if (!from.raw(map.element_key_bytes(), key)) return {};
  if (!table_.groups().contains(key_group_of(hash))) return {};
  StateEntry* element = map.table().find_bytes(hash, key.data());
  if (element == nullptr) return {};
  name_element(position, *element);
  items_.put_element(position, *element,
                     [this](std::size_t bytes) { return block_.put(name_, bytes); });
  map.table().erase(element);
  moved_out_ = true;
  write_block_if_full();
  return {};
}

Status StatePages::restored() {
  write_block();
  // What is asked for from now on must find all of it.
  PENSTOCK_RETURN_IF_ERROR(disk_->read({}).status());
  PENSTOCK_RETURN_IF_ERROR(bring_in_pinned());
  return status();
}

Status StatePages::bring_in_pinned() {
  for (std::uint64_t at = 0; at < table_.slots();) {
    std::string request;
    for (std::size_t keys = 0; keys < kRequestKeys && at < table_.slots(); ++at) {
      const StateEntry& entry = *table_.entry_at(at);
      if (!entry.alive()) continue;
      ByteAppender(request).number(entry.key_hash());
      append_disk_prefix(request, entry.key_hash(), key_of(entry, table_.layout().key().bytes));
      ++keys;
    }
    if (request.empty()) break;
    Result<std::string> answer = disk_->read(request);
    if (!answer.ok()) return answer.status();
    const bool whole = for_each_answer(
        *answer, prefix_bytes_,
        [this](std::uint64_t hash, std::string_view prefix) { return bring_in_key(hash, prefix); },
        [this](std::string_view name, std::string_view value) {
          return bring_in_record(name, value);
        });
    if (!whole) fail("what belongs to keys that stay in memory is damaged");
  }
  return {};
}

}  // namespace penstock
