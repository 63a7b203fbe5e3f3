// tests/sim/keyed_operators.h -- operators with timers and windows of which the simulator knows what they must emit.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/operators/side_output.h"
#include "penstock/tests/sim/naive_windows.h"

namespace penstock::sim {

// Cannot retract, and does not know whether it is empty.
struct Digest {
  std::uint64_t digest = 0;
  void add(std::int64_t value) noexcept { digest += digest_of(value); }
  void merge(const Digest& other) noexcept { digest += other.digest; }
  std::int64_t result() const noexcept { return static_cast<std::int64_t>(digest >> 1); }
};

// Counts the records of each bucket of time, by a timer at its end, which sets another one that is due soon after;
// and sets and erases timers as records wish.
struct Clockwork {
  using Output = SimRow;
  SideOutput<SimEvent> late;
  bool with_wishes = true;
  Timers<std::uint32_t> handle{};
  MapState<std::int64_t, std::int64_t> buckets{};
  MapState<std::uint32_t, std::int64_t> wished{};
  TaskCounters* counters = nullptr;

  auto& timers() noexcept { return handle; }
  void open(OperatorContext& context) {
    buckets = context.map_state<std::int64_t, std::int64_t>("buckets");
    wished = context.map_state<std::uint32_t, std::int64_t>("wished");
    counters = context.task().counters;
    late.open(context.task());
  }
  void on_record(const Record<SimEvent>& record, auto&&) noexcept {
    const std::int64_t end = bucket_end(record.value.time);
    if (end <= handle.watermark().micros) return drop(record);
    ++buckets.get_or_create(end);
    handle.set_event_time({end});
    if (with_wishes) grant(record.value);
  }
  void on_timer(const Timer& timer, const KeyContext<std::uint32_t>& context, auto&& out) noexcept {
    const std::int64_t time = timer.time.micros;
    SimRow row{What::kEventTimer, context.key(), time, time, 0};
    if (time % kBucket == 0) {
      row = {What::kBucketTimer, context.key(), time - kBucket, time, *buckets.get(time)};
      buckets.erase(time);
      handle.set_event_time({time + 1});
    } else if ((time - 1) % kBucket == 0) {
      row = {What::kChainedTimer, context.key(), time - 1, time, 0};
    }
    out.collect(Record<SimRow>{row, timer.time});
  }

 protected:
  void drop(const Record<SimEvent>& record) noexcept {
    counters->late.add(1);
    late.collect(record);
  }
  void grant(const SimEvent& event) noexcept {
    if (wish_of(event) == Wish::kSet) {
      wished.get_or_create(event.source) = wished_time(event);
      handle.set_event_time({wished_time(event)});
    } else if (const std::int64_t* mine = wished.get(event.source);
               wish_of(event) == Wish::kErase && mine != nullptr && *mine > event.time) {
      handle.erase_event_time({*mine});
    }
  }
};

// The same with windows, beside a broadcast stream of which each producer's records must come without a gap.
struct ClockworkBesideRules : Clockwork {
  WindowPanes<Sum<std::int64_t>> panes;
  std::shared_ptr<std::string> defect;
  struct NextRule {
    std::uint32_t source = 0;
    std::uint64_t id = 0;
  };
  std::map<std::uint32_t, std::uint64_t> next_rule{};
  std::uint32_t task = 0;

  auto windows() noexcept { return std::tie(panes); }
  void open(OperatorContext& context) {
    Clockwork::open(context);
    task = context.task().task_index;
  }
  void on_record(const Record<SimEvent>& record, auto&& out) noexcept {
    if (!panes.add(record.time, record.value.value)) return drop(record);
    Clockwork::on_record(record, out);
  }
  void on_window(const Window<Sum<std::int64_t>>& window, const KeyContext<std::uint32_t>& context,
                 auto&& out) noexcept {
    out.collect(Record<SimRow>{{What::kWindow, context.key(), window.start.micros,
                                window.end.micros, window.value.result()},
                               window.time()});
  }
  void on_broadcast(const Record<SimEvent>& rule, auto&&) noexcept {
    // At the end of time nobody has to hear of rules any more.
    const bool hears_all = handle.watermark() != kMaxEventTime;
    if (rule.value.id != next_rule[rule.value.source]++ && hears_all)
      *defect = "a broadcast record is missing";
  }
  void capture(SnapshotWriter& out) noexcept {
    out.section("rules", 1);
    for (const auto& [source, id] : next_rule) {
      const NextRule item{source, id};
      out.add({reinterpret_cast<const char*>(&item), sizeof(item)});
    }
  }
  // Each task of the stage had seen them all, however many there were.
  Status restore(const SnapshotItem& item) {
    NextRule next;
    if (item.task_index != task % item.task_count) return Status();
    std::memcpy(&next, item.bytes.data(), sizeof(next));
    next_rule[next.source] = next.id;
    return Status();
  }
};

// Sets a timer of processing time with each record, and says so.
struct Reminder {
  using Output = SimRow;
  Timers<std::uint32_t> handle{};

  auto& timers() noexcept { return handle; }
  void on_record(const Record<SimEvent>& record, auto&& out) noexcept {
    const EventTime now = handle.processing_now();
    const EventTime at = now + std::chrono::microseconds(1 + record.value.value * 20);
    handle.set_processing_time(at);
    out.collect(Record<SimRow>{
        {What::kProcessingTimerSet, record.value.key, at.micros, now.micros, 0}, record.time});
  }
  void on_timer(const Timer& timer, const KeyContext<std::uint32_t>& context, auto&& out) noexcept {
    out.collect(Record<SimRow>{{What::kProcessingTimerFired, context.key(), timer.time.micros,
                                handle.processing_now().micros, 0},
                               kMaxEventTime});
  }
  Status close(auto&& out) {
    const std::int64_t now = handle.processing_now().micros;
    out.collect(Record<SimRow>{{What::kClosed, 0, now, now, 0}, kMaxEventTime});
    return Status();
  }
};

}  // namespace penstock::sim
