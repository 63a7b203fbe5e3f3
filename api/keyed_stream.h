// api/keyed_stream.h -- KeyedStream<T>: records of equal keys meet in one task, where each key has state of its own.
#pragma once

#include <memory>
#include <utility>

#include "penstock/api/connected_stream.h"
#include "penstock/api/keyed_stage.h"
#include "penstock/api/stream.h"
#include "penstock/operators/process.h"
#include "penstock/operators/window/key_partial.h"
#include "penstock/operators/window/window_spec.h"

namespace penstock {

template <class InStream, class Selector, class Spec, bool kSetsLateAside = false>
class WindowedStream;

template <class InStream, class Selector>  // InStream: Stream<T, ...>, not yet led to this stage
class [[nodiscard]] KeyedStream : public internal::KeyedStage<KeyedStream<InStream, Selector>> {
  using Stage = internal::KeyedStage<KeyedStream<InStream, Selector>>;
  using Stage::plan_;
  using Stage::stage_;
  using T = typename InStream::Value;

 public:
  KeyedStream(std::shared_ptr<Plan> plan, StageId stage, InStream stream, Selector selector)
      : Stage(std::move(plan), stage), stream_(std::move(stream)), selector_(std::move(selector)) {}

  // Any operator with state: see operators/process.h for its shape.
  template <class Operator>
  auto process(Operator op) && {
    using Op = KeyedProcess<T, Selector, Operator>;
    std::move(stream_).lead_to_owners(stage_, selector_);
    return Stream<typename Op::Output, internal::FromExchanges<T>, Op>(
        std::move(plan_), stage_, {}, std::tuple<Op>(Op(std::move(selector_), std::move(op))));
  }

  // Beside the records of each key, every task gets every record of `broadcast`; see api/connected_stream.h.
  template <class R>
  auto connect(const BroadcastStream<R>& broadcast) && {
    std::move(stream_).lead_to_owners(stage_, selector_);
    if (internal::same_job("connect", *plan_, stage_, *broadcast.plan_, broadcast.stage_))
      plan_->connect(internal::broadcast_exchange<R>(broadcast.stage_, stage_));
    return ConnectedStream<T, Selector, R>(std::move(plan_), stage_, std::move(selector_));
  }

  // Cuts each key's records into windows of event time: tumbling(size), sliding(size, slide) or session(gap).
  template <class Spec>
  auto window(Spec spec) && {
    return WindowedStream<InStream, Selector, Spec>(std::move(*this), spec);
  }

 private:
  template <class, class, class, bool>
  friend class WindowedStream;

  // The same of the parts that a KeyPartial makes of the records before they are led here.
  template <class Acc, class ValueOf, class Operator>
  auto process_parts(WindowSpec spec, ValueOf value_of, Operator op) && {
    using Partial = KeyPartial<T, internal::KeyOf<T, Selector>, Acc, ValueOf>;
    auto parts = std::move(stream_).apply(
        Partial(spec, internal::KeyOf<T, Selector>(std::move(selector_)), std::move(value_of)));
    return KeyedStream<decltype(parts), KeyOfPart>(std::move(plan_), stage_, std::move(parts), {})
        .process(std::move(op));
  }

  InStream stream_;
  Selector selector_;
};

}  // namespace penstock

// A windowed stream holds a keyed one: it can be defined only here.
#include "penstock/api/windowed_stream.h"  // IWYU pragma: export
