// bench/workloads/numbered_source.h -- a workload's generator as a source of the engine.
//
// Task s of W produces the events s, s + W, s + 2 W, ... below `events`. Make is called with (first, step) and gives a
// generator with next() and next_number().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "penstock/bench/workloads/engine_run.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/source.h"

namespace penstock::bench {

template <class Make>
class NumberedSource {
  using Generator = decltype(std::declval<const Make&>()(0, 1));

 public:
  using Value = decltype(std::declval<Generator&>().next());

  NumberedSource(std::uint64_t events, Make make, std::shared_ptr<RunMeter> meter)
      : events_(events),
        make_(std::move(make)),
        generator_(make_(0, 1)),
        meter_(std::move(meter)) {}

  Status open(const SourceContext& context) {
    generator_ = make_(context.task_index, context.task_count);
    const std::uint64_t first = context.task_index;
    left_ = first < events_ ? (events_ - first - 1) / context.task_count + 1 : 0;
    return Status();
  }

  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    if (meter_ != nullptr) std::exchange(meter_, nullptr)->started();
    const std::size_t most = std::min<std::uint64_t>(max, left_);
    std::size_t left =
        most;  // One counter, and the generator in registers, for the length of the loop.
    Generator generator = generator_;
    for (; left > 0 && !emit.full(); --left) emit(Record<Value>{generator.next(), EventTime{}});
    generator_ = generator;
    left_ -= most - left;
    PollResult result;
    result.records = most - left;
    if (left_ == 0) result.state = SourceState::kEnded;
    return result;
  }

 private:
  std::uint64_t events_;
  Make make_;
  Generator generator_;
  std::uint64_t left_ = 0;
  std::shared_ptr<RunMeter> meter_;
};

}  // namespace penstock::bench
