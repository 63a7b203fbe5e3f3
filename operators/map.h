// operators/map.h -- one record in, one record out, at the same event time.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class Function>
class Map {
  static_assert(
      std::is_invocable_v<Function&, const In&>,
      "map: the function must be callable as Out f(const In&) with the stream's record type");

 public:
  using Output = std::remove_cvref_t<std::invoke_result_t<Function&, const In&>>;
  static_assert(!std::is_void_v<Output>,
                "map: the function returns nothing; use for_each or flat_map");

  explicit Map(Function function) : function_(std::move(function)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<Output> auto&& out) noexcept {
    guarded(failure_, "map", [&]() noexcept(std::is_nothrow_invocable_v<Function&, const In&>) {
      out.collect(Record<Output>{std::invoke(function_, record.value), record.time});
    });
  }

 private:
  Function function_;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
