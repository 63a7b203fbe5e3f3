// operators/assign_event_time.h -- gives records their event time and the stream its watermark.
//
// Stands right behind a source. Watermarks and idleness leave at the end of each polled batch, behind the records they
// cover. Lateness is not judged here: that is for the operators that keep time.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/core/time/watermark_generator.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class TimeOf>
class AssignEventTime {
  static_assert(
      std::is_invocable_r_v<EventTime, TimeOf&, const In&>,
      "event_time: name a member of type EventTime, or a function EventTime f(const In&)");

 public:
  using Output = In;

  AssignEventTime(TimeOf time_of, WatermarkOptions options)
      : time_of_(std::move(time_of)), generator_(options) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    counters_ = context.counters;
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<In> auto&& out) noexcept {
    guarded(failure_, "event_time",
            [&]() noexcept(std::is_nothrow_invocable_v<TimeOf&, const In&>) {
              const EventTime time = std::invoke(time_of_, record.value);
              generator_.observe(time);
              out.collect(Record<In>{record.value, time});
            });
  }

  template <class Out>
  void end_batch(Instant now, Out&& out) noexcept {
    if (const std::optional<EventTime> risen = generator_.advance()) {
      counters_->watermark_micros.store(risen->micros, std::memory_order_relaxed);
      out.watermark(*risen);
    }
    if (generator_.fell_idle(now)) out.idle();
  }
  Instant wake_at() const noexcept { return generator_.idle_deadline(); }

 private:
  TimeOf time_of_;
  WatermarkGenerator generator_;
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
