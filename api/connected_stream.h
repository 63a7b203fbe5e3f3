// api/connected_stream.h -- ConnectedStream<T, R>: a keyed stream beside a broadcast one, on its way to an operator.
//
//   auto rules = job.source(watched_file_source({.path = "rules.json"}), json::decoder<Rules>()).broadcast();
//   std::move(payments).key_by(&Payment::card).connect(rules).process(Judge{})
//
// The operator is a keyed one (operators/process.h) that has, besides,
//   void on_broadcast(const Record<R>&, CollectorOf<Output> auto&& out)
// Each of its tasks gets every record of the broadcast stream, in the order in which each producer sent them, and keeps
// what it needs in members of the operator. There is no current key then.
// Ordering   What has arrived is taken in before the next keyed record, and records are never handled at the same time.
//            The order between the two streams is otherwise that of arrival: what must be in force before the first
//            record goes into the operator when the job is written.
// Time       The broadcast stream has no part in the watermark; in the alignment of barriers it has.
// End        The stage ends when its keyed stream has ended. What the broadcast stream still brings is dropped, and its
//            sources end if nothing else reads them.
#pragma once

#include <memory>
#include <tuple>
#include <utility>

#include "penstock/api/keyed_stage.h"
#include "penstock/api/stream.h"
#include "penstock/core/stream/collector.h"
#include "penstock/operators/process.h"

namespace penstock {

template <class T, class Selector, class R>
class [[nodiscard]] ConnectedStream : public internal::KeyedStage<ConnectedStream<T, Selector, R>> {
  using Stage = internal::KeyedStage<ConnectedStream<T, Selector, R>>;
  using Stage::plan_;
  using Stage::stage_;

 public:
  ConnectedStream(std::shared_ptr<Plan> plan, StageId stage, Selector selector)
      : Stage(std::move(plan), stage), selector_(std::move(selector)) {}

  template <class Operator>
  auto process(Operator op) && {
    using Op = KeyedProcess<T, Selector, Operator>;
    static_assert(
        requires(Operator& each, const Record<R>& record, ListCollector<typename Op::Output>& out) {
          each.on_broadcast(record, out);
        },
        "connect: the operator must take the records of the broadcast stream: "
        "void on_broadcast(const Record<R>&, auto&& out)");
    return Stream<typename Op::Output, internal::FromConnected<T, R>, Op>(
        std::move(plan_), stage_, {}, std::tuple<Op>(Op(std::move(selector_), std::move(op))));
  }

 private:
  Selector selector_;
};

}  // namespace penstock
