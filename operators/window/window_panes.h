// operators/window/window_panes.h -- the windows of every key: panes of its records, and a walk that fires them.
//
// An operator holds one as a member, names it in `windows()`, and add()s to the window of the current key; KeyedProcess
// does the rest. There is no timer per key and window: a watermark that closes windows starts a walk over the dense
// array of keys, one for each end of a window, in order of time, in slices.
// Layout     A ring of panes per key (operators/window/pane_store.h); records further ahead of the watermark than the
//            ring reaches, and those before the first watermark, lie in a map until the walk comes near them.
// Totals     Where the accumulator can retract, the sum of the panes of the window that fires next, without those of
//            its last slide: records mostly fall into these, and so touch one pane, however many windows hold them.
// Places     Between walks every key stands at next_, the end of the first window that the watermark has not closed.
//            During a walk, which fires end fire_, a key stands where place_of() says, or at fire_ if that is behind.
//            The task fires all that is due for a key before it shows it another record, so what a key sees does not
//            depend on how far the walk is.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/window/accumulator.h"
#include "penstock/operators/window/closed_panes.h"
#include "penstock/operators/window/pane_capture.h"
#include "penstock/operators/window/pane_cell.h"
#include "penstock/operators/window/pane_store.h"
#include "penstock/operators/window/used_panes.h"
#include "penstock/operators/window/window.h"
#include "penstock/operators/window/window_spec.h"
#include "penstock/state/keyed_state.h"

namespace penstock {

template <class Acc>
class WindowPanes {
  static_assert(Accumulator<Acc>,
                "window: an accumulator is trivially copyable, default-constructible and has "
                "void merge(const Acc&)");

 public:
  WindowPanes(std::string name, WindowSpec spec) : name_(std::move(name)), spec_(spec) {}

  // ---- for the operator, while it handles a record ----

  // Calls add(Acc&) for the windows of the current key that hold `time`. False: all of them are closed, it is late.
  template <class Add>
    requires std::invocable<Add&, Acc&>
  [[nodiscard, gnu::always_inline]] bool add(EventTime time, Add&& add) noexcept {
    const StateEntry* entry = current_->entry();
    if (entry != nullptr && (entry->present & bit_) != 0) [[likely]] {
      if (current_pane_.holds(time)) [[likely]] {
        store_.cell(current_->number(), current_column_).add(add);
        return true;
      }
      if (plain_.holds(time)) {
        const std::int64_t pane = panes_.pane_of(time);
        cell_of(current_->number(), pane).add(add);
        used_.note(pane);
        if (current_pane_.ends_before(time)) stay_in(pane);
        return true;
      }
    }
    return add_anywhere(time, add);
  }
  template <class Value>
    requires requires(Acc& acc, const Value& value) { acc.add(value); }
  [[nodiscard]] bool add(EventTime time, const Value& value) noexcept {
    return add(time, [&value](Acc& acc) noexcept { acc.add(value); });
  }

  // ---- for the task ----

  Status open(KeyedStateStore& state) {
    auto panes = Panes::of(spec_);
    if (!panes.ok()) return panes.status();
    panes_ = *panes;
    ring_mask_ = panes_.ring_slots() - 1;
    window_ = panes_.per_window();
    slide_ = panes_.per_slide();
    kept_late_ = panes_.kept_late();
    in_total_ = static_cast<std::uint64_t>(window_ - slide_);
    auto slot = state.raw_slot(name_, 0, 1);  // Its presence is all it tells.
    if (!slot.ok()) return slot.status();
    auto ahead = state.template map_state<std::int64_t, Acc>(name_ + ".ahead");
    if (!ahead.ok()) return ahead.status();
    state.keep_newest_in_memory();  // Windows find their keys.
    state.keep_gaps();
    slot_ = *slot;
    ahead_ = *ahead;
    current_ = &state.current_key();
    return {};
  }
  // Once the state is sealed and its slots have their places.
  Status bind(StateTable& table) {
    table_ = &table;
    bit_ = table.layout().slot(slot_).bit;
    ahead_bit_ = ahead_.presence_bit();
    if (!store_.open(panes_.ring_slots(), table.budget(), table.expected_keys())) refuse();
    return status_;
  }
  const Status& status() const noexcept { return status_; }  // A key had no memory.
  std::uint64_t resident_bytes() const noexcept { return store_.resident_bytes(); }

