#include "penstock/state/map_table.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

Status MapTable::open(StateTable* primary, const StateTableOptions& options) {
  primary_ = primary;
  const KeyShape& outer = primary->layout().key();
  primary_key_bytes_ = outer.bytes;
  head_offset_ = primary->layout().slot(head_slot_).offset;
  const std::size_t key_at = round_up(outer.bytes, shape_.key_alignment);
  map_key_offset_ = sizeof(StateEntry) + key_at;
  KeyShape both;
  both.bytes = key_at + shape_.key_bytes;
  both.alignment = std::max(outer.alignment, shape_.key_alignment);
  both.equal_keys_are_equal_bytes = shape_.equal_keys_are_equal_bytes;
  StateLayout layout;
  const auto value = layout.add_slot(shape_.value_bytes, shape_.value_alignment, false);
  const auto links = layout.add_slot(sizeof(MapLinks), alignof(MapLinks), true);
  PENSTOCK_RETURN_IF_ERROR(layout.seal(both));
  value_offset_ = layout.slot(*value).offset;
  links_offset_ = layout.slot(*links).offset;
  probe_.assign(both.bytes, std::byte{0});
  StateTableOptions own = options;
  own.ordered_by_group = false;  // A key with many elements would crowd into its group.
  own.keeps_gaps = false;
  PENSTOCK_RETURN_IF_ERROR(table_.open(layout, own));
  table_.set_move_listener({[](void* self, std::uint32_t, std::uint32_t to) noexcept {
                              static_cast<MapTable*>(self)->element_moved(to);
                            },
                            this});
  return {};
}

std::uint64_t MapTable::prepare(const StateEntry* primary, const void* key,
                                std::uint64_t hash) noexcept {
  std::memcpy(probe_.data(), primary->key(), primary_key_bytes_);
  std::memcpy(probe_.data() + (map_key_offset_ - sizeof(StateEntry)), key, shape_.key_bytes);
  return element_hash(primary->key_hash(), hash);
}

StateEntry* MapTable::insert_prepared(StateEntry* primary, std::uint64_t hash) noexcept {
  StateEntry* element = table_.insert_new(hash, probe_.data());
  if (element == nullptr) return nullptr;
  element->present = 1;
  link(primary, element);
  return element;
}

void MapTable::link(StateEntry* primary, StateEntry* element) noexcept {
  MapHead& head = head_of(primary);
  const std::uint32_t number = table_.number_of(element);
  links_of(element) = {head.first, MapLinks::kOwner | primary_->number_of(primary)};
  if (head.first != 0) links_of(table_.entry_at(head.first - 1)).previous = number + 1;
  head.first = number + 1;
  ++head.count;
}

Status MapTable::restore(std::uint64_t hash, std::string_view key, std::string_view value) {
  if (table_.find_bytes(hash, key.data()) != nullptr)
    return Status::data_error("keyed state: an element comes twice");
  StateEntry* element = table_.insert_new(hash, key.data());
  if (element == nullptr) return table_.status();
  element->present = 1;
  if (!value.empty())
    std::memcpy(element->at<std::byte>(value_offset_), value.data(), value.size());
  return {};
}

Status MapTable::link_restored() {
  // By the bytes of the key, where the hash that it was set under is not its own.
  std::unordered_map<std::string_view, std::uint32_t> by_bytes;
  const auto bytes_of = [this](const StateEntry* entry) {
    return std::string_view(reinterpret_cast<const char*>(entry->key()), primary_key_bytes_);
  };
  const std::uint32_t bit = primary_->layout().slot(head_slot_).bit;
  for (std::uint64_t number = 0; number < table_.slots(); ++number) {
    StateEntry* element = table_.entry_at(number);
    StateEntry* owner = find_owner(element);
    if (owner == nullptr) {
      for (std::uint64_t i = by_bytes.size(); i < primary_->slots(); ++i)
        by_bytes.emplace(bytes_of(primary_->entry_at(i)), static_cast<std::uint32_t>(i));
      const auto found = by_bytes.find(bytes_of(element));
      if (found == by_bytes.end())
        return Status::data_error("keyed state: an element is of a key that is not there");
      owner = primary_->entry_at(found->second);
    }
    if ((owner->present & bit) == 0) head_of(owner) = {};
    owner->present |= bit;
    link(owner, element);
  }
  return {};
}

