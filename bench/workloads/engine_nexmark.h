// bench/workloads/engine_nexmark.h -- q0, q1 and q2 as jobs: generator, fused operators, a sum at the end.
#pragma once

#include <memory>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/nexmark.h"

namespace penstock::bench {

// Task s of W produces the events s, s + W, s + 2 W, ... below `events`.
class NexmarkSource {
 public:
  using Value = NexmarkEvent;

  NexmarkSource(std::uint64_t events, Disorder disorder, std::shared_ptr<RunMeter> meter)
      : events_(events),
        disorder_(disorder),
        generator_(0, 1, disorder),
        meter_(std::move(meter)) {}

  Status open(const SourceContext& context) {
    generator_ = NexmarkGenerator(context.task_index, context.task_count, disorder_);
    return Status();
  }

  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    if (meter_ != nullptr) std::exchange(meter_, nullptr)->started();
    PollResult result;
    const std::uint64_t events = events_;  // These two in registers for the length of the loop.
    NexmarkGenerator generator = generator_;
    while (result.records < max && generator.next_number() < events && !emit.full()) {
      const NexmarkEvent event = generator.next();
      emit(Record<NexmarkEvent>{event, EventTime{event.time_ms * 1000}});
      ++result.records;
    }
    generator_ = generator;
    if (generator.next_number() >= events_) result.state = SourceState::kEnded;
    return result;
  }

 private:
  std::uint64_t events_;
  Disorder disorder_;
  NexmarkGenerator generator_;
  std::shared_ptr<RunMeter> meter_;
};

void build_nexmark(Job& job, const Workload& workload, std::uint64_t events,
                   std::shared_ptr<RunMeter> meter);

}  // namespace penstock::bench
