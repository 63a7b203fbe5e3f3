// bench/workloads/open_loop_source.h -- a workload's generator as a source that sends each event when it is due.
//
// Task s of W sends the events s, s + W, s + 2 W, ... below `events`. Between two of them it tells its task when the
// next one is due, so that the worker spins or parks; one that is late sends all that is due at once, and the schedule
// stays where it is. The first task to be polled says when the load begins. Make is called with (first, step) and gives
// a generator with next() and next_number().
// Threads    LoadStart is shared by the tasks of one run.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "penstock/bench/harness/open_loop.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/source.h"

namespace penstock::bench {

// T0 of a load: what the first caller of begin() said.
class LoadStart {
 public:
  Instant begin(Instant now) noexcept {
    std::int64_t before = kNever.nanos;
    return nanos_.compare_exchange_strong(before, now.nanos) ? now : Instant{before};
  }
  // kNever before it has begun.
  Instant at() const noexcept { return {nanos_.load()}; }

 private:
  std::atomic<std::int64_t> nanos_{kNever.nanos};
};

template <class Make>
class OpenLoopSource {
  using Generator = decltype(std::declval<const Make&>()(0, 1));

 public:
  using Value = decltype(std::declval<Generator&>().next());

  OpenLoopSource(std::uint64_t events, std::uint64_t rate_per_second, Make make,
                 std::shared_ptr<LoadStart> start)
      : events_(events),
        rate_(rate_per_second),
        make_(std::move(make)),
        generator_(make_(0, 1)),
        schedule_(Instant{}, rate_),
        start_(std::move(start)) {}

  Status open(const SourceContext& context) {
    generator_ = make_(context.task_index, context.task_count);
    return Status();
  }

  PollResult poll(std::size_t max, Instant now, auto& emit) noexcept {
    if (start_ != nullptr) [[unlikely]]
      begin(now);
    PollResult result;
    if (now >= next_due_) {
      const std::uint64_t due = std::min(schedule_.due_count(now), events_);
      for (; generator_.next_number() < due && result.records < max && !emit.full();
           ++result.records) {
        emit(Record<Value>{generator_.next(), EventTime{}});
      }
      next_due_ = schedule_.due(generator_.next_number());
    }
    if (generator_.next_number() >= events_) {
      result.state = SourceState::kEnded;
    } else if (now < next_due_) {
      result.state = SourceState::kWaiting;
      result.wake_at = next_due_;
    }
    return result;
  }

 private:
  void begin(Instant now) noexcept {
    schedule_ = OpenLoopSchedule(std::exchange(start_, nullptr)->begin(now), rate_);
    next_due_ = schedule_.due(generator_.next_number());
  }

  std::uint64_t events_;
  std::uint64_t rate_;
  Make make_;
  Generator generator_;
  OpenLoopSchedule schedule_;
  std::shared_ptr<LoadStart> start_;  // Null once it has begun.
  Instant next_due_ = kNever;
};

}  // namespace penstock::bench