  // Fetches the pane of a record that comes soon. `number` may be that of any entry of the table.
  void prefetch(std::uint32_t number, EventTime time) noexcept {
    store_.prefetch(number,
                    current_pane_.holds(time) ? current_column_ : column_of(panes_.pane_of(time)));
    if (!walking_) [[likely]]
      return;
    store_.prefetch_place(number);
    store_.prefetch(number, store_.total_column());
    store_.prefetch(number, column_of(fire_ - 1));
    store_.prefetch(number, column_of(fire_ - window_));
  }

  // The watermark rises to `time`: what ends up to it is closed.
  void on_watermark(EventTime time) noexcept {
    const bool is_first = next_ == kStartOfTime;
    see_watermark(time);
    if (is_first) start_rings();
    if (!walking_) begin_walk();
  }
  // Whether windows are due.
  bool due() const noexcept { return walking_; }
  // Nothing that comes out from now on has a time before this.
  EventTime passed() const noexcept {
    return walking_ ? std::max(fire_end_, kEarliestEnd) - std::chrono::microseconds(1) : watermark_;
  }
  std::chrono::microseconds skew_limit() const noexcept { return panes_.slide(); }

  // Everything of the current key that is due: fire(const Window<Acc>&). It must not add to these windows.
  template <class Fire>
  void fire_current(Fire&& fire) noexcept {
    StateEntry* entry = current_->entry();
    if (!walking_ || entry == nullptr || (entry->present & bit_) == 0) return;
    const std::uint32_t number = current_->number();
    if (capture_.running()) capture_.before_change(number);
    std::int64_t& place = store_.place_of(number);
    place = std::max(place, fire_);
    if (place >= next_) return;
    while (place < next_) {
      step(entry, number, place, fire);
      const std::int64_t visit = next_visit(entry, number, place);
      if (visit > place) place = std::min(visit, next_);
    }
    if (has_ahead(entry)) take_in_ahead(number, place);
  }
  // Whether the last add() has changed windows of the current key that have come out before.
  bool has_updates() const noexcept { return update_from_ < update_to_; }
  template <class Fire>
  void fire_updates(Fire&& fire) noexcept {
    const std::uint32_t number = current_->number();
    for (std::int64_t end = update_from_; end < update_to_; end += slide_)
      fire(window(end, merged(number, end - window_, end).acc(), true));
    update_from_ = update_to_ = 0;
  }
  // One more slide is due already: panes would pile up, so batches get smaller and the walk more of each step.
  bool falls_behind() const noexcept {
    return walking_ && static_cast<std::uint64_t>(next_) - static_cast<std::uint64_t>(fire_) >
                           static_cast<std::uint64_t>(slide_);
  }
  // Goes on with the walk for about `budget` entries, fewer where they cost more; each that has something due, and is
  // wanted(const Acc&), becomes the current key.
  template <class Wanted, class Fire>
  void fire(std::size_t budget, const Credit& credit, Wanted&& wanted, Fire&& fire) noexcept {
    if (falls_behind()) budget *= kHurry;
    while (walking_) {
      while (cursor_ < store_.entries()) {
        if (budget == 0 || credit.left <= 0) return;
        budget -= std::min<std::size_t>(budget, visit_some(budget, credit, wanted, fire));
      }
      if (revisit_ != kNone) {
        cursor_ = std::exchange(revisit_, kNone);
      } else {
        end_walk();
      }
    }
  }
  // An entry has moved. One that the walk has not reached must not be missed.
  void moved(std::uint32_t from, std::uint32_t to) noexcept {
    if (from >= store_.entries() || store_.place_of(from) == kNowhere) return;
    if (capture_.running()) {
      capture_.before_change(from);
      capture_.before_change(to);
    }
    store_.move(from, to);
    // Nor one that waits to be revisited and moves on to a place before those.
    if (walking_ && to < cursor_ && (from >= cursor_ || from >= revisit_))
      revisit_ = std::min<std::uint64_t>(revisit_, to);
  }

  // ---- for snapshots: see core/stream/chain.h ----

  void capture(SnapshotWriter& out);
  bool capture_more(std::size_t budget, SnapshotWriter& out);
  void cancel_capture() noexcept;
  std::size_t copied_bytes() const noexcept { return capture_.waiting_bytes(); }
  // Whether an item is of this window. `whole`: of a task whose time goes on in this one.
  bool is_of_window(const SnapshotItem& item) const noexcept;
  Status restore(const SnapshotItem& item, KeyedStateStore& state, bool whole);
  // When all of the state is there.
  Status restored();

