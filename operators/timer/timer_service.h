// operators/timer/timer_service.h -- timers of each key, in event time and in processing time.
//
// A keyed operator holds a Timers<Key> as a member, names it, and is called when one of its timers is due:
//   Timers<std::uint32_t> timers_;
//   auto& timers() noexcept { return timers_; }
//   void on_timer(const Timer&, const KeyContext<Key>&, CollectorOf<Output> auto&& out)
// Meaning    A key has any number of timers, one per domain and time: setting one again or erasing one that is not
//            there does nothing. They are set and erased for the current key, which in on_timer is the timer's.
// Event time A timer is due once its time <= the watermark, in order of (time, key); one set for a time that has passed
//            is due at once. The watermark passes on only behind what it made due. A key's due timers come before its
//            next record, so what a key sees does not depend on how fast they are worked off; no such order holds
//            between a key's timers and its windows. At the end of time every timer is due: one that always sets
//            itself anew must look at watermark() and stop.
// Clock      Processing time is the time of day. A timer is due when the clock has passed it; those that are not by the
//            end of the input do not come.
// State      The timers are elements of a map in the keyed state; the order they come due in is derived from it.
// Cost       Setting one costs an element of keyed state and a place in a heap; nothing is allocated per timer. They
//            come out in slices: a hundred, or half as many again where more are due and batches are smaller, and as
//            many as the records of the batch set. A batch ends early that changes many, to keep steps short.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/step_clock.h"
#include "penstock/operators/timer/timer_queue.h"
#include "penstock/state/keyed_state.h"
#include "penstock/state/lookahead.h"

namespace penstock {

struct Timer {
  EventTime time;  // What it was set for; of processing time: the time of day.
  TimeDomain domain = TimeDomain::kEventTime;
};

// What names a timer among those of its key.
struct TimerId {
  std::int64_t micros = 0;
  std::uint64_t domain = 0;
  friend bool operator==(const TimerId&, const TimerId&) = default;
};
inline std::uint64_t penstock_hash(const TimerId& id) noexcept {
  return hash_bits(static_cast<std::uint64_t>(id.micros) + (id.domain << 63));
}

template <class Key>
class TimerService {
 public:
  // While the operator opens.
  Status open(KeyedStateStore& state, const StepClock& clock) {
    auto pending = state.template map_state<TimerId, Place>("timers");
    if (!pending.ok()) return pending.status();
    state.keep_newest_in_memory();  // Timers find their keys.
    pending_ = *pending;
    state_ = &state;
    clock_ = &clock;
    std::fill(std::begin(coming_), std::end(coming_), StateTable::kNone);
    MemoryBudget* budget = state.memory_budget();
    if (!of(TimeDomain::kEventTime).open(budget) || !of(TimeDomain::kProcessingTime).open(budget))
      return no_memory();
    return Status();
  }

  // ---- for the current key ----

  void set(TimeDomain domain, EventTime time) noexcept {
    Place& place = pending_.get_or_create(id_of(domain, time));
    if (place.ticket != 0) return;
    const CurrentKey& current = state_->current_key();
    const Key& key = *static_cast<const Key*>(current.key());
    place.ticket = of(domain).push(time.micros, current.hash() & kHashMask, key);
    failed_ = failed_ || place.ticket == 0;
    ++changes_;
    ++set_;
  }
  void erase(TimeDomain domain, EventTime time) noexcept {
    const Place* place = pending_.get(id_of(domain, time));
    if (place == nullptr) return;
    of(domain).cancel(place->ticket);
    pending_.erase(id_of(domain, time));
    ++changes_;
  }
  EventTime watermark() const noexcept { return watermark_; }
  EventTime wall() const noexcept { return clock_->wall(); }

  // ---- for the task ----

  // False: the records of this batch have changed as many timers as fit into one step.
  bool takes_records() const noexcept { return changes_ - changes_fired_ < kChangesMax; }
  // More is due than the last slice took.
  bool falls_behind() const noexcept { return behind_ && any_due(); }
  // Look-ahead for records of a run that move their key's timer: the i-th comes soon and has the entry `number`, which
  // may be any number; and the i-th is handled now.
  void comes_soon(std::size_t i, std::uint32_t number) noexcept { coming_[i % kComing] = number; }
  void look_ahead_of(std::size_t i) noexcept {
    pending_.prefetch_newest(coming_[(i + kIndexAhead) % kComing]);
    std::uint32_t& sooner = coming_[(i + kEntryAhead) % kComing];
    pending_.prefetch_newest_index(
        std::exchange(sooner, StateTable::kNone),
        [this](const Place& place) { of(TimeDomain::kEventTime).prefetch_cancel(place.ticket); });
  }

