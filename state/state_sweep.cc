#include "penstock/state/state_sweep.h"

#include <algorithm>

namespace penstock {
namespace {

EventTime later(EventTime time, std::chrono::microseconds by) noexcept {
  return by < kMaxEventTime - std::max(time, EventTime{0}) ? time + by : kMaxEventTime;
}

}  // namespace

StateSweep::StateSweep(CurrentKey* current, StateTable* table) : current_(current), table_(table) {
  of(TimeDomain::kEventTime).clock.never_back = true;
}

bool StateSweep::begin_round(Domain& domain, EventTime now) const noexcept {
  if (domain.empty() || now < domain.round_at || table_->keys() == 0) return false;
  auto shortest = std::chrono::microseconds::max();
  for (const Value& value : domain.values) shortest = std::min(shortest, value.after);
  for (const Map& map : domain.maps) shortest = std::min(shortest, map.after);
  domain.round_at = later(now, std::max(shortest / 4, std::chrono::microseconds(1)));
  domain.next = 0;
  domain.map = 0;
  return true;
}

void StateSweep::sweep(TimeDomain time, EventTime now, std::size_t budget) noexcept {
  Domain& domain = of(time);
  if (domain.next == kNoRound && !begin_round(domain, now)) return;
  const TtlClock clock{.now = now};
  while (budget > 0 && domain.next != kNoRound) {
    const bool of_map = domain.map < domain.maps.size();
    StateTable& table = of_map ? domain.maps[domain.map].table->table() : *table_;
    if (domain.next >= table.slots() || (!of_map && domain.values.empty())) {
      domain.next = of_map ? 0 : kNoRound;
      ++domain.map;
      continue;
    }
    const bool gone = of_map ? sweep_element(domain.maps[domain.map], clock, domain.next)
                             : sweep_key(domain, clock, domain.next);
    // Where an entry was removed another one may stand now.
    const bool again = gone && domain.next < table.slots() && table.entry_at(domain.next)->alive();
    if (!again) ++domain.next;
    budget -= std::min(budget, gone ? kRemovalCost : 1);
  }
  current_->forget();
}

void StateSweep::fetch_removal(const StateTable& table, std::uint64_t number,
                               auto expired) noexcept {
  if (number + kAhead >= table.slots()) return;
  StateEntry* later = table.entry_at(number + kAhead);
  if (later->alive() && expired(later)) table.prefetch_erase(number, kAhead);
}

bool StateSweep::sweep_key(const Domain& domain, const TtlClock& clock,
                           std::uint64_t number) noexcept {
  fetch_removal(*table_, number, [&](StateEntry* later) {
    return std::ranges::any_of(domain.values, [&](const Value& value) {
      const StateSlot& slot = current_->slot(value.slot);
      return (later->present & slot.bit) != 0 &&
             clock.past(*later->at<std::int64_t>(slot.offset), value.after);
    });
  });
  StateEntry* entry = table_->entry_at(number);
  if (!entry->alive()) return false;
  current_->set_entry(entry);
  for (const Value& value : domain.values) {
    const StateSlot& slot = current_->slot(value.slot);
    if (current_->entry() == nullptr || (entry->present & slot.bit) == 0) continue;
    if (clock.past(*entry->at<std::int64_t>(slot.offset), value.after)) current_->drop(slot);
  }
  return current_->entry() == nullptr;
}

bool StateSweep::sweep_element(const Map& map, const TtlClock& clock,
                               std::uint64_t number) noexcept {
  fetch_removal(map.table->table(), number, [&](StateEntry* later) {
    return clock.past(*map.table->value_of<std::int64_t>(later), map.after);
  });
  StateEntry* element = map.table->table().entry_at(number);
  if (!element->alive()) return false;
  if (!clock.past(*map.table->value_of<std::int64_t>(element), map.after)) return false;
  StateEntry* owner = map.table->owner_of(element);
  map.table->erase(owner, element);
  if (map.table->head_of(owner).count > 0) return true;
  current_->set_entry(owner);
  current_->drop(current_->slot(map.table->head_slot()));
  return true;
}

EventTime StateSweep::due_at() const noexcept {
  const Domain& domain = of(TimeDomain::kProcessingTime);
  if (domain.empty() || table_->keys() == 0) return kMaxEventTime;
  return domain.next != kNoRound ? domain.clock.now : domain.round_at;
}

bool StateSweep::under_way() const noexcept {
  return domains_[0].next != kNoRound || domains_[1].next != kNoRound;
}

}  // namespace penstock