 private:
  using Cell = PaneCell<Acc>;
  static constexpr std::int64_t kNowhere = PaneStore<Cell>::kNowhere;
  static constexpr std::int64_t kStartOfTime = kNowhere + 1;
  static constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();
  static constexpr EventTime kEarliestEnd = kMinEventTime + std::chrono::microseconds(1);
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  static constexpr std::size_t kHurry = 8;
  static constexpr std::uint32_t kSweepAhead = 16;
  static constexpr std::size_t kFireCost = 4;  // Measured, roughly.
  static constexpr std::size_t kVisitCost = 4;

  template <class Add>
  [[gnu::noinline]] bool add_anywhere(EventTime time, Add& add) noexcept {
    const std::int64_t pane = panes_.pane_of(time);
    if (pane < late_before_) [[unlikely]]
      return false;
    StateEntry* entry = current_->entry_for_write();
    if (entry == nullptr || ((entry->present & bit_) == 0 && !start(entry))) [[unlikely]] {
      add(*new (current_->scratch()) Acc{});
      return true;
    }
    const std::uint32_t number = current_->number();
    if (capture_.running()) [[unlikely]]
      capture_.before_change(number);
    const std::int64_t place = walking_ ? store_.place_of(number) : next_;
    if (!in_ring(place, pane)) [[unlikely]] {
      ahead_first_ = std::min(ahead_first_, pane);
      add(ahead_.get_or_create(pane));
      return true;
    }
    cell_of(number, pane).add(add);
    used_.note(pane);
    if constexpr (Retractable<Acc>) {
      if (static_cast<std::uint64_t>(pane - place + window_) < in_total_) [[unlikely]]
        store_.total(number).add(add);
    }
    if (kept_late_ != 0) note_update(place, pane);
    return true;
  }
  std::uint64_t column_of(std::int64_t pane) const noexcept { return store_.column_of(pane); }
  Cell& cell_of(std::uint32_t number, std::int64_t pane) const noexcept {
    return store_.cell(number, column_of(pane));
  }
  bool has_ahead(const StateEntry* entry) const noexcept { return entry->present & ahead_bit_; }
  // Whether the ring of a key that stands at `place` reaches to `pane`.
  bool in_ring(std::int64_t place, std::int64_t pane) const noexcept {
    const std::uint64_t ahead =
        static_cast<std::uint64_t>(pane) - static_cast<std::uint64_t>(place);
    return place != kStartOfTime &&
           ahead + static_cast<std::uint64_t>(window_ + kept_late_) <= ring_mask_;
  }
  // No key has anything from this pane on in its ring.
  std::int64_t used_end() const noexcept {
    const std::int64_t last = used_.last();
    return last < UsedPanes::kNone ? last + 1 : kEndOfTime;
  }
  std::int64_t ring_end(std::int64_t place) const noexcept {
    const std::int64_t room = static_cast<std::int64_t>(ring_mask_) + 1 - window_ - kept_late_;
    return place > kEndOfTime - room ? kEndOfTime : place + room;
  }
  [[gnu::noinline]] bool start(StateEntry* entry) noexcept {
    const std::uint32_t number = table_->number_of(entry);
    if (!store_.reach(number)) {
      refuse();
      return false;
    }
    if (capture_.running()) capture_.before_change(number);
    store_.place_of(number) = next_;
    entry->present |= bit_;
    fetch_next();
    return true;
  }
  // What the next new key touches. Where keys come and go, it is a gap that was left long ago.
  void fetch_next() const noexcept {
    const std::uint64_t next = table_->next_number();
    table_->prefetch_entry(next);
    store_.prefetch_place(static_cast<std::uint32_t>(next));
    store_.prefetch(static_cast<std::uint32_t>(next), current_column_);
  }
  [[gnu::cold]] void refuse() {
    if (status_.ok()) status_ = no_state_memory("panes of " + name_, table_->budget());
  }
  void note_update(std::int64_t place, std::int64_t pane) noexcept {
    const std::int64_t kept_from = late_before_ + window_;
    update_from_ = std::max(panes_.first_end(pane), panes_.first_end(kept_from - 1));
    update_to_ = std::min(place, pane + window_ + 1);
  }

  Cell merged(std::uint32_t number, std::int64_t from, std::int64_t to) const noexcept {
    Cell sum{};
    store_.merge_panes(sum, number, from, to);
    return sum;
  }

