// operators/split.h -- sends each record one of two ways: on, where the function is true, or aside.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/guarded.h"
#include "penstock/operators/side_output.h"

namespace penstock {

template <class In, class Predicate>
class Split {
  static_assert(
      std::is_invocable_r_v<bool, Predicate&, const In&>,
      "split: the function must be callable as bool f(const In&) with the stream's record type");

 public:
  using Output = In;

  Split(Predicate predicate, SideOutput<In> rest)
      : predicate_(std::move(predicate)), rest_(std::move(rest)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    rest_.open(context);
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<In> auto&& out) noexcept {
    guarded(failure_, "split", [&]() noexcept(std::is_nothrow_invocable_v<Predicate&, const In&>) {
      if (std::invoke(predicate_, record.value)) {
        out.collect(record);
      } else {
        rest_.collect(record);
      }
    });
  }

 private:
  Predicate predicate_;
  SideOutput<In> rest_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
