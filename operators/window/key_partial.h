// operators/window/key_partial.h -- adds up a task's records by key and pane, before they go to their keys' owners.
//
// Fused into the chain before the exchange of a keyed window. What it emits are parts of panes, which count for their
// windows when they are merged: of a key that comes often one goes through the exchange where many records would. Only
// for accumulators whose results do not depend on how they are grouped (MergesExactly), and where nothing is asked of
// late records but their number.
// Held       A part is held as long as nothing can come out that it belongs to: until a watermark ends its pane, the
//            place of its key is needed for another one, an epoch is cut, or the stream falls idle or ends. So no
//            snapshot has any. Records of panes that have ended, and those of a task that readers do not wait for
//            (before its first watermark, and when it is idle), pass at once, as parts of one record. Readers may be
//            further than the watermark of a task that has been idle: what is late or changes a closed window there
//            comes to them as a part too.
// In vain    Where fewer than a quarter of the records join a part that is held, nothing is for some time; then it is
//            tried again.
// Order      Of one key and pane, parts come in the order of their records.
// Cost       A look at one place of a table that the nearest caches hold; nothing is allocated.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/guarded.h"
#include "penstock/operators/window/accumulator.h"
#include "penstock/operators/window/window_spec.h"

namespace penstock {

namespace internal {

// Of accumulators that do not tell it themselves. It comes round to 0 after 2^32, which falsifies the number of late
// records only.
template <class Acc>
struct PartRecords {
  std::uint32_t count = 0;
};
template <TellsRecords Acc>
struct PartRecords<Acc> {};

}  // namespace internal

template <class Key, class Acc>
struct KeyPart {
  Key key{};
  [[no_unique_address]] internal::PartRecords<Acc> counted{};
  Acc value{};

  template <class Value>
  void add(const Value& taken) noexcept {
    value.add(taken);
    if constexpr (!TellsRecords<Acc>) ++counted.count;
  }
  std::uint64_t records() const noexcept {
    if constexpr (TellsRecords<Acc>) {
      return value.records();
    } else {
      return counted.count;
    }
  }
};

struct KeyOfPart {
  template <class Key, class Acc>
  const Key& operator()(const KeyPart<Key, Acc>& part) const noexcept {
    return part.key;
  }
};

template <class In, class KeyOf, class Acc, class ValueOf>
class KeyPartial {
  static_assert(MergesExactly<Acc>, "window: parts would not give what the records give");

 public:
  using Key = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const In&>>;
  using Output = KeyPart<Key, Acc>;

  KeyPartial(WindowSpec spec, KeyOf key, ValueOf value)
      : spec_(spec), key_of_(std::move(key)), value_of_(std::move(value)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    auto panes = Panes::of(spec_);
    if (!panes.ok()) return panes.status().with_place("window");
    panes_ = *panes;
    places_.assign(kPlaces, Place{});
    used_.assign(kPlaces, 0);
    return Status();
  }

  [[gnu::always_inline]] void on_record(const Record<In>& record,
                                        CollectorOf<Output> auto&& out) noexcept {
    if constexpr (kNeverThrows) {
      add(std::invoke(key_of_, record.value), record, out);
    } else {
      guarded(failure_, "key_by", [&] {
        const auto& key = std::invoke(key_of_, record.value);
        guarded(failure_, "window", [&] { add(key, record, out); });
      });
    }
  }
  void on_watermark(EventTime time, CollectorOf<Output> auto&& out) noexcept {
    const std::int64_t first_open = time == kMaxEventTime ? kNever : panes_.pane_of(time);
    if (first_open == first_open_) return;
    first_open_ = first_open;
    emit_before(first_open, out);
    hold_from_ = rest_ > 0 ? kNever : first_open;
  }
  void on_idle(CollectorOf<Output> auto&& out) noexcept {
    emit_before(kNever, out);
    first_open_ = hold_from_ = kNever;
  }
  void on_barrier(Epoch, CollectorOf<Output> auto&& out) noexcept { emit_before(kNever, out); }
  void end_batch(Instant, CollectorOf<Output> auto&& out) noexcept {
    if (rest_ > 0) {
      if (--rest_ == 0) hold_from_ = first_open_;
    } else if (begun_ >= kSample && is_in_vain()) {
      emit_before(kNever, out);
      emitted_ = held_ = 0;
      rest_ = kRest;
      hold_from_ = kNever;
    }
  }
  Status close(CollectorOf<Output> auto&& out) noexcept {
    emit_before(kNever, out);
    return Status();
  }

 private:
  static constexpr std::uint64_t kSample = 1024;  // Parts.
  static constexpr std::uint32_t kRest = 1024;    // Batches.
  static constexpr std::int64_t kNowhere = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr bool kNeverThrows = std::is_nothrow_invocable_v<ValueOf&, const In&> &&
                                       std::is_nothrow_invocable_v<const KeyOf&, const In&>;

