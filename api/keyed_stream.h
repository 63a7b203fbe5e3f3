// api/keyed_stream.h -- KeyedStream<T>: records of equal keys meet in one task, where each key has state of its own.
#pragma once

#include <memory>
#include <utility>

#include "penstock/api/connected_stream.h"
#include "penstock/api/keyed_stage.h"
#include "penstock/api/stream.h"
#include "penstock/operators/process.h"

namespace penstock {

template <class T, class Selector, class Spec>
class WindowedStream;

template <class T, class Selector>
class [[nodiscard]] KeyedStream : public internal::KeyedStage<KeyedStream<T, Selector>> {
  using Stage = internal::KeyedStage<KeyedStream<T, Selector>>;
  using Stage::plan_;
  using Stage::stage_;

 public:
  KeyedStream(std::shared_ptr<Plan> plan, StageId stage, Selector selector)
      : Stage(std::move(plan), stage), selector_(std::move(selector)) {}

  // Any operator with state: see operators/process.h for its shape.
  template <class Operator>
  auto process(Operator op) && {
    using Op = KeyedProcess<T, Selector, Operator>;
    return Stream<typename Op::Output, internal::FromExchanges<T>, Op>(
        std::move(plan_), stage_, {}, std::tuple<Op>(Op(std::move(selector_), std::move(op))));
  }

  // Beside the records of each key, every task gets every record of `broadcast`; see api/connected_stream.h.
  template <class R>
  auto connect(const BroadcastStream<R>& broadcast) && {
    if (internal::same_job("connect", *plan_, stage_, *broadcast.plan_, broadcast.stage_))
      plan_->connect(internal::broadcast_exchange<R>(broadcast.stage_, stage_));
    return ConnectedStream<T, Selector, R>(std::move(plan_), stage_, std::move(selector_));
  }

  // Cuts each key's records into windows of event time: tumbling(size), sliding(size, slide) or session(gap).
  template <class Spec>
  auto window(Spec spec) && {
    return WindowedStream<T, Selector, Spec>(std::move(*this), spec);
  }

 private:
  Selector selector_;
};

}  // namespace penstock

// A windowed stream holds a keyed one: it can be defined only here.
#include "penstock/api/windowed_stream.h"  // IWYU pragma: export
