// api/keyed_stream.h -- KeyedStream<T>: records of equal keys meet in one task, where each key has state of its own.
#pragma once

#include <memory>
#include <utility>

#include "penstock/api/stream.h"
#include "penstock/operators/process.h"

namespace penstock {

template <class T, class Selector>
class [[nodiscard]] KeyedStream {
 public:
  KeyedStream(std::shared_ptr<Plan> plan, StageId stage, Selector selector)
      : plan_(std::move(plan)), stage_(stage), selector_(std::move(selector)) {}

  // Any operator with state: see operators/process.h for its shape.
  template <class Operator>
  auto process(Operator op) && {
    using Op = KeyedProcess<T, Selector, Operator>;
    return Stream<typename Op::Output, internal::FromExchanges<T>, Op>(
        std::move(plan_), stage_, {}, std::tuple<Op>(Op(std::move(selector_), std::move(op))));
  }

  // For messages and metrics.
  KeyedStream&& named(std::string name) && {
    plan_->stage(stage_).name = std::move(name);
    return std::move(*this);
  }
  // Tasks that share the keys; by default one per worker.
  KeyedStream&& parallelism(std::uint32_t tasks) && {
    plan_->stage(stage_).parallelism = tasks;
    return std::move(*this);
  }

 private:
  std::shared_ptr<Plan> plan_;
  StageId stage_;
  Selector selector_;
};

}  // namespace penstock
