// bench/workloads/numbered_source.h -- a workload's generator as a source of the engine.
//
// Task s of W produces the events s, s + W, s + 2 W, ... below `events`. Make is called with (first, step) and gives a
// generator with next() and, for the step that it was made with, step() and next_by(step). With one task the step is a
// constant, as it is in the bare loops: else the two would differ by what the generator costs.
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
    const std::size_t left =
        generator_.step() == 1
            ? emit_some(most, emit, [](Generator& made_by) { return made_by.next_by(1); })
            : emit_some(most, emit, [](Generator& made_by) { return made_by.next(); });
    left_ -= most - left;
    PollResult result;
    result.records = most - left;
    if (left_ == 0) result.state = SourceState::kEnded;
    return result;
  }

 private:
  // How many are left of `most`. One counter, and the generator in registers, for the length of the loop.
  template <class Emit, class Next>
  std::size_t emit_some(std::size_t most, Emit& emit, Next next) noexcept {
    Generator generator = generator_;
    std::size_t left = most;
    for (; left > 0 && !emit.full(); --left) emit(Record<Value>{next(generator), EventTime{}});
    generator_ = generator;
    return left;
  }

  std::uint64_t events_;
  Make make_;
  Generator generator_;
  std::uint64_t left_ = 0;
  std::shared_ptr<RunMeter> meter_;
};

}  // namespace penstock::bench