StateEntry* MapTable::newest_of(std::uint32_t number) const noexcept {
  if (number >= primary_->slots()) return nullptr;
  StateEntry* primary = primary_->entry_at(number);
  const bool has_any = (primary->present & primary_->layout().slot(head_slot_).bit) != 0;
  if (!primary->alive() || !has_any || head_of(primary).first == 0) return nullptr;
  return table_.entry_at(head_of(primary).first - 1);
}

StateEntry* MapTable::find_owner(const StateEntry* element) const noexcept {
  const KeyShape& shape = primary_->layout().key();
  if (shape.hash == nullptr) return nullptr;
  const std::uint64_t hash = shape.hash(element->key());
  const bool of_group = (hash ^ element->key_hash()) >> 54 == 0;
  return of_group ? primary_->find_bytes(hash, element->key()) : nullptr;
}

StateEntry* MapTable::owner_of(const StateEntry* element) const noexcept {
  if (StateEntry* owner = find_owner(element)) return owner;
  // Keys that were set under another hash: the list knows, though it may be long.
  const MapLinks* links = &links_of(element);
  while ((links->previous & MapLinks::kOwner) == 0)
    links = &links_of(table_.entry_at(links->previous - 1));
  return primary_->entry_at(links->previous & ~MapLinks::kOwner);
}

StateEntry* MapTable::bring_in(StateEntry* primary, std::uint64_t hash, std::string_view key,
                               std::string_view value) noexcept {
  StateEntry* element = table_.insert_new(hash, key.data());
  if (element == nullptr) return nullptr;
  element->present = 1;
  if (!value.empty())
    std::memcpy(element->at<std::byte>(value_offset_), value.data(), value.size());
  const std::uint32_t bit = primary_->layout().slot(head_slot_).bit;
  if ((primary->present & bit) == 0) head_of(primary) = {};
  primary->present |= bit;
  link(primary, element);
  return element;
}

void MapTable::erase(StateEntry* primary, StateEntry* element) noexcept {
  if (erase_listener_.erasing != nullptr) [[unlikely]] {
    primary_->touch(primary);
    erase_listener_.erasing(erase_listener_.context, erase_listener_.position, *element);
  }
  put_out(primary, element);
}

void MapTable::put_out(StateEntry* primary, StateEntry* element) noexcept {
  const MapLinks links = links_of(element);
  MapHead& head = head_of(primary);
  if ((links.previous & MapLinks::kOwner) != 0) {
    head.first = links.next;
  } else {
    links_of(table_.entry_at(links.previous - 1)).next = links.next;
  }
  if (links.next != 0) links_of(table_.entry_at(links.next - 1)).previous = links.previous;
  --head.count;
  table_.erase(element);
}

void MapTable::element_moved(std::uint32_t to) noexcept {
  const MapLinks links = links_of(table_.entry_at(to));
  if ((links.previous & MapLinks::kOwner) != 0) {
    head_of(primary_->entry_at(links.previous & ~MapLinks::kOwner)).first = to + 1;
  } else {
    links_of(table_.entry_at(links.previous - 1)).next = to + 1;
  }
  if (links.next != 0) links_of(table_.entry_at(links.next - 1)).previous = to + 1;
}

void MapTable::primary_moved(std::uint32_t to) noexcept {
  StateEntry* primary = primary_->entry_at(to);
  if ((primary->present & primary_->layout().slot(head_slot_).bit) == 0) return;
  const MapHead& head = head_of(primary);
  if (head.first != 0) links_of(table_.entry_at(head.first - 1)).previous = MapLinks::kOwner | to;
}

}  // namespace penstock
