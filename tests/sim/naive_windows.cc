#include "penstock/tests/sim/naive_windows.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace penstock::sim {

std::int64_t naive_sum(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}
std::int64_t naive_max(const std::vector<std::int64_t>& values) {
  return *std::max_element(values.begin(), values.end());
}
std::uint64_t digest_of(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return bits * bits * 0x9e3779b97f4a7c15u + bits;
}
std::int64_t naive_digest(const std::vector<std::int64_t>& values) {
  std::uint64_t digest = 0;
  for (const std::int64_t value : values) digest += digest_of(value);
  return static_cast<std::int64_t>(digest >> 1);
}

SimRows naive_windows(const SimEvents& events, const NaiveSpec& spec, NaiveSum sum) {
  std::map<std::pair<std::int64_t, std::uint32_t>, std::vector<std::int64_t>> windows;
  for (const SimEvent& event : events) {
    std::int64_t start = (event.time - spec.offset) / spec.slide * spec.slide + spec.offset;
    if (start > event.time) start -= spec.slide;
    for (; start + spec.size > event.time; start -= spec.slide)
      windows[{start, event.key}].push_back(event.value);
  }
  SimRows rows;
  for (const auto& [window, values] : windows)
    rows.push_back(
        {What::kWindow, window.second, window.first, window.first + spec.size, sum(values)});
  return rows;
}

SimRows naive_sessions(const SimEvents& events, std::int64_t gap, NaiveSum sum) {
  std::map<std::uint32_t, std::vector<std::pair<std::int64_t, std::int64_t>>> keys;
  for (const SimEvent& event : events) keys[event.key].emplace_back(event.time, event.value);
  SimRows rows;
  for (auto& [key, records] : keys) {
    std::sort(records.begin(), records.end());
    for (std::size_t i = 0; i < records.size();) {
      const std::int64_t start = records[i].first;
      std::vector<std::int64_t> values;
      std::int64_t last = start;
      for (; i < records.size() && records[i].first - last <= gap; ++i) {
        last = records[i].first;
        values.push_back(records[i].second);
      }
      rows.push_back({What::kWindow, key, start, last + gap, sum(values)});
    }
  }
  return rows;
}

std::int64_t bucket_end(std::int64_t time) {
  std::int64_t end = time / kBucket * kBucket;
  while (end <= time) end += kBucket;
  while (end - kBucket > time) end -= kBucket;
  return end;
}
Wish wish_of(const SimEvent& event) {
  if (event.value % 4 == 1) return Wish::kSet;
  return event.value % 4 == 2 ? Wish::kErase : Wish::kNone;
}
// No two sources wish for the same time, and none of these is the end of a bucket or right behind it.
std::int64_t wished_time(const SimEvent& event) {
  return event.time + kTick * (1 + event.value % 60) + 8 + event.source;
}

SimRows naive_timers(const SimEvents& events, bool with_event_timers) {
  std::map<std::pair<std::int64_t, std::uint32_t>, std::int64_t> buckets;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> last;
  std::set<std::pair<std::uint32_t, std::int64_t>> timers;
  for (const SimEvent& event : events) {
    ++buckets[{bucket_end(event.time), event.key}];
    auto& mine = last[{event.source, event.key}];
    if (wish_of(event) == Wish::kSet) timers.insert({event.key, mine = wished_time(event)});
    if (wish_of(event) == Wish::kErase && mine > event.time) timers.erase({event.key, mine});
  }
  SimRows rows;
  for (const auto& [bucket, count] : buckets) {
    const auto& [end, key] = bucket;
    rows.push_back({What::kBucketTimer, key, end - kBucket, end, count});
    rows.push_back({What::kChainedTimer, key, end, end + 1, 0});
  }
  if (!with_event_timers) return rows;
  for (const auto& [key, time] : timers) rows.push_back({What::kEventTimer, key, time, time, 0});
  return rows;
}

SimEvents events_of(const SimRows& rows) {
  SimEvents events;
  for (const SimRow& row : rows) events.push_back({0, row.key, 0, row.value, row.end - 1});
  return events;
}

}  // namespace penstock::sim
