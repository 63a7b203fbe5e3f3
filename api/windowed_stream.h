// api/windowed_stream.h -- WindowedStream<T>: a keyed stream cut into windows or sessions, to be aggregated.
//
//   std::move(payments).key_by(&Payment::card)
//       .window(sliding(60s, 10s)).allowed_lateness(5s).late_to(late)
//       .aggregate<Sum<std::int64_t>>(&Payment::cents, [](const auto& w) { return w.value > 500'000; })
//   std::move(clicks).key_by(&Click::user).window(session(30min)).count()
//
// A row comes out for each key and window that holds a record, when the watermark closes it; its time is the window's
// last microsecond. See operators/window/window_spec.h for which windows there are, session_aggregate.h for what a
// session is, accumulator.h for what they add up.
// Before     Where the accumulator allows it (MergesExactly in accumulator.h), each task adds its records of a key and
//            pane up before they go to the task of their key: operators/window/key_partial.h. With late_to(side) they
//            go one by one, for of a part the late ones could not be told from the others.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "penstock/api/keyed_stream.h"
#include "penstock/core/stream/element.h"
#include "penstock/operators/window/session_aggregate.h"
#include "penstock/operators/window/window_aggregate.h"

namespace penstock {

template <class InStream, class Selector, class Spec, bool kSetsLateAside>
class [[nodiscard]] WindowedStream {  // Spec: WindowSpec or SessionSpec
  using T = typename InStream::Value;

 public:
  WindowedStream(KeyedStream<InStream, Selector> keyed, Spec spec,
                 std::optional<SideOutput<T>> late = {})
      : keyed_(std::move(keyed)), spec_(spec), late_(std::move(late)) {}

  // How long a closed window may still change; each change comes out, marked `updated`. By default not at all.
  WindowedStream&& allowed_lateness(std::chrono::microseconds lateness) &&
        requires std::same_as<Spec, WindowSpec>
  {
    spec_.allowed_lateness = lateness;
    return std::move(*this);
  }
  // Where records go that are too late; they are counted in any case. The stream that the aggregate returns gives them
  // out by side_output(side).
  auto late_to(SideOutput<T> side) && {
    return WindowedStream<InStream, Selector, Spec, true>(std::move(keyed_), spec_,
                                                          std::move(side));
  }

  // Acc takes in value_of(record): a member or a function. `having(const WindowResult&)` decides which rows come out.
  template <class Acc, class ValueOf, class Having = EveryWindow>
  auto aggregate(ValueOf value_of, Having having = {}) && {
    using Key = std::remove_cvref_t<std::invoke_result_t<Selector&, const T&>>;
    if constexpr (std::same_as<Spec, SessionSpec>) {
      return std::move(keyed_).process(SessionAggregate<T, Key, Acc, ValueOf, Having>(
          spec_, std::move(value_of), std::move(having), std::move(late_)));
    } else if constexpr (!kSetsLateAside && goes_in_parts<Key, Acc>()) {
      return std::move(keyed_).template process_parts<Acc>(
          spec_, std::move(value_of),
          WindowPartAggregate<Key, Acc, Having>(spec_, std::move(having)));
    } else {
      return std::move(keyed_).process(WindowAggregate<T, Key, Acc, ValueOf, Having>(
          spec_, std::move(value_of), std::move(having), std::move(late_)));
    }
  }
  template <class Having = EveryWindow>
  auto count(Having having = {}) && {
    return std::move(*this).template aggregate<Count>(std::identity(), std::move(having));
  }

 private:
  static constexpr std::size_t kSlotBytes = 64 - sizeof(ElementHeader);

  // Also only keys that a table can hold before there is one, and parts that fit where a record does, or into the slots
  // that all but the smallest take.
  template <class Key, class Acc>
  static consteval bool goes_in_parts() {
    if constexpr (MergesExactly<Acc> && std::default_initializable<Key> &&
                  std::is_copy_assignable_v<Key>) {
      return sizeof(KeyPart<Key, Acc>) <= std::max(kSlotBytes, sizeof(T));
    }
    return false;
  }

  KeyedStream<InStream, Selector> keyed_;
  Spec spec_;
  std::optional<SideOutput<T>> late_;
};

}  // namespace penstock
