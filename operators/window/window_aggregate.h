// operators/window/window_aggregate.h -- one accumulator per key and window, and a row for each window that closes.
//
// In         Values `value_of(record)` are added to the windows that hold the record's time (WindowAggregate); or parts
//            of panes, which are merged (WindowPartAggregate).
// Out        WindowResult at time end - 1 us, for each window of a key that holds a record and passes `having`.
// Late       Records all of whose windows are closed are counted (TaskCounters::late), and emitted into the side output
//            where one is read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/operators/operator_context.h"
#include "penstock/operators/side_output.h"
#include "penstock/operators/window/key_partial.h"
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

namespace internal {

// The windows of keys and the rows they make, whatever comes in.
template <class Key, class Acc, class Having>
class KeyWindows {
 public:
  using Output = WindowResult<Key, decltype(result_of(std::declval<const Acc&>()))>;

  auto windows() noexcept { return std::tie(panes_); }
  void on_window(const Window<Acc>& window, const KeyContext<Key>& context,
                 auto&& out) noexcept(std::is_nothrow_invocable_v<Having&, const Output&>) {
    const Output result{context.key(), window.start, window.end, result_of(window.value),
                        window.updated};
    if (having_(result)) out.collect(Record<Output>{result, window.time()});
  }

 protected:
  KeyWindows(WindowSpec spec, Having having) : panes_("window", spec), having_(std::move(having)) {}

  void count_late(OperatorContext& context) { counters_ = context.task().counters; }
  // Calls add(Acc&), or counts so many late records and returns false.
  template <class Add>
  [[gnu::always_inline]] bool add(EventTime time, std::uint64_t records, Add&& add) noexcept {
    if (panes_.add(time, add)) return true;
    counters_->late.add(records);
    return false;
  }

 private:
  WindowPanes<Acc> panes_;
  Having having_;
  TaskCounters* counters_ = nullptr;
};

}  // namespace internal

template <class In, class Key, class Acc, class ValueOf, class Having = EveryWindow>
class WindowAggregate : public internal::KeyWindows<Key, Acc, Having> {
 public:
  WindowAggregate(WindowSpec spec, ValueOf value_of, Having having = {},
                  std::optional<SideOutput<In>> late = {})
      : internal::KeyWindows<Key, Acc, Having>(spec, std::move(having)),
        value_of_(std::move(value_of)),
        late_(std::move(late)) {}

  void open(OperatorContext& context) {
    this->count_late(context);
    if (late_) late_->open(context.task());
  }
  [[gnu::always_inline]] void on_record(const Record<In>& record, auto&&) noexcept(
      std::is_nothrow_invocable_v<ValueOf&, const In&>) {
    const auto& value = std::invoke(value_of_, record.value);
    if (this->add(record.time, 1, [&](Acc& acc) noexcept { acc.add(value); })) return;
    if (late_) late_->collect(record);
  }

 private:
  ValueOf value_of_;
  std::optional<SideOutput<In>> late_;
};

// The same of parts that a KeyPartial has made of the records.
template <class Key, class Acc, class Having = EveryWindow>
class WindowPartAggregate : public internal::KeyWindows<Key, Acc, Having> {
 public:
  explicit WindowPartAggregate(WindowSpec spec, Having having = {})
      : internal::KeyWindows<Key, Acc, Having>(spec, std::move(having)) {}

  void open(OperatorContext& context) { this->count_late(context); }
  [[gnu::always_inline]] void on_record(const Record<KeyPart<Key, Acc>>& record, auto&&) noexcept {
    const KeyPart<Key, Acc>& part = record.value;
    this->add(record.time, part.records(), [&](Acc& acc) noexcept { acc.merge(part.value); });
  }
};

}  // namespace penstock
