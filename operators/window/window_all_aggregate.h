// operators/window/window_all_aggregate.h -- merges the parts of panes that all tasks have made, a row for each window.
//
// Runs in one task, where every part has the same key.
// Out        WindowAllResult at time end - 1 us, for each window that holds a record and passes `having`.
// Late       Parts all of whose windows are closed are dropped; their records are counted (TaskCounters::late).
#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/operators/operator_context.h"
#include "penstock/operators/window/pane_partial.h"
#include "penstock/operators/window/window_aggregate.h"
#include "penstock/operators/window/window_panes.h"

namespace penstock {

template <class Value>
struct WindowAllResult {
  EventTime start;
  EventTime end;
  Value value;
  bool updated =
      false;  // Within the allowed lateness: it replaces what came out for this window before.
};

// The key of everything.
struct OneKey {
  template <class T>
  std::uint64_t operator()(const T&) const noexcept {
    return 0;
  }
};

template <class Acc, class Having = EveryWindow>
class WindowAllAggregate {
 public:
  using Output = WindowAllResult<decltype(result_of(std::declval<const Acc&>()))>;

  explicit WindowAllAggregate(WindowSpec spec, Having having = {})
      : panes_("window_all", spec), having_(std::move(having)) {}

  void open(OperatorContext& context) { counters_ = context.task().counters; }
  auto windows() noexcept { return std::tie(panes_); }

  void on_record(const Record<PanePart<Acc>>& record, auto&&) noexcept {
    const PanePart<Acc>& part = record.value;
    if (!panes_.add(record.time, [&part](Acc& acc) noexcept { acc.merge(part.value); }))
      counters_->late.add(part.records);
  }
  void on_window(const Window<Acc>& window, const KeyContext<std::uint64_t>&,
                 auto&& out) noexcept(std::is_nothrow_invocable_v<Having&, const Output&>) {
    const Output result{window.start, window.end, result_of(window.value), window.updated};
    if (having_(result)) out.collect(Record<Output>{result, window.time()});
  }

 private:
  WindowPanes<Acc> panes_;
  Having having_;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
