// operators/filter.h -- passes the records for which the function is true, unchanged and without a copy.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class Predicate>
class Filter {
  static_assert(
      std::is_invocable_r_v<bool, Predicate&, const In&>,
      "filter: the function must be callable as bool f(const In&) with the stream's record type");

 public:
  using Output = In;

  explicit Filter(Predicate predicate) : predicate_(std::move(predicate)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<In> auto&& out) noexcept {
    guarded(failure_, "filter", [&]() noexcept(std::is_nothrow_invocable_v<Predicate&, const In&>) {
      if (std::invoke(predicate_, record.value)) out.collect(record);
    });
  }

 private:
  Predicate predicate_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
