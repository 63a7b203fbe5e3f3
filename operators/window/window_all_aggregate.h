// operators/window/window_all_aggregate.h -- a row for each window over all records, from parts that tasks have made.
//
// Runs in one task, where everything has the same key.
// In         Parts of panes, which it merges (WindowAllAggregate); or the records themselves, so that those that are
//            late can be emitted (WindowAllRecords): a part does not hold them any more, and only here, where all
//            channels meet, is it known what is late.
// Out        WindowAllResult at time end - 1 us, for each window that holds a record and passes `having`.
// Late       Records all of whose windows are closed are counted (TaskCounters::late), and emitted into the side output
//            where there is one.
#pragma once

#include <cstdint>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/operators/operator_context.h"
#include "penstock/operators/side_output.h"
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

template <class In, class Acc, class ValueOf, class Having = EveryWindow>
class WindowAllRecords {
 public:
  using Output = WindowAllResult<decltype(result_of(std::declval<const Acc&>()))>;

  WindowAllRecords(WindowSpec spec, ValueOf value_of, Having having, SideOutput<In> late)
      : panes_("window_all", spec),
        value_of_(std::move(value_of)),
        having_(std::move(having)),
        late_(std::move(late)) {}

  void open(OperatorContext& context) {
    counters_ = context.task().counters;
    late_.open(context.task());
  }
  auto windows() noexcept { return std::tie(panes_); }

  void on_record(const Record<In>& record,
                 auto&&) noexcept(std::is_nothrow_invocable_v<ValueOf&, const In&>) {
    const auto& value = std::invoke(value_of_, record.value);
    if (panes_.add(record.time, [&](Acc& acc) noexcept { acc.add(value); })) return;
    counters_->late.add(1);
    late_.collect(record);
  }
  void on_window(const Window<Acc>& window, const KeyContext<std::uint64_t>&,
                 auto&& out) noexcept(std::is_nothrow_invocable_v<Having&, const Output&>) {
    const Output result{window.start, window.end, result_of(window.value), window.updated};
    if (having_(result)) out.collect(Record<Output>{result, window.time()});
  }

 private:
  WindowPanes<Acc> panes_;
  ValueOf value_of_;
  Having having_;
  SideOutput<In> late_;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