  void on_watermark(EventTime time) noexcept { watermark_ = time; }
  // Whether timers of event time are due.
  bool due() const noexcept { return is_due(TimeDomain::kEventTime); }
  // Of either domain.
  bool any_due() const noexcept { return due() || is_due(TimeDomain::kProcessingTime); }
  // No timer of event time up to this is left.
  EventTime passed() const noexcept {
    if (!due()) return watermark_;
    return {std::max(of(TimeDomain::kEventTime).front_time(), kMinEventTime.micros + 1) - 1};
  }
  // When the next timer of processing time is due, or sooner.
  Instant wake_at() const noexcept {
    const TimerQueue<Key>& queue = of(TimeDomain::kProcessingTime);
    if (queue.empty()) return kNever;
    return clock_->instant_of({queue.front_time()});
  }

  // The current key's timers of event time that are due, in order of time: fire(const Timer&, const Key&). False: its
  // record must wait, since there are more than may come out at once, or since this batch has set so many timers that
  // firing would fall behind.
  template <class Fire>
  [[nodiscard]] bool fire_current(const Key& key, const Credit& credit, Fire&& fire) noexcept {
    if (changes_ >= kSlice) return false;
    for (std::size_t fired = 0;; ++fired) {
      if (pending_.size() > kScanMax)
        return !due();  // Too many to search: wait for all keys' instead.
      const std::optional<EventTime> time = first_due_of_current();
      if (!time) return true;
      if (fired == kScanMax || credit.left <= 0) return false;
      erase(TimeDomain::kEventTime, *time);
      fire(Timer{*time, TimeDomain::kEventTime}, key);
    }
  }
  // A slice of what is due, of about `budget` timers: fire(const Timer&, const Key&), with the key as the current one.
  template <class Fire>
  void fire(std::size_t budget, const Credit& credit, Fire&& fire) noexcept {
    budget = std::min(budget, slice_);
    for (const TimeDomain domain : {TimeDomain::kProcessingTime, TimeDomain::kEventTime}) {
      for (; budget > 0 && credit.left > 0 && is_due(domain); --budget) fire_first(domain, fire);
    }
    behind_ = budget == 0 && any_due();
    changes_fired_ = changes_;
    set_fired_ = set_;
  }
  // After each batch, off the record path.
  void maintain() noexcept {
    for (TimerQueue<Key>& queue : queues_) queue.maintain(kSweep + kSweepPerChange * changes_);
    slice_ = (behind_ ? kSliceBehind : kSlice) + set_ - set_fired_;
    set_ = set_fired_ = changes_ = changes_fired_ = 0;
  }

  // What was pending comes due again: those of processing time whose time has passed at once, and once.
  Status restored(EventTime watermark) {
    bool known = true;
    pending_.for_each_restored([&](const StateEntry& owner, const TimerId& id, Place& place) {
      known = known && id.domain <= 1;
      if (!known || failed_) return;
      const Key& key = *reinterpret_cast<const Key*>(owner.key());
      place.ticket = queues_[id.domain].push(id.micros, owner.key_hash(), key);
      failed_ = place.ticket == 0;
    });
    if (!known) return Status::data_error("a timer of the snapshot is of no kind of time");
    on_watermark(watermark);
    return status();
  }

  Status status() const { return failed_ ? no_memory() : Status(); }
  bool failed() const noexcept { return failed_; }
  std::uint64_t resident_bytes() const noexcept {
    return queues_[0].resident_bytes() + queues_[1].resident_bytes();
  }

