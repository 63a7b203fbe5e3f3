// api/window_all_stream.h -- WindowAllStream: a stream without keys cut into windows of event time, on its way to an
// aggregate over all records.
//
//   std::move(trades).window_all(tumbling(1s)).aggregate<Sum<std::int64_t>>(&Trade::shares)
//
// Each task adds up its own records by pane, fused into its chain; one task merges these parts and emits a row for each
// window that holds a record when the watermark closes it, at the window's last microsecond. See
// operators/window/window_spec.h for which windows there are, accumulator.h for what they add up.
// Late       Counted, and with late_to(side) emitted: the stream that the aggregate returns gives them out by
//            side_output(side). Every record then goes to the one task by itself, for in a part of a pane the late ones
//            could not be told from the others: it is to keep up with all of them alone.
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include "penstock/api/keyed_stream.h"
#include "penstock/api/stream.h"
#include "penstock/operators/window/pane_partial.h"
#include "penstock/operators/window/window_all_aggregate.h"

namespace penstock {

template <class InStream, bool kSetsLateAside>
class [[nodiscard]] WindowAllStream {
  using T = typename InStream::Value;

 public:
  WindowAllStream(InStream stream, WindowSpec spec, std::optional<SideOutput<T>> late = {})
      : stream_(std::move(stream)), spec_(spec), late_(std::move(late)) {}

  // How long a closed window may still change; each change comes out, marked `updated`. By default not at all.
  WindowAllStream&& allowed_lateness(std::chrono::microseconds lateness) && {
    spec_.allowed_lateness = lateness;
    return std::move(*this);
  }

  // Where records go that are too late; they are counted in any case.
  auto late_to(SideOutput<T> side) && {
    return WindowAllStream<InStream, true>(std::move(stream_), spec_, std::move(side));
  }

  // Acc takes in value_of(record): a member or a function. `having(const WindowAllResult&)` says which rows come out.
  template <class Acc, class ValueOf, class Having = EveryWindow>
  auto aggregate(ValueOf value_of, Having having = {}) && {
    if constexpr (kSetsLateAside) {
      return merged(std::move(stream_),
                    WindowAllRecords<T, Acc, ValueOf, Having>(
                        spec_, std::move(value_of), std::move(having), std::move(*late_)));
    } else {
      return merged(
          std::move(stream_).apply(PanePartial<T, Acc, ValueOf>(spec_, std::move(value_of))),
          WindowAllAggregate<Acc, Having>(spec_, std::move(having)));
    }
  }
  template <class Having = EveryWindow>
  auto count(Having having = {}) && {
    return std::move(*this).template aggregate<Count>(
        [](const T& value) noexcept -> const T& { return value; }, std::move(having));
  }

 private:
  template <class Parts, class Operator>
  static auto merged(Parts parts, Operator op) {
    return std::move(parts)
        .key_by(OneKey{})
        .named("window_all")
        .parallelism(1)
        .process(std::move(op));
  }

  InStream stream_;
  WindowSpec spec_;
  std::optional<SideOutput<T>> late_;
};

template <class T, class MakeInput, class... Ops>
WindowAllStream<Stream<T, MakeInput, Ops...>> Stream<T, MakeInput, Ops...>::window_all(
    WindowSpec spec) && {
  return WindowAllStream<Stream>(std::move(*this), spec);
}

}  // namespace penstock
