// api/window_all_stream.h -- WindowAllStream: a stream without keys cut into windows of event time, on its way to an
// aggregate over all records.
//
//   std::move(trades).window_all(tumbling(1s)).aggregate<Sum<std::int64_t>>(&Trade::shares)
//
// Each task adds up its own records by pane, fused into its chain; one task merges these parts and emits a row for each
// window that holds a record when the watermark closes it, at the window's last microsecond. See
// operators/window/window_spec.h for which windows there are, accumulator.h for what they add up.
#pragma once

#include <chrono>
#include <utility>

#include "penstock/api/keyed_stream.h"
#include "penstock/api/stream.h"
#include "penstock/operators/window/pane_partial.h"
#include "penstock/operators/window/window_all_aggregate.h"

namespace penstock {

template <class InStream>
class [[nodiscard]] WindowAllStream {
 public:
  WindowAllStream(InStream stream, WindowSpec spec) : stream_(std::move(stream)), spec_(spec) {}

  // How long a closed window may still change; each change comes out, marked `updated`. By default not at all.
  WindowAllStream&& allowed_lateness(std::chrono::microseconds lateness) && {
    spec_.allowed_lateness = lateness;
    return std::move(*this);
  }

  // Acc takes in value_of(record): a member or a function. `having(const WindowAllResult&)` says which rows come out.
  template <class Acc, class ValueOf, class Having = EveryWindow>
  auto aggregate(ValueOf value_of, Having having = {}) && {
    using T = typename InStream::Value;
    return std::move(stream_)
        .apply(PanePartial<T, Acc, ValueOf>(spec_, std::move(value_of)))
        .key_by(OneKey{})
        .named("window_all")
        .parallelism(1)
        .process(WindowAllAggregate<Acc, Having>(spec_, std::move(having)));
  }
  template <class Having = EveryWindow>
  auto count(Having having = {}) && {
    using T = typename InStream::Value;
    return std::move(*this).template aggregate<Count>(
        [](const T& value) noexcept -> const T& { return value; }, std::move(having));
  }

 private:
  InStream stream_;
  WindowSpec spec_;
};

template <class T, class MakeInput, class... Ops>
WindowAllStream<Stream<T, MakeInput, Ops...>> Stream<T, MakeInput, Ops...>::window_all(
    WindowSpec spec) && {
  return WindowAllStream<Stream>(std::move(*this), spec);
}

}  // namespace penstock
