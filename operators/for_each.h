// operators/for_each.h -- the end of a stream in user code: one call per record.
//
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
  static constexpr bool kTakesRecord = std::is_invocable_v<Function&, const Record<In>&>;
  static_assert(kTakesRecord || std::is_invocable_v<Function&, const In&>,
                "for_each: the function must be callable as f(const In&) or f(const Record<In>&)");

 public:
  using Output = In;

  explicit ForEach(Function function) : function_(std::move(function)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    return Status();
  }

  void on_record(const Record<In>& record, auto&&) noexcept {
    if constexpr (kTakesRecord) {
      guarded(failure_, "for_each",
              [&]() noexcept(std::is_nothrow_invocable_v<Function&, const Record<In>&>) {
                std::invoke(function_, record);
              });
    } else {
      guarded(failure_, "for_each",
              [&]() noexcept(std::is_nothrow_invocable_v<Function&, const In&>) {
                std::invoke(function_, record.value);
              });
    }
  }

 private:
  Function function_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
