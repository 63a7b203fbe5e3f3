// state/state_walk.h -- the cursor of a snapshot over a dense array of entries, with copy before write.
//
// A walk gives out every entry as it was when the walk began: entries not changed since are read where they stand, the
// others from a copy taken just before their first change. Entries added later are not part of it.
// Threads    The table's owner, between records.
// Cost       A change during a walk pays one copy of the entry at most once per walk.
// Errors     No memory for copies: the walk fails and is over; the state itself is unharmed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "penstock/state/growable_memory.h"
#include "penstock/state/state_entry.h"

namespace penstock {

enum class WalkState : std::uint8_t { kNone, kRunning, kFinished, kFailed };

class StateWalk {
 public:
  // REQUIRES: not running.
  void begin(std::uint64_t entries, std::size_t stride) noexcept;
  void end(WalkState state) noexcept { state_ = state; }

  bool running() const noexcept { return state_ == WalkState::kRunning; }
  WalkState state() const noexcept { return state_; }
  // Bytes of copies that wait to be given out: a task that lets them pile up should walk before it polls.
  std::size_t waiting_bytes() const noexcept { return copied_bytes_; }

  // REQUIRES: running; `entry` is about to change for the first time since begin().
  void before_change(const StateEntry& entry, std::uint64_t number) noexcept {
    if (number >= cursor_ && number < end_) copy(entry);
  }

  // Gives at least one and about `budget` entries to consumer(const StateEntry&), valid during the call only.
  // `array` is the dense array, `changed_stamp` what entries changed since begin() carry.
  template <class Consumer>
  WalkState advance(std::size_t budget, const std::byte* array, std::uint32_t changed_stamp,
                    Consumer& consumer) {
    for (std::size_t at = 0; at < copied_bytes_; at += stride_)
      consumer(entry_at(copies_.data() + at));
    budget -= budget < copied_bytes_ / stride_ ? budget : copied_bytes_ / stride_;
    copied_bytes_ = 0;
    // A slot that is skipped costs a quarter of one given out, or a walk over changed entries would have no bound.
    for (std::size_t credit = budget * 4 + 4; cursor_ < end_ && credit >= 4; ++cursor_) {
      const StateEntry& entry = entry_at(array + cursor_ * stride_);
      const bool given = entry.alive() && entry.stamp != changed_stamp;
      if (given) consumer(entry);
      credit -= given ? 4 : 1;
    }
    if (cursor_ == end_) state_ = WalkState::kFinished;
    return state_;
  }

 private:
  static const StateEntry& entry_at(const std::byte* at) noexcept {
    return *reinterpret_cast<const StateEntry*>(at);
  }
  void copy(const StateEntry& entry) noexcept;

  WalkState state_ = WalkState::kNone;
  std::uint64_t cursor_ = 0;
  std::uint64_t end_ = 0;
  std::size_t stride_ = 0;
  GrowableMemory
      copies_;  // Kept between walks, so that its pages are there when the next one begins.
  std::size_t copies_max_ = 0;
  std::size_t copied_bytes_ = 0;
};

}  // namespace penstock