  // Fires the window that ends at `place` and moves the key to the next one.
  template <class Fire>
  void step(StateEntry* entry, std::uint32_t number, std::int64_t& place, Fire& fire) noexcept;
  // The next records go there, most likely. It is noted as used.
  void stay_in(std::int64_t pane) noexcept {
    current_pane_ = panes_.range(pane, pane + 1);
    current_column_ = column_of(pane);
  }
  void find_plain_times() noexcept {
    plain_ = plain_times();
    current_pane_ = {};
  }
  // The panes of the slide from `from` on leave the total. False: it has to be made anew.
  bool retract_panes(Cell& total, std::uint32_t number, std::int64_t from) noexcept
    requires Retractable<Acc>
  {
    bool told = true;
    for (std::int64_t pane = from; pane < from + slide_; ++pane) {
      const Cell& cell = cell_of(number, pane);
      if (!cell.empty()) told = total.retract(cell) && told;
    }
    return told;
  }
  // What lies ahead of the ring of a key, now at `place`, comes in as far as the ring reaches.
  [[gnu::noinline]] void take_in_ahead(std::uint32_t number, std::int64_t place) noexcept;
  // The first end at which a key that stands at `place` has something to do; kEndOfTime: it is empty.
  std::int64_t next_visit(const StateEntry* entry, std::uint32_t number,
                          std::int64_t place) const noexcept {
    if constexpr (Retractable<Acc>) {
      if (!store_.total(number).empty()) return place;
    }
    return next_visit_by_pane(entry, number, place);
  }
  std::int64_t next_visit_by_pane(const StateEntry* entry, std::uint32_t number,
                                  std::int64_t place) const noexcept;

  // Goes on with the walk inside of one block. Returns what it has cost, in entries that have nothing to do.
  template <class Wanted, class Fire>
  std::size_t visit_some(std::size_t budget, const Credit& credit, Wanted& wanted,
                         Fire& fire) noexcept {
    if constexpr (Retractable<Acc>) {
      const bool plain = slide_ == 1 && kept_late_ == 0 && !sweeping_ && !ahead_.any_of_all_keys();
      if (plain) return visit_columns(budget, credit, wanted, fire);
    }
    if (!visit(fire)) ++cursor_;
    return kVisitCost;
  }
  // As visit() for each entry, for panes that are slides, and keys that stay and have nothing ahead of their ring.
  template <class Wanted, class Fire>
  std::size_t visit_columns(std::size_t budget, const Credit& credit, Wanted& wanted,
                            Fire& fire) noexcept {
    const auto first = static_cast<std::uint32_t>(cursor_);
    const std::uint64_t in_block = store_.kBlock - first % store_.kBlock;
    const auto count = static_cast<std::uint32_t>(
        std::min({in_block, std::uint64_t{budget}, static_cast<std::uint64_t>(credit.left)}));
    if (capture_.running()) [[unlikely]]
      capture_.before_change(first, count);
    closed_.close(store_, first, count, {fire_, column_of(fire_ - 1), column_of(fire_ - window_)},
                  wanted, [this](std::uint32_t number) noexcept {
                    return merged(number, fire_ + 1 - window_, fire_);
                  });
    closed_.for_each([this](std::uint32_t number) noexcept { table_->prefetch_entry(number); },
                     [&](std::uint32_t number, const Cell& value) noexcept {
                       current_->set_number(number);
                       fire(window(fire_, value.acc(), false));
                     });
    unused_ += closed_.unused();
    cursor_ += count;
    return count + closed_.size() * kFireCost;
  }
  // True: the entry is gone, and another, not yet visited, stands there.
  template <class Fire>
  bool visit(Fire& fire) noexcept {
    const auto number = static_cast<std::uint32_t>(cursor_);
    if (sweeping_) table_->prefetch_erase(number, kSweepAhead);
    std::int64_t& place = store_.place_of(number);
    if (place == kNowhere) return false;
    if (capture_.running()) [[unlikely]]
      capture_.before_change(number);
    StateEntry* entry = table_->entry_at(number);
    current_->set_number(number);
    if (place <= fire_) {
      place = fire_;
      step(entry, number, place, fire);
    }
    if constexpr (Retractable<Acc>) {
      if (!store_.total(number).empty()) return false;
    }
    ++unused_;
    return sweeping_ && forget_if_empty(number);
  }
  // Lets go of a key without any record. True: another, not yet visited, stands in its place.
  bool forget_if_empty(std::uint32_t number) noexcept;
  void see_watermark(EventTime time) noexcept {
    watermark_ = time;
    next_ = time == kMaxEventTime ? kEndOfTime : panes_.first_open_end(time);
    const std::int64_t kept = time == kMaxEventTime ? next_ : panes_.first_kept_end(time);
    late_before_ = std::max(kept, kStartOfTime + window_) - window_;
  }
  Status restore_times(std::string_view bytes, std::uint32_t version, bool whole);
  Status restore_cell_type(std::uint32_t cell_bytes, ByteCursor& from, std::uint32_t version);
  Status restore_panes(std::string_view bytes, KeyedStateStore& state);
  // What came before the first watermark lies in ahead_.
  void start_rings() noexcept;
  void stand_at(std::int64_t place) noexcept {
    place_ = place;
    used_.forget_before(place_ - window_ - kept_late_);
  }
  // Takes up the first end that is due, if any is.
  void begin_walk() noexcept {
    const std::int64_t first = soonest();
    walking_ = first < next_;
    find_plain_times();
    if (!walking_) return stand_at(next_);
    fire_ = first;
    fire_start_ = panes_.time_of(fire_ - window_);
    fire_end_ = panes_.time_of(fire_);
    cursor_ = 0;
    revisit_ = kNone;
    unused_ = 0;
  }
  TimeRange plain_times() const noexcept {
    if (walking_ || capture_.running() || kept_late_ != 0) return {};
    if (next_ == kStartOfTime || next_ == kEndOfTime) return {};
    return panes_.range(next_ - (Retractable<Acc> ? slide_ : window_), ring_end(next_));
  }
  // Keys without records are let go of when they are most, and once per window at most: those that come back soon cost
  // less if they stay.
  void end_walk() noexcept {
    stand_at(fire_ + slide_);
    walks_since_sweep_ = sweeping_ ? 0 : walks_since_sweep_ + 1;
    sweeping_ = unused_ > table_->keys() / 2 && walks_since_sweep_ * slide_ >= window_;
    begin_walk();
  }
  // The first end, from place_ on, at which some key has something; kEndOfTime: none has.
  std::int64_t soonest() noexcept;
  // Keys had run far ahead of the walk; now their panes are the next ones.
  [[gnu::noinline]] void find_used() noexcept;
  Window<Acc> window(std::int64_t end, const Acc& value, bool updated) const noexcept {
    if (end == fire_) return {fire_start_, fire_end_, value, updated, this};
    return {panes_.time_of(end - window_), panes_.time_of(end), value, updated, this};
  }

