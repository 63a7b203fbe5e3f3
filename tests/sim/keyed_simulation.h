// tests/sim/keyed_simulation.h -- one run of a keyed job, and whether what came out is what its events give.
//
// Nothing late     The rows at the end, and those before each barrier, are what the events sent until then give, as far
//                  as the watermark had come.
// Something late   They are what is left without the records that were set aside.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "penstock/tests/sim/keyed_job.h"

namespace penstock::sim {

inline SimRows sorted(SimRows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}
// The first of the sorted rows that is not in the sorted others.
inline std::optional<SimRow> missing(const SimRows& rows, const SimRows& others) {
  SimRows rest;
  std::set_difference(rows.begin(), rows.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest.empty() ? std::nullopt : std::optional(rest.front());
}

class KeyedSimulation {
 public:
  KeyedSimulation(const KeyedJobSeeds& seeds, const Schedule& schedule)
      : made_(make_keyed_job(seeds)), run_(made_.job->plan(), schedule), schedule_(schedule) {}

  // What went wrong; empty: nothing.
  std::string run() {
    std::string defect = run_.run();
    for (std::size_t i = 0; defect.empty() && i < made_.sinks.size(); ++i) {
      defect = check(*made_.sinks[i]);
      if (!defect.empty()) defect.insert(0, made_.sinks[i]->name + ": ");
    }
    if (defect.empty()) defect = check_late();
    return defect.empty() ? "" : defect + " (" + describe(schedule_) + ")";
  }

  std::uint64_t cuts_checked() const { return cuts_checked_; }
  const KeyedJob& made() const { return made_; }
  SimRows rows_of(const RowSink& sink) const { return seen(sink, std::nullopt); }

 private:
  std::string check(const RowSink& sink) {
    if (!sink.defect->empty()) return *sink.defect;
    for (const RowTaskTrace& task : sink.tasks) {
      if (!task.defect.empty()) return task.defect;
      if (run_.ending() != Ending::kDrain && task.watermark != kMaxEventTime)
        return "no end of time";
    }
    if (!sink.of_event_time) return check_by_clock(sink);
    if (made_.may_be_late) return check_when_late(sink);
    const std::string end = compare(seen(sink, std::nullopt), sink.naive(events_before({})),
                                    watermark_at(sink, std::nullopt), sink);
    return end.empty() ? check_cuts(sink) : end;
  }

  std::string check_cuts(const RowSink& sink) {
    std::set<Epoch> epochs;
    for (const RowTaskTrace& task : sink.tasks) {
      for (const auto& [epoch, rows] : task.cuts) epochs.insert(epoch);
    }
    for (const Epoch epoch : epochs) {
      ++cuts_checked_;
      const std::string defect = compare(seen(sink, epoch), sink.naive(events_before(epoch)),
                                         watermark_at(sink, epoch), sink);
      if (!defect.empty()) return "epoch " + std::to_string(epoch.value) + ": " + defect;
    }
    return "";
  }

  // All that the watermark has closed must be there, and nothing else than what the events give.
  static std::string compare(const SimRows& seen, const SimRows& naive, EventTime watermark,
                             const RowSink&) {
    const SimRows wanted = sorted(naive);
    if (const auto row = missing(seen, wanted))
      return "has a row that it should not: " + testing::PrintToString(*row);
    SimRows due;
    for (const SimRow& row : wanted) {
      const bool is_timer = row.what >= What::kBucketTimer;
      if ((is_timer ? row.end : row.end - 1) < watermark.micros) due.push_back(row);
    }
    if (const auto row = missing(due, seen)) return "lacks " + testing::PrintToString(*row);
    return "";
  }

  std::string check_when_late(const RowSink& sink) {
    if (sink.when_late == LateAnswer::kNone || run_.ending() == Ending::kDrain) return "";
    std::set<std::uint64_t> late;
    for (const SimEvents& task : sink.late) {
      for (const SimEvent& event : task) late.insert(event.id);
    }
    SimEvents on_time = events_before({});
    std::erase_if(on_time, [&](const SimEvent& event) { return late.contains(event.id); });
    const SimRows wanted = sorted(sink.naive(on_time));
    const SimRows rows = newest_of_each(sink);
    if (sink.when_late == LateAnswer::kTotal)
      return total(rows) == total(wanted) ? "" : "a record is lost, or counted twice";
    if (const auto row = missing(rows, wanted))
      return "has a row that late records do not explain: " + testing::PrintToString(*row);
    if (const auto row = missing(wanted, rows)) return "lacks " + testing::PrintToString(*row);
    return "";
  }
  static std::int64_t total(const SimRows& rows) {
    std::int64_t sum = 0;
    for (const SimRow& row : rows) sum += row.value;
    return sum;
  }
  // Windows that came out anew replace what came before, in the task that has the key.
  static SimRows newest_of_each(const RowSink& sink) {
    std::map<std::tuple<What, std::uint32_t, std::int64_t, std::int64_t>, SimRow> newest;
    for (const RowTaskTrace& task : sink.tasks) {
      for (SimRow row : task.rows) {
        if (row.what == What::kUpdatedWindow) row.what = What::kWindow;
        newest[{row.what, row.key, row.start, row.end}] = row;
      }
    }
    SimRows result;
    for (const auto& [id, row] : newest) result.push_back(row);
    return sorted(result);
  }

  // Timers of processing time: each at most once, in order, never too soon, and none left out that was due at the end.
  std::string check_by_clock(const RowSink& sink) {
    std::uint64_t set_rows = 0;
    for (const RowTaskTrace& task : sink.tasks) {
      std::set<std::pair<std::uint32_t, std::int64_t>> waiting;
      std::map<std::uint32_t, std::int64_t> newest;
      for (const SimRow& row : task.rows) {
        if (row.what == What::kProcessingTimerSet) ++set_rows, waiting.insert({row.key, row.start});
        if (row.what == What::kProcessingTimerFired) {
          if (waiting.erase({row.key, row.start}) == 0) return "a timer that nobody has set";
          if (row.end < row.start) return "a timer before its time";
          if (newest.contains(row.key) && row.start <= newest[row.key])
            return "timers of a key out of order";
          newest[row.key] = row.start;
        }
        if (row.what != What::kClosed) continue;
        for (const auto& [key, time] : waiting) {
          if (time <= row.end) return "a timer that was due has not come";
        }
      }
    }
    return set_rows == events_before({}).size() ? "" : "not every record has come";
  }

  std::string check_late() {
    std::uint64_t counted = 0;
    std::uint64_t aside = 0;
    for (const TaskMetrics& task : run_.metrics().tasks) {
      if (task.stage != "window_all" && task.stage != "second") counted += task.late;
      if (task.late > 0 && !made_.may_be_late) return "a record was late that should not be";
    }
    bool all_read = true;
    for (const auto& sink : made_.sinks) {
      for (const SimEvents& task : sink->late) aside += task.size();
      all_read = all_read && sink->name != "windows of windows";
    }
    return !all_read || counted == aside ? "" : "late records are not what was set aside";
  }

  // What the sources had sent when they let the epoch pass; at the end where there is none.
  SimEvents events_before(std::optional<Epoch> epoch) const {
    SimEvents events;
    for (std::size_t i = 0; i < made_.sources.size(); ++i) {
      const SourceTaskTrace& trace = *made_.sources[i];
      const std::uint64_t count =
          epoch ? cut_at(trace.cuts, *epoch, trace.sent).value_or(trace.sent) : trace.sent;
      events.insert(events.end(), made_.sent[i].begin(),
                    made_.sent[i].begin() + static_cast<std::ptrdiff_t>(count));
    }
    return events;
  }
  static SimRows seen(const RowSink& sink, std::optional<Epoch> epoch) {
    SimRows rows;
    for (const RowTaskTrace& task : sink.tasks) {
      const std::uint64_t all = task.rows.size();
      const std::uint64_t count = epoch ? cut_at(task.cuts, *epoch, all).value_or(all) : all;
      rows.insert(rows.end(), task.rows.begin(),
                  task.rows.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return sorted(rows);
  }
  static EventTime watermark_at(const RowSink& sink, std::optional<Epoch> epoch) {
    EventTime least = kMaxEventTime;
    for (const RowTaskTrace& task : sink.tasks) {
      EventTime at = task.watermark;
      for (std::size_t i = 0; epoch && i < task.cuts.size(); ++i) {
        if (task.cuts[i].first == *epoch) at = task.cut_watermarks[i];
      }
      least = std::min(least, at);
    }
    return least;
  }

  KeyedJob made_;
  SimRun run_;
  Schedule schedule_;
  std::uint64_t cuts_checked_ = 0;
};

}  // namespace penstock::sim
