// operators/window/used_panes.h -- which panes any key has put something into: where the next walk has to go.
//
// 128 panes, from one that moves with time, are known one by one: twice what any ring (Panes::kRingMax) spans. Of those
// beyond only the first is known; once it has come into reach, there may be others behind it: see unsure().
// Cost       A subtraction, a comparison and an or per record.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

namespace penstock {

class UsedPanes {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  // REQUIRES: `pane` is not before the last start_at() or forget_before().
  void note(std::int64_t pane) noexcept {
    const auto at = static_cast<std::uint64_t>(pane) - static_cast<std::uint64_t>(from_);
    if (at < kPanes) [[likely]] {
      words_[at / 64] |= std::uint64_t{1} << (at % 64);
    } else {
      beyond_ = std::min(beyond_, pane);
    }
  }
  // The first one; kNone when there is none.
  std::int64_t first() const noexcept {
    if (words_[0] != 0) return from_ + std::countr_zero(words_[0]);
    if (words_[1] != 0) return from_ + 64 + std::countr_zero(words_[1]);
    return beyond_;
  }
  // None comes behind it; before the first one where there is none. kNone: it is not known.
  std::int64_t last() const noexcept {
    if (beyond_ != kNone || sure_until_ != kNone) return kNone;
    if (words_[1] != 0) return from_ + 127 - std::countl_zero(words_[1]);
    return from_ + 63 - std::countl_zero(words_[0]);
  }
  // Whether first() may be wrong: whoever wants to know has to start anew and note what all keys have.
  bool unsure() const noexcept { return first() > sure_until_; }

  // Nothing is noted any more; nothing before `pane` will be.
  void start_at(std::int64_t pane) noexcept {
    *this = UsedPanes();
    from_ = pane;
  }
  // Panes before `pane` are of no interest any more.
  void forget_before(std::int64_t pane) noexcept {
    if (pane <= from_) return;
    shift(static_cast<std::uint64_t>(pane) - static_cast<std::uint64_t>(from_));
    from_ = pane;
    if (beyond_ == kNone || beyond_ - from_ >= static_cast<std::int64_t>(kPanes)) return;
    sure_until_ = std::min(sure_until_, beyond_);
    const std::int64_t reached = std::exchange(beyond_, kNone);
    if (reached >= from_) note(reached);
  }

 private:
  static constexpr std::uint64_t kPanes = 128;

  void shift(std::uint64_t by) noexcept {
    if (by >= kPanes) {
      words_[0] = words_[1] = 0;
    } else if (by >= 64) {
      words_[0] = words_[1] >> (by - 64);
      words_[1] = 0;
    } else {
      words_[0] = (words_[0] >> by) | (words_[1] << (64 - by));
      words_[1] >>= by;
    }
  }

  std::int64_t from_ = 0;
  std::uint64_t words_[2] = {0, 0};
  std::int64_t beyond_ = kNone;
  std::int64_t sure_until_ = kNone;
};

}  // namespace penstock
