// operators/for_each.h -- the end of a stream in user code: one call per record.
//
// Function   f(const In&), or f(const Record<In>&) for the event time as well. A generic one, f(const auto&), gets In.
// Threads    Each task has a copy of the function and calls it on its worker: with several workers the copies run at
//            the same time. No call comes after the job has stopped.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class Function>
class ForEach {
  // In this order, and one by one: asking whether a generic function takes a record compiles its body for records.
  static constexpr bool kTakesValue = std::is_invocable_v<Function&, const In&>;
  static_assert(std::disjunction_v<std::is_invocable<Function&, const In&>,
                                   std::is_invocable<Function&, const Record<In>&>>,
                "for_each: the function must be callable as f(const In&) or f(const Record<In>&)");

 public:
  using Output = In;

  explicit ForEach(Function function) : function_(std::move(function)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    return Status();
  }

  void on_record(const Record<In>& record, auto&&) noexcept {
    if constexpr (kTakesValue) {
      guarded(failure_, "for_each",
              [&]() noexcept(std::is_nothrow_invocable_v<Function&, const In&>) {
                std::invoke(function_, record.value);
              });
    } else {
      guarded(failure_, "for_each",
              [&]() noexcept(std::is_nothrow_invocable_v<Function&, const Record<In>&>) {
                std::invoke(function_, record);
              });
    }
  }

 private:
  Function function_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