 private:
  struct Place {  // Derived: what the queue knows the timer by.
    std::uint32_t ticket = 0;
  };
  static constexpr std::uint64_t kHashMask = ~std::uint64_t{0xff};  // As entries keep it.
  static constexpr std::size_t kScanMax = 64;  // Timers of one key that a record may look through.
  // Among 10 M timers one that comes out costs up to 7 us, a change up to 2, and the pages of new keys up to 0.3 ms: a
  // step stays below 1 ms.
  static constexpr std::size_t kSlice = 96;
  static constexpr std::size_t kSliceBehind = 128;  // Beside batches that are small then.
  static constexpr std::size_t kChangesMax = 256;
  static constexpr std::size_t kComing = 2 * kLookaheadBlock;
  static constexpr std::size_t kIndexAhead = 10;  // Of timers due, as in state/lookahead.h.
  static constexpr std::size_t kEntryAhead = 5;
  static constexpr std::size_t kSweep = 64;
  static constexpr std::size_t kSweepPerChange = 2;

  static TimerId id_of(TimeDomain domain, EventTime time) noexcept {
    return {time.micros, static_cast<std::uint64_t>(domain)};
  }
  Status no_memory() const { return no_state_memory("timers", state_->memory_budget()); }
  TimerQueue<Key>& of(TimeDomain domain) noexcept {
    return queues_[static_cast<std::size_t>(domain)];
  }
  const TimerQueue<Key>& of(TimeDomain domain) const noexcept {
    return queues_[static_cast<std::size_t>(domain)];
  }
  EventTime limit_of(TimeDomain domain) const noexcept {
    return domain == TimeDomain::kEventTime ? watermark_ : wall();
  }
  bool is_due(TimeDomain domain) const noexcept { return of(domain).due(limit_of(domain).micros); }

  template <class Fire>
  void fire_first(TimeDomain domain, Fire& fire) noexcept {
    using Item = typename TimerQueue<Key>::Item;
    TimerQueue<Key>& queue = of(domain);
    queue.look_ahead(limit_of(domain).micros);
    queue.peek(kIndexAhead, [&](const Item& later) {
      state_->table().prefetch_index(later.hash);
      pending_.prefetch_index(later.hash, id_of(domain, {later.time}));
    });
    queue.peek(kEntryAhead, [&](const Item& later) {
      static_cast<void>(state_->table().locate(later.hash));
      pending_.prefetch_entry(later.hash, id_of(domain, {later.time}));
    });
    Item item;
    if (!queue.pop(item)) return;
    state_->set_current_key(item.hash, item.key);
    pending_.erase(id_of(domain, {item.time}));
    fire(Timer{{item.time}, domain}, item.key);
  }
  std::optional<EventTime> first_due_of_current() const noexcept {
    std::optional<EventTime> first;
    pending_.for_each([&](const TimerId& id, const Place&) {
      if (id.domain != 0 || id.micros > watermark_.micros) return;
      if (!first || id.micros < first->micros) first = EventTime{id.micros};
    });
    return first;
  }

  MapState<TimerId, Place> pending_;
  TimerQueue<Key> queues_[2];
  KeyedStateStore* state_ = nullptr;
  const StepClock* clock_ = nullptr;
  EventTime watermark_ = kMinEventTime;
  std::size_t changes_ = 0;        // Timers set and erased since the last maintain().
  std::size_t set_ = 0;            // Of these, timers set: each has to be taken out once.
  std::size_t changes_fired_ = 0;  // What the last slice had a part in, not the records behind it.
  std::size_t set_fired_ = 0;
  bool behind_ = false;
  std::size_t slice_ = kSlice;
  std::uint32_t coming_[kComing];
  bool failed_ = false;
};

// What an operator sets timers with: a handle that acts on the current key.
template <class Key>
class Timers {
 public:
  Timers() noexcept = default;  // Of no task: may only be copied.
  explicit Timers(TimerService<Key>* service) noexcept : service_(service) {}

  void set_event_time(EventTime time) noexcept { service_->set(TimeDomain::kEventTime, time); }
  void erase_event_time(EventTime time) noexcept { service_->erase(TimeDomain::kEventTime, time); }
  // At a time of day.
  void set_processing_time(EventTime time) noexcept {
    service_->set(TimeDomain::kProcessingTime, time);
  }
  void erase_processing_time(EventTime time) noexcept {
    service_->erase(TimeDomain::kProcessingTime, time);
  }

  // What records are judged by.
  EventTime watermark() const noexcept { return service_->watermark(); }
  // The time of day when this step began.
  EventTime processing_now() const noexcept { return service_->wall(); }

 private:
  TimerService<Key>* service_ = nullptr;
};

}  // namespace penstock
