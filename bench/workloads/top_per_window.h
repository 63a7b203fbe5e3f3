// bench/workloads/top_per_window.h -- of the rows of each window those with the highest count; all of them when equal.
//
// An un-keyed operator: first in every task for its own keys, then once more where their rows come together. Rows may
// come for some windows ahead of others; a window's rows leave when the watermark has passed its end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "penstock/core/stream/record.h"

namespace penstock::bench {

template <class Row>  // With `end` and `value`.
class TopPerWindow {
 public:
  using Output = Row;

  void on_record(const Record<Row>& record, auto&&) noexcept {
    if (record.value.end == last_end_ && record.value.value < last_most_) [[likely]]
      return;
    Window& window = window_of(record.value.end);
    last_end_ = window.end;
    last_most_ = std::max(window.most, record.value.value);
    if (record.value.value < window.most) return;
    if (record.value.value > window.most) window.rows.clear();
    window.most = record.value.value;
    window.rows.push_back(record);
  }
  void on_watermark(EventTime time, auto&& out) noexcept {
    for (Window& window : windows_) {
      if (window.rows.empty() || window.end > time) continue;
      for (const Record<Row>& row : window.rows) out.collect(row);
      window.rows.clear();
      window.most = last_most_ = 0;
    }
  }

 private:
  struct Window {
    EventTime end;
    std::uint64_t most = 0;
    std::vector<Record<Row>> rows;
  };

  // Few are open at a time; a closed one's place, and its memory, goes to the next.
  Window& window_of(EventTime end) noexcept {
    if (last_ < windows_.size() && windows_[last_].end == end && !windows_[last_].rows.empty())
      return windows_[last_];
    const auto same = [end](const Window& w) { return w.end == end && !w.rows.empty(); };
    auto found = std::find_if(windows_.begin(), windows_.end(), same);
    if (found == windows_.end()) {
      found = std::find_if(windows_.begin(), windows_.end(),
                           [](const Window& w) { return w.rows.empty(); });
    }
    if (found == windows_.end()) found = windows_.insert(windows_.end(), Window{});
    found->end = end;
    last_ = static_cast<std::size_t>(found - windows_.begin());
    return *found;
  }

  std::vector<Window> windows_;
  std::size_t last_ = 0;
  // Of the window of the last record.
  EventTime last_end_;
  std::uint64_t last_most_ = 0;
};

}  // namespace penstock::bench