  struct Place {
    std::int64_t pane = kNowhere;
    Output part;
  };
  static constexpr std::size_t kPlacesBytes = std::size_t{64} << 10;
  static constexpr std::size_t kPlaces =
      std::clamp<std::size_t>(std::bit_floor(kPlacesBytes / sizeof(Place)), 64, 1024);

  // Panes that are open at the same time have different places for a key. Numbers are spread by one multiplication:
  // those that were given one after the other, as they often are, evenly.
  static std::size_t place_of(const Key& key, std::int64_t pane) noexcept {
    constexpr int kShift = 65 - std::bit_width(kPlaces);
    std::uint64_t bits;
    if constexpr (std::integral<Key>) {
      bits = static_cast<std::uint64_t>(key) * kHashIncrement;
    } else {
      bits = key_hash(key);
    }
    return ((bits >> kShift) + static_cast<std::uint64_t>(pane) * 389) % kPlaces;
  }
  std::int64_t pane_of(EventTime time) noexcept {
    if (newest_range_.holds(time)) [[likely]]
      return newest_;
    const std::int64_t pane = panes_.pane_of(time);
    if (newest_range_.ends_before(time)) {
      newest_ = pane;
      newest_range_ = panes_.range(pane, pane + 1);
      newest_last_ = last_of(pane);
    }
    return pane;
  }
  EventTime last_of(std::int64_t pane) const noexcept {
    return panes_.time_of(pane + 1) - std::chrono::microseconds(1);
  }

  // Whether what has come since the last time is hardly less in parts than in records. Adding a record to a part costs
  // about a third of sending it.
  [[gnu::noinline]] bool is_in_vain() noexcept {
    std::uint64_t held = 0;
    for (std::size_t i = 0; i < used_count_; ++i) held += places_[used_[i]].part.records();
    const std::uint64_t records = emitted_ + held - std::exchange(held_, held);
    emitted_ = 0;
    return 3 * records < 4 * std::exchange(begun_, 0);
  }

  // Inlined where a filter leads here by two ways too: a record that has just been made stays in registers.
  [[gnu::always_inline]] void add(const Key& key, const Record<In>& record,
                                  auto& out) noexcept(kNeverThrows) {
    const auto& value = std::invoke(value_of_, record.value);
    const std::int64_t pane = pane_of(record.time);
    if (pane < hold_from_) [[unlikely]]
      return pass(key, value, record.time, out);
    Place& place = places_[place_of(key, pane)];
    if (place.pane != pane || !(place.part.key == key)) [[unlikely]]
      turn_to(key, pane, place, out);
    place.part.add(value);
  }
  template <class Value>
  [[gnu::noinline]] void pass(const Key& key, const Value& value, EventTime time,
                              auto& out) noexcept {
    Output part{.key = key};
    part.add(value);
    out.collect(Record<Output>{part, time});
  }
  [[gnu::noinline]] void turn_to(const Key& key, std::int64_t pane, Place& place,
                                 auto& out) noexcept {
    if (place.pane == kNowhere) {
      used_[used_count_++] = static_cast<std::uint32_t>(&place - places_.data());
    } else {
      emit(place, out);
    }
    place = {pane, {.key = key}};
    ++begun_;
  }
  void emit(const Place& place, auto& out) noexcept {
    emitted_ += place.part.records();
    const EventTime time = place.pane == newest_ ? newest_last_ : last_of(place.pane);
    out.collect(Record<Output>{place.part, time});
  }
  // What is held of panes before `pane`.
  [[gnu::noinline]] void emit_before(std::int64_t pane, auto& out) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < used_count_; ++i) {
      Place& place = places_[used_[i]];
      if (place.pane >= pane) {
        used_[kept++] = used_[i];
      } else {
        emit(place, out);
        place.pane = kNowhere;
      }
    }
    used_count_ = kept;
  }

  WindowSpec spec_;
  KeyOf key_of_;
  ValueOf value_of_;
  Panes panes_;
  std::int64_t newest_ = kNowhere;  // The newest pane that has been seen.
  TimeRange newest_range_;
  EventTime newest_last_;
  std::int64_t first_open_ =
      kNever;  // Of the panes: by the last watermark, while readers wait for it.
  std::int64_t hold_from_ = kNever;
  std::vector<Place> places_;
  std::vector<std::uint32_t> used_;
  std::size_t used_count_ = 0;
  // Since it was last judged: parts, and records in those that were emitted; and records that were held then.
  std::uint64_t begun_ = 0;
  std::uint64_t emitted_ = 0;
  std::uint64_t held_ = 0;
  std::uint32_t rest_ = 0;  // Batches.
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
