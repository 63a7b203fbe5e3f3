// operators/flat_map.h -- one record in, any number out, all at its event time.
//
// The function is called as f(const In&, emit) and calls emit(Out) as often as it likes.
#pragma once

#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class Out, class Function>
class FlatMap {
  struct Probe {
    void operator()(const Out&) const noexcept {}
  };
  static_assert(std::is_invocable_v<Function&, const In&, Probe>,
                "flat_map<Out>: the function must be callable as void f(const In&, auto emit), "
                "emit taking an Out");

 public:
  using Output = Out;

  explicit FlatMap(Function function) : function_(std::move(function)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<Out> auto&& out) noexcept {
    const auto emit = [&out, time = record.time](const Out& value) noexcept {
      out.collect(Record<Out>{value, time});
    };
    guarded(failure_, "flat_map", [&]() noexcept(noexcept(function_(record.value, emit))) {
      function_(record.value, emit);
    });
  }

 private:
  Function function_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