  // What is added at these times goes into one cell: their panes are in every key's ring, and in no total.
  TimeRange plain_;
  // Of these, the pane that was the newest when it was last looked for, and its column.
  TimeRange current_pane_;
  std::uint64_t current_column_ = 0;
  std::string name_;
  WindowSpec spec_;
  Panes panes_;
  std::uint64_t ring_mask_ = 0;
  std::int64_t window_ = 1;  // In panes, as all that follows.
  std::int64_t slide_ = 1;
  std::int64_t kept_late_ = 0;
  std::uint64_t in_total_ = 0;
  std::uint32_t slot_ = 0;
  std::uint32_t bit_ = 0;
  std::uint32_t ahead_bit_ = 0;
  PaneStore<Cell> store_;
  ClosedPanes<Cell> closed_;
  PaneCapture<Cell> capture_;
  StoredCells stored_;
  MapState<std::int64_t, Acc> ahead_;
  CurrentKey* current_ = nullptr;
  StateTable* table_ = nullptr;

  EventTime watermark_ = kMinEventTime;
  std::int64_t next_ = kStartOfTime;
  std::int64_t late_before_ = kStartOfTime;  // Records of panes before it are late everywhere.
  bool walking_ = false;
  Status status_;
  std::int64_t fire_ = kStartOfTime;  // The end of the windows that the walk fires.
  EventTime fire_start_;
  EventTime fire_end_;
  std::int64_t place_ = kStartOfTime;      // Where keys stand that have not gone on by themselves.
  UsedPanes used_;                         // By all keys.
  std::int64_t ahead_first_ = kEndOfTime;  // No pane in ahead_ comes before it.
  bool sweeping_ = false;
  std::uint64_t unused_ = 0;  // Keys that this walk has seen without a total.
  std::int64_t walks_since_sweep_ = 0;
  std::uint64_t cursor_ = 0;
  std::uint64_t revisit_ = kNone;
  std::int64_t update_from_ = 0, update_to_ = 0;
  std::int64_t restored_place_ = kEndOfTime;  // The least of those that tasks stood at.
};

}  // namespace penstock

#include "penstock/operators/window/window_panes_parts.h"
