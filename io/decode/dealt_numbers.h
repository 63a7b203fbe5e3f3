// io/decode/dealt_numbers.h -- records with numbers that are dealt round the tasks, also when their count changes.
//
// Of n tasks, task k gives out the numbers k, k + n, k + 2n, ... A snapshot has how far each task was. A restored
// task begins at the least of these, and passes over those of its own numbers that were given out: there may be more or
// fewer tasks than before.
// Trust      What is restored is checked; a number is at most kNumberMax.
// Threads    Owned by one task.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/source.h"

namespace penstock {

class DealtNumbers {
 public:
  static constexpr std::uint64_t kNumberMax = 2'000'000'000'000'000'000;

  DealtNumbers(std::uint32_t task_index, std::uint32_t task_count) noexcept
      : next_(task_index), task_index_(task_index), task_count_(task_count) {}

  std::uint64_t next() const noexcept { return next_; }
  // Before each poll: all that was lent has been read.
  void settle() noexcept {
    if (!given_.empty() && next_ >= most()) given_.clear();
  }
  void advance() noexcept {
    next_ += task_count_;
    if (!given_.empty()) [[unlikely]]
      pass_over();
  }

  // The number of the first of `unread`, or next(); and what is still to be passed over.
  void capture(std::span<const RawRecord> unread, ByteAppender& out) const {
    out.number(unread.empty() ? next_ : unread.front().origin.offset);
    out.number(static_cast<std::uint32_t>(given_.size()));
    for (const Given& given : given_) {
      out.number(static_cast<std::uint32_t>(given.size()));
      for (const std::uint64_t each : given) out.number(each);
    }
  }
  Status restore(ByteCursor& in, const SnapshotItem& item) {
    std::uint64_t next = 0;
    std::vector<Given> earlier;
    if (!in.number(next) || next > kNumberMax || item.task_count > kTasksMax ||
        item.task_index >= item.task_count || !read(in, earlier)) {
      return Status(StatusCode::kDataError,
                    "the position in the snapshot is not one of this source");
    }
    // Who needs it no longer has dropped it; all others have the same.
    if (earlier.size() > earlier_.size()) earlier_ = std::move(earlier);
    for (auto task = static_cast<std::uint32_t>(now_.size()); task < item.task_count; ++task)
      now_.push_back(task);
    now_[item.task_index] = next;
    return Status();
  }
  Status restored() {
    if (now_.empty()) return Status();
    const std::uint64_t least = *std::min_element(now_.begin(), now_.end());
    given_ = std::move(earlier_);
    given_.push_back(std::move(now_));
    if (most() - least > kSpreadMax) {
      return Status(StatusCode::kDataError, "the positions in the snapshot are " +
                                                std::to_string(most() - least) +
                                                " records apart; they cannot be of one source");
    }
    next_ = least + (task_index_ + task_count_ - least % task_count_) % task_count_;
    pass_over();
    return Status();
  }

 private:
  // By task of a snapshot: up to where it had given out its numbers.
  using Given = std::vector<std::uint64_t>;
  static constexpr std::uint32_t kTasksMax = 1 << 16;
  static constexpr std::uint64_t kSpreadMax = std::uint64_t{1} << 32;

  static bool read(ByteCursor& in, std::vector<Given>& lists) {
    std::uint32_t count = 0;
    if (!in.number(count)) return false;
    for (; count > 0; --count) {
      std::uint32_t tasks = 0;
      if (!in.number(tasks) || tasks == 0 || tasks > in.remaining() / sizeof(std::uint64_t))
        return false;
      Given given(tasks);
      for (std::uint64_t& each : given) {
        if (!in.number(each) || each > kNumberMax) return false;
      }
      lists.push_back(std::move(given));
    }
    return true;
  }

  std::uint64_t most() const noexcept {
    std::uint64_t most = 0;
    for (const Given& given : given_)
      most = std::max(most, *std::max_element(given.begin(), given.end()));
    return most;
  }
  bool is_given() const noexcept {
    return std::any_of(given_.begin(), given_.end(),
                       [this](const Given& given) { return next_ < given[next_ % given.size()]; });
  }
  void pass_over() noexcept {
    while (is_given()) next_ += task_count_;
  }

  std::uint64_t next_;
  std::uint32_t task_index_;
  std::uint32_t task_count_;
  // Of the snapshots that it was restored from, as long as they matter: the oldest first.
  std::vector<Given> given_;
  Given now_;  // While it is restored, like earlier_.
  std::vector<Given> earlier_;
};

}  // namespace penstock
