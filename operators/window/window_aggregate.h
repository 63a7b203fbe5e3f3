// operators/window/window_aggregate.h -- one accumulator per key and window, and a row for each window that closes.
//
// In         Values `value_of(record)` are added to the windows that hold the record's time.
// Out        WindowResult at time end - 1 us, for each window of a key that holds a record and passes `having`.
// Late       Records all of whose windows are closed are counted (TaskCounters::late), and emitted into the side output
//            where one is read.
#pragma once

#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/operators/operator_context.h"
#include "penstock/operators/side_output.h"
#include "penstock/operators/window/window_panes.h"

namespace penstock {

template <class Key, class Value>
struct WindowResult {
  Key key;
  EventTime start;
  EventTime end;
  Value value;
  bool updated =
      false;  // Within the allowed lateness: it replaces what came out for this window before.
};

struct EveryWindow {
  template <class Result>
  bool operator()(const Result&) const noexcept {
    return true;
  }
};

template <class In, class Key, class Acc, class ValueOf, class Having = EveryWindow>
class WindowAggregate {
 public:
  using Output = WindowResult<Key, decltype(result_of(std::declval<const Acc&>()))>;

  WindowAggregate(WindowSpec spec, ValueOf value_of, Having having = {},
                  std::optional<SideOutput<In>> late = {})
      : panes_("window", spec),
        value_of_(std::move(value_of)),
        having_(std::move(having)),
        late_(std::move(late)) {}

  void open(OperatorContext& context) {
    counters_ = context.task().counters;
    if (late_) late_->open(context.task());
  }
  auto windows() noexcept { return std::tie(panes_); }

  [[gnu::always_inline]] void on_record(const Record<In>& record, auto&&) noexcept(
      std::is_nothrow_invocable_v<ValueOf&, const In&>) {
    const auto& value = std::invoke(value_of_, record.value);
    if (panes_.add(record.time, [&](Acc& acc) noexcept { acc.add(value); })) return;
    counters_->late.add(1);
    if (late_) late_->collect(record);
  }
  void on_window(const Window<Acc>& window, const KeyContext<Key>& context,
                 auto&& out) noexcept(std::is_nothrow_invocable_v<Having&, const Output&>) {
    const Output result{context.key(), window.start, window.end, result_of(window.value),
                        window.updated};
    if (having_(result)) out.collect(Record<Output>{result, window.time()});
  }

 private:
  WindowPanes<Acc> panes_;
  ValueOf value_of_;
  Having having_;
  std::optional<SideOutput<In>> late_;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
