// api/session_stream.h -- SessionStream<T>: a keyed stream cut into sessions, on its way to an aggregate.
//
//   std::move(clicks).key_by(&Click::user).window(session(30min)).late_to(late)
//       .aggregate<Sum<std::int64_t>>(&Click::seconds, [](const auto& s) { return s.value > 600; })
//
// A row comes out for each session when the watermark closes it; its time is the session's last microsecond. See
// operators/window/session_aggregate.h for what a session is, accumulator.h for what is added up.
#pragma once

#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "penstock/api/stream.h"
#include "penstock/operators/process.h"
#include "penstock/operators/window/session_aggregate.h"

namespace penstock {

template <class T, class Selector>
class [[nodiscard]] SessionStream {
 public:
  SessionStream(std::shared_ptr<Plan> plan, StageId stage, Selector selector, SessionSpec spec)
      : plan_(std::move(plan)), stage_(stage), selector_(std::move(selector)), spec_(spec) {}

  // Where records go that are late; they are counted in any case. The stream that the aggregate returns gives them out
  // by side_output(side).
  SessionStream&& late_to(SideOutput<T> side) && {
    late_ = std::move(side);
    return std::move(*this);
  }

  // Acc takes in value_of(record): a member or a function. `having(const WindowResult&)` decides which rows come out.
  template <class Acc, class ValueOf, class Having = EveryWindow>
  auto aggregate(ValueOf value_of, Having having = {}) && {
    using Key = std::remove_cvref_t<std::invoke_result_t<Selector&, const T&>>;
    using Operator = SessionAggregate<T, Key, Acc, ValueOf, Having>;
    using Op = KeyedProcess<T, Selector, Operator>;
    return Stream<typename Op::Output, internal::FromExchanges<T>, Op>(
        std::move(plan_), stage_, {},
        std::tuple<Op>(Op(std::move(selector_), Operator(spec_, std::move(value_of),
                                                         std::move(having), std::move(late_)))));
  }
  template <class Having = EveryWindow>
  auto count(Having having = {}) && {
    return std::move(*this).template aggregate<Count>(
        [](const T& value) noexcept -> const T& { return value; }, std::move(having));
  }

 private:
  std::shared_ptr<Plan> plan_;
  StageId stage_;
  Selector selector_;
  SessionSpec spec_;
  std::optional<SideOutput<T>> late_;
};

}  // namespace penstock
