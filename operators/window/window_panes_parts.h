// operators/window/window_panes_parts.h -- the parts of WindowPanes that are not on the way of each record: see there.
//
// Snapshots  Times: the watermark, and where keys stood that had not gone on by themselves. Panes: those of each key,
//            and its place, so that windows which had come out do not come out again and the others still do, also when
//            the cut fell into a walk. What every key has used, and the walk itself, are found anew.
// Rescaling  Tasks of one stage may have cut at different times: the latest is what records are judged by, and what the
//            others had not fired yet is due at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/base/bytes.h"
#include "penstock/operators/restore_errors.h"
#include "penstock/operators/window/window_panes.h"
#include "penstock/state/state_snapshot.h"

namespace penstock {

template <class Acc>
void WindowPanes<Acc>::take_in_ahead(std::uint32_t number, std::int64_t place) noexcept {
  ahead_.erase_if([&](std::int64_t pane, const Acc& acc) {
    if (!in_ring(place, pane)) return false;
    auto merge = [&acc](Acc& into) noexcept { into.merge(acc); };
    used_.note(pane);
    cell_of(number, pane).add(merge);
    if constexpr (Retractable<Acc>) {
      if (pane < place - slide_ && pane >= place - window_) store_.total(number).add(merge);
    }
    return true;
  });
}

template <class Acc>
template <class Fire>
void WindowPanes<Acc>::step(StateEntry* entry, std::uint32_t number, std::int64_t& place,
                            Fire& fire) noexcept {
  if (has_ahead(entry)) [[unlikely]]
    take_in_ahead(number, place);
  if constexpr (Retractable<Acc>) {
    Cell& total = store_.total(number);
    store_.merge_panes(total, number, place - slide_, place);
    if (!total.empty()) fire(window(place, total.acc(), false));
    if (!retract_panes(total, number, place - window_))
      total = merged(number, place - window_ + slide_, place);
  } else {
    const Cell value = merged(number, place - window_, place);
    if (!value.empty()) fire(window(place, value.acc(), false));
  }
  const std::int64_t oldest = place - window_ - kept_late_;
  for (std::int64_t pane = oldest; pane < oldest + slide_; ++pane) {
    Cell& cell = cell_of(number, pane);
    if (!cell.empty()) cell = Cell{};
  }
  place += slide_;
}

template <class Acc>
std::int64_t WindowPanes<Acc>::next_visit_by_pane(const StateEntry* entry, std::uint32_t number,
                                                  std::int64_t place) const noexcept {
  // Where there is a total, it has told of all panes but those of the last slide.
  std::int64_t first = place - window_ - kept_late_;
  if (Retractable<Acc> && kept_late_ == 0) first = place - slide_;
  const std::int64_t end = std::min(ring_end(place), std::max(used_end(), first));
  while (first < end && cell_of(number, first).empty()) ++first;
  if (first == end) {
    if (!has_ahead(entry)) return kEndOfTime;
    first = kEndOfTime;
    ahead_.for_each([&](std::int64_t pane, const Acc&) { first = std::min(first, pane); });
  }
  return std::max(place, panes_.first_end(first));
}

template <class Acc>
bool WindowPanes<Acc>::forget_if_empty(std::uint32_t number) noexcept {
  const std::int64_t place = store_.place_of(number);
  if (place == kNowhere) return false;
  StateEntry* entry = table_->entry_at(number);
  current_->set_number(number);
  if (next_visit(entry, number, place) != kEndOfTime) return false;
  store_.place_of(number) = kNowhere;
  store_.total(number) = Cell{};
  current_->drop(current_->slot(slot_));
  if (current_->entry() != nullptr) return false;
  return number < table_->slots() && table_->entry_at(number)->alive();
}

template <class Acc>
void WindowPanes<Acc>::start_rings() noexcept {
  const std::int64_t first = ahead_first_ == kEndOfTime ? next_ : panes_.first_end(ahead_first_);
  place_ = std::min(first, next_);
  used_.start_at(std::min(place_ - window_ - kept_late_, late_before_));
}

template <class Acc>
std::int64_t WindowPanes<Acc>::soonest() noexcept {
  if (used_.unsure()) find_used();
  std::int64_t first = kEndOfTime;
  if (used_.first() != UsedPanes::kNone) first = std::max(place_, panes_.first_end(used_.first()));
  if (!ahead_.any_of_all_keys()) {
    ahead_first_ = kEndOfTime;
    return first;
  }
  // What time has passed says nothing any more; that matters where there is a gap to be crossed at once.
  const bool stale = first > place_ && panes_.first_end(ahead_first_) <= place_;
  if (first == kEndOfTime || stale) {
    ahead_first_ = kEndOfTime;
    ahead_.for_each_key_of_all([this](auto pane) { ahead_first_ = std::min(ahead_first_, pane); });
  }
  return std::min(first, std::max(place_, panes_.first_end(ahead_first_)));
}

template <class Acc>
void WindowPanes<Acc>::find_used() noexcept {
  used_.start_at(place_ - window_ - kept_late_);
  for (std::uint32_t number = 0; number < store_.entries(); ++number) {
    if (store_.place_of(number) == kNowhere) continue;
    const std::int64_t end = ring_end(std::max(store_.place_of(number), place_));
    for (std::int64_t pane = end - 1 - static_cast<std::int64_t>(ring_mask_); pane < end; ++pane)
      if (!cell_of(number, pane).empty()) used_.note(pane);
  }
}

// ---- snapshots ----

namespace internal {

inline constexpr std::string_view kWindowSections = "penstock.window.";
inline constexpr std::string_view kWindowTimes = "penstock.window.times/";
inline constexpr std::string_view kWindowPanes = "penstock.window.panes/";
inline constexpr std::uint32_t kWindowTimesVersion = 2;  // 1 has no type of the accumulator.
inline constexpr std::uint32_t kWindowPanesVersion = 1;

}  // namespace internal

template <class Acc>
void WindowPanes<Acc>::capture(SnapshotWriter& out) {
  std::string bytes;  // lint: allow(hot) once per epoch
  ByteAppender to(bytes);
  to.number(static_cast<std::uint32_t>(sizeof(Cell)));
  for (const auto part : {spec_.size, spec_.slide, spec_.offset, spec_.allowed_lateness})
    to.number(static_cast<std::int64_t>(part.count()));
  to.number(static_cast<std::uint32_t>(next_ != kStartOfTime));
  to.number(watermark_.micros);
  to.number(walking_ ? fire_ : next_);
  to.framed(state_type_of<Cell>().encode());
  out.section(std::string(internal::kWindowTimes) + name_, internal::kWindowTimesVersion);
  out.add(bytes);
  capture_.begin(store_, *table_, {walking_, fire_, next_, window_ + kept_late_});
  find_plain_times();
}

template <class Acc>
bool WindowPanes<Acc>::capture_more(std::size_t budget, SnapshotWriter& out) {
  if (capture_.running()) {
    out.section(std::string(internal::kWindowPanes) + name_, internal::kWindowPanesVersion);
    if (capture_.more(budget, out)) return true;
    find_plain_times();
  }
  if (!capture_.failed()) return false;
  cancel_capture();
  give_up_epoch(no_state_memory("copies of the panes of " + name_ + " for a snapshot", nullptr),
                out);
  return false;
}

template <class Acc>
void WindowPanes<Acc>::cancel_capture() noexcept {
  capture_.cancel();
  find_plain_times();
}

template <class Acc>
bool WindowPanes<Acc>::is_of_window(const SnapshotItem& item) const noexcept {
  const std::string_view section = item.section;
  return section.starts_with(internal::kWindowSections) &&
         section.size() == internal::kWindowTimes.size() + name_.size() && section.ends_with(name_);
}

template <class Acc>
Status WindowPanes<Acc>::restore(const SnapshotItem& item, KeyedStateStore& state, bool whole) {
  Status status;
  const bool times = item.section.starts_with(internal::kWindowTimes);
  const std::uint32_t newest =
      times ? internal::kWindowTimesVersion : internal::kWindowPanesVersion;
  if (item.version == 0 || item.version > newest) {
    status = internal::section_unknown(item);
  } else if (times) {
    status = restore_times(item.bytes, item.version, whole);
  } else {
    status = restore_panes(item.bytes, state);
  }
  if (status.ok()) return status;
  return state.with_place(status.with_place("window '" + name_ + "'"));
}

template <class Acc>
Status WindowPanes<Acc>::restore_cell_type(std::uint32_t cell_bytes, ByteCursor& from,
                                           std::uint32_t version) {
  StateType then = StateType::opaque(cell_bytes);
  std::string_view encoded;
  const bool good = version == 1 || (from.framed(encoded, std::size_t{256} << 10) &&
                                     StateType::decode(encoded, then) && then.bytes == cell_bytes);
  if (!good || !from.at_end()) return internal::panes_damaged("its times are cut off or too long");
  Result<TypeChange> change = TypeChange::between(then, state_type_of<Cell>());
  if (!change.ok()) return internal::accumulator_changed(change.status());
  stored_ = {cell_bytes, std::move(*change)};
  return Status();
}

template <class Acc>
Status WindowPanes<Acc>::restore_times(std::string_view bytes, std::uint32_t version, bool whole) {
  ByteCursor from(bytes);
  std::uint32_t cell_bytes = 0;
  std::int64_t sizes[4];
  std::uint32_t has_time = 0;
  EventTime watermark;
  std::int64_t place = 0;
  if (!from.number(cell_bytes) || !from.number(sizes[0]) || !from.number(sizes[1]) ||
      !from.number(sizes[2]) || !from.number(sizes[3]) || !from.number(has_time) ||
      !from.number(watermark.micros) || !from.number(place))
    return internal::panes_damaged("its times are cut off or too long");
  if (Status typed = restore_cell_type(cell_bytes, from, version); !typed.ok()) return typed;
  using Micros = std::chrono::microseconds;
  const WindowSpec stored{Micros(sizes[0]), Micros(sizes[1]), Micros(sizes[2]), Micros(sizes[3])};
  if (stored != spec_) return internal::window_changed(stored, spec_);
  if (!whole || has_time == 0) return Status();
  if (place < kStartOfTime + window_ + kept_late_)
    return internal::panes_damaged("it stands at no time");
  restored_place_ = std::min(restored_place_, place);
  if (next_ == kStartOfTime || watermark > watermark_) see_watermark(watermark);
  return Status();
}

template <class Acc>
Status WindowPanes<Acc>::restore_panes(std::string_view bytes, KeyedStateStore& state) {
  KeptPanes<Cell> kept;
  if (stored_.bytes == 0) return internal::panes_damaged("it has panes before its times");
  if (!kept.parse(bytes, table_->layout().key().bytes, stored_) || kept.panes > store_.ring_slots())
    return internal::panes_damaged("a key is cut off or too long");
  const std::int64_t behind = window_ + kept_late_;
  if (kept.place != kStartOfTime && kept.place < kStartOfTime + behind)
    return internal::panes_damaged("a key stands at no time");
  auto entry = state.restored_entry(kept.hash, kept.key);
  if (!entry.ok() || *entry == nullptr) return entry.status();
  if (((*entry)->present & bit_) != 0) return internal::panes_damaged("a key comes twice");
  const std::uint32_t number = table_->number_of(*entry);
  if (!store_.reach(number)) {
    refuse();
    return status_;
  }
  (*entry)->present |= bit_;
  store_.place_of(number) = kept.place;
  bool good = true;
  if (Retractable<Acc> && kept.has_total) good = stored_.read(kept.cells, store_.total(number));
  const auto first = static_cast<std::uint64_t>(kept.place) - static_cast<std::uint64_t>(behind);
  for (std::uint32_t i = 0; i < kept.panes; ++i) {
    const std::int64_t pane = kept.pane(i);
    if (static_cast<std::uint64_t>(pane) - first > ring_mask_)
      return internal::panes_damaged("a pane is one that its key has no room for");
    good = stored_.read(kept.cell(i), cell_of(number, pane)) && good;
  }
  return good ? Status() : internal::panes_damaged("a text is longer than its type");
}

template <class Acc>
Status WindowPanes<Acc>::restored() {
  const std::int64_t latest = kEndOfTime - window_ - slide_;
  bool in_time = true;
  ahead_first_ = kEndOfTime;
  ahead_.for_each_key_of_all([&](std::int64_t pane) {
    in_time = in_time && pane >= kStartOfTime + window_ && pane <= latest;
    ahead_first_ = std::min(ahead_first_, pane);
  });
  if (!in_time) return internal::panes_damaged("a pane is at no time");
  if (next_ == kStartOfTime) return Status();
  place_ = std::min(restored_place_, next_);
  if (ahead_first_ != kEndOfTime) place_ = std::min(place_, panes_.first_end(ahead_first_));
  find_used();
  begin_walk();
  return Status();
}

}  // namespace penstock
