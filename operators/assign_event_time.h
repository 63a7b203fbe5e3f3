// operators/assign_event_time.h -- gives records their event time and the stream its watermark.
//
// Stands right behind a source. Watermarks and idleness leave at the end of each polled batch, behind the records they
// cover. Lateness is not judged here: that is for the operators that keep time.
// Misdated   A record whose time cannot be right must not move the watermark, or one broken clock would make all others
//            late. It is counted (TaskCounters::misdated) and goes into the side output, where one is read, else
//            nowhere. Misdated are times more than `max_ahead` ahead of the time of day, and those that are no moment
//            of history (kEarliestTime, kLatestTime), whose windows would have no bounds. To idleness it is no record.
// Splits     Of a source that has parts each has a watermark of its own (core/time/split_watermarks.h), as long as no
//            exchange stands between.
// Clock      The time of day, as of the step. Where it steps back, what has moved the watermark before stays, and times
//            are measured against the new time of day within a second: a step back by more than `max_ahead` sets every
//            live record aside until the clock is right again. A time of day before 2020 is that of a clock that nobody
//            has set (a board without a battery, a test): it judges nothing.
// Cost       One compare per record; an addition per step.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/time/split_watermarks.h"
#include "penstock/operators/guarded.h"
#include "penstock/operators/restore_errors.h"
#include "penstock/operators/side_output.h"
#include "penstock/operators/step_clock.h"

namespace penstock {

template <class In>
struct EventTimeOptions {
  std::chrono::microseconds max_disorder{0};
  std::chrono::nanoseconds idle_after = std::chrono::seconds(1);  // Zero or less: never idle.
  std::chrono::microseconds max_ahead = std::chrono::hours(24);   // Zero or less: any time ahead.
  std::optional<SideOutput<In>> misdated_to{};
};

// About 146,000 years before and after 1970: windows and timers around these times can be computed without a thought.
inline constexpr EventTime kEarliestTime{-(std::int64_t{1} << 62)};
inline constexpr EventTime kLatestTime{std::int64_t{1} << 62};

template <class In, class TimeOf>
class AssignEventTime {
  static_assert(
      std::is_invocable_r_v<EventTime, TimeOf&, const In&>,
      "event_time: name a member of type EventTime, or a function EventTime f(const In&)");

 public:
  using Output = In;

  AssignEventTime(TimeOf time_of, EventTimeOptions<In> options)
      : time_of_(std::move(time_of)),
        watermarks_({.max_disorder = options.max_disorder, .idle_after = options.idle_after}),
        max_ahead_(options.max_ahead),
        misdated_to_(std::move(options.misdated_to)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    counters_ = context.counters;
    task_index_ = context.task_index;
    task_count_ = context.task_count;
    if (misdated_to_) misdated_to_->open(context);
    clock_.open(*context.clock);
    measure();
    return Status();
  }

  void begin_batch(Instant now) noexcept {
    clock_.at(now);
    measure();
  }
  void on_record(const Record<In>& record, CollectorOf<In> auto&& out) noexcept {
    guarded(failure_, "event_time",
            [&]() noexcept(std::is_nothrow_invocable_v<TimeOf&, const In&>) {
              const EventTime time = std::invoke(time_of_, record.value);
              if (since_earliest(time) > allowed_) [[unlikely]]
                return set_aside(Record<In>{record.value, time});
              watermarks_.observe(time);
              out.collect(Record<In>{record.value, time});
            });
  }

  template <class Out>
  void end_batch(Instant now, Out&& out) noexcept {
    // What went aside has ended the idleness of the side output, and nothing else would say that it goes on.
    const bool stays_idle = std::exchange(has_set_aside_, false) && watermarks_.is_idle();
    const WatermarkCoalescer::Update update = watermarks_.end_batch(now);
    if (update.watermark) {
      counters_->watermark_micros.store(update.watermark->micros, std::memory_order_relaxed);
      out.watermark(*update.watermark);
    }
    if (update.became_idle || (stays_idle && watermarks_.is_idle())) out.idle();
  }
  Instant wake_at() const noexcept { return watermarks_.idle_deadline(); }
  void capture(Epoch, SnapshotWriter& out) noexcept {
    out.section(kSection, kVersion);
    watermarks_.capture(out);
  }
  Status restore(const SnapshotItem& item) {
    if (item.section != kSection || item.version != kVersion)
      return internal::section_unknown(item).with_place("event_time");
    const bool whole = item.task_count != task_count_ || item.task_index == task_index_;
    return watermarks_.restore(item.bytes, whole).with_place("event_time");
  }
  Status restored() {
    watermarks_.restored();
    return Status();
  }
  void set_splits(std::span<const SplitId> splits) { watermarks_.set_splits(splits); }
  void select_split(SplitId split) noexcept { watermarks_.select(split); }

 private:
  static constexpr std::string_view kSection = "penstock.event_time";
  static constexpr std::uint32_t kVersion = 1;
  static constexpr EventTime kClockIsSet{1'577'836'800'000'000};  // 2020-01-01 00:00 UTC

  // Times before kEarliestTime come out above all others.
  static constexpr std::uint64_t since_earliest(EventTime time) noexcept {
    return static_cast<std::uint64_t>(time.micros) -
           static_cast<std::uint64_t>(kEarliestTime.micros);
  }
  void measure() noexcept {
    EventTime latest = kLatestTime;
    const EventTime wall = clock_.wall();
    const bool judges = max_ahead_.count() > 0 && wall >= kClockIsSet;
    if (judges && max_ahead_ < kLatestTime - wall) latest = wall + max_ahead_;
    allowed_ = since_earliest(latest);
  }
  [[gnu::noinline]] void set_aside(const Record<In>& record) noexcept {
    counters_->misdated.add(1);
    has_set_aside_ = true;
    if (misdated_to_) misdated_to_->collect(record);
  }

  TimeOf time_of_;
  SplitWatermarks watermarks_;
  std::uint64_t allowed_ = 0;  // The latest time that is believed, as since_earliest().
  std::chrono::microseconds max_ahead_;
  StepClock clock_;
  std::optional<SideOutput<In>> misdated_to_;
  bool has_set_aside_ = false;
  std::uint32_t task_index_ = 0;
  std::uint32_t task_count_ = 1;
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
