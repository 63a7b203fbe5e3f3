// operators/process.h -- runs user code on records of one key at a time, with state that belongs to that key.
//
// A keyed operator is a copyable struct with
//   using Output = ...;
//   void open(OperatorContext& context)   opens its state: count_ = context.value_state<Count>("count")
//   void on_record(const Record<In>&, CollectorOf<Output> auto&& out)   or
//   void on_record(const Record<In>&, const KeyContext<Key>&, CollectorOf<Output> auto&& out)
// and, where it needs them, the hooks of core/stream/chain.h, where on_watermark comes when what was due is out.
// State handles always mean the key of the current record.
// Windows    An operator that keeps windows (operators/window/window_panes.h) names them and takes what they close:
//   auto windows() noexcept { return std::tie(spend_); }
//   void on_window(const Window<Acc>&, const KeyContext<Key>&, CollectorOf<Output> auto&& out)
//            The key of the window is then the current one. Where most windows are of no interest, it is cheaper to
//            tell so by their values alone, before anything else of the key is touched:
//   bool wants_window(const Acc&) const noexcept
// Broadcast  An operator of a connected stream (KeyedStream::connect) also takes the records of the other one, which
//            come to every task; what it keeps of them lies in members of its own, the same in every task:
//   void on_broadcast(const Record<R>&, CollectorOf<Output> auto&& out)
// Snapshots  State, timers, windows and the watermark are kept and come back by themselves. What the operator holds in
//            members of its own does where it has these:
//   void capture(SnapshotWriter& out)            out.section("rules", 1); out.add(bytes), in sections whose names do
//                                                not begin with "penstock."
//   Status restore(const SnapshotItem& item)     each item that it captured in any task of the stage; what all tasks
//                                                have alike, one takes of the task with item.task_index 0
//   Status restored()                            after the last of them
// Timers     An operator that sets timers (operators/timer/timer_service.h) names them and has on_timer().
// Ordering   Records of one key come in the order in which each producer sent them.
// Errors     A throw, two states of one name, no memory for a new key, or more keys than allowed fail the task with a
//            Status.
// Threads    One task owns a key; its operator instance is called by one worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/element.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/operators/guarded.h"
#include "penstock/operators/operator_context.h"
#include "penstock/operators/restore_errors.h"
#include "penstock/operators/step_clock.h"
#include "penstock/operators/timer/timer_service.h"
#include "penstock/operators/window/window_panes.h"
#include "penstock/state/keyed_state.h"
#include "penstock/state/lookahead.h"
#include "penstock/state/recent_keys.h"

namespace penstock {

template <class In, class Selector, class Operator>
class KeyedProcess {
 public:
  using Key = std::remove_cvref_t<std::invoke_result_t<Selector&, const In&>>;
  static_assert(
      requires { typename Operator::Output; },
      "process: the operator must say what it emits: using Output = ...;");
  using Output = typename Operator::Output;
  static constexpr bool kWindows = requires(Operator& op) { op.windows(); };
  static constexpr bool kTimers = requires(Operator& op) { op.timers(); };

  KeyedProcess(Selector selector, Operator op)
      : selector_(std::move(selector)), op_(std::move(op)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    counters_ = context.counters;
    credit_ = context.credit;
    task_index_ = context.task_index;
    task_count_ = context.task_count;
    // lint: allow(hot) once per task, when it opens
    state_ = std::make_shared<KeyedStateStore>(context.stage_name, context.state_memory);
    load_ = &state_->load();
    Status error;
    if constexpr (kTimers) PENSTOCK_RETURN_IF_ERROR(open_timers());
    OperatorContext operator_context(*state_, context, error);
    if constexpr (requires { op_.open(operator_context); }) op_.open(operator_context);
    for_each_window([&](auto& window) {
      if (error.ok()) error = window.open(*state_);
    });
    if (!error.ok()) return error;
    tells_time_ = kTimers || state_->expiry().sweeps(TimeDomain::kProcessingTime);
    expires_by_watermark_ = state_->expiry().sweeps(TimeDomain::kEventTime);
    if (tells_time_) clock_.open(*context.clock);
    PENSTOCK_RETURN_IF_ERROR(state_->template seal<Key>(
        {.groups = context.key_groups,
         .seed = context.seed,
         .max_keys = context.state_keys_max,
         .expected_keys = context.state_keys_expected,
         .may_drop =
             context.may_drop_state ? std::vector<std::string>{"*"} : std::vector<std::string>{},
         .on_disk = context.state_backend != nullptr}));
    PENSTOCK_RETURN_IF_ERROR(state_->keep_on_disk(context));
    pages_ = state_->pages();
    may_drop_ = context.may_drop_state;
    changes_told_by_ = context.task_index == 0 ? context.notices : nullptr;
    for_each_window([&](auto& window) {
      if (error.ok()) error = bind(window);
    });
    return error;
  }

  // False: what a disk keeps of the next record's key has not come.
  bool ready() noexcept {
    if (pages_ == nullptr) [[likely]]
      return true;
    state_->current_key().forget();
    return pages_->ready();
  }
  void begin_batch(Instant now) noexcept {
    if (tells_time_) tell_time(now);
  }
  // Works off a run of elements while the state of those behind is on its way. Returns for how many there was credit,
  // and room in this step.
  template <class Out>
  std::size_t on_run(std::span<const Element<In>> run, const Credit& credit, Out&& out) noexcept {
    if (pages_ != nullptr) [[unlikely]]
      run = run.first(admitted(run));
    records_ += run.size();
    tell_restored(out);
    if (!run.empty()) load_->sample(run[load_->next(run.size())].header.key_hash(), run.size());
    const bool plain = !is_due_ && !expires_by_watermark_;  // Neither changes within a run.
    return plain ? work_off<true>(run, credit, out) : work_off<false>(run, credit, out);
  }

  // A record of the connected broadcast stream. It belongs to no key.
  template <class R>
  void on_broadcast(const Record<R>& record, auto&& out) noexcept {
    state_->current_key().forget();
    guarded(failure_, "process", [&]() noexcept(noexcept(op_.on_broadcast(record, out))) {
      op_.on_broadcast(record, out);
    });
  }

  void on_watermark(EventTime time, auto&& out) noexcept {
    watermark_ = time;
    for_each_window([&](auto& window) { window.on_watermark(time); });
    if constexpr (kTimers) timers_->on_watermark(time);
    pass_watermark(out);
  }
  bool fire(std::size_t budget, auto&& out) noexcept {
    tell_restored(out);
    if constexpr (kTimers) is_due_ = is_due_ || timers_->any_due();
    if (!is_due_) return false;
    for_each_window([&](auto& window) {
      window.fire(
          budget, *credit_, [&](const auto& acc) noexcept { return wants(acc); },
          [&](const auto& closed) { on_window(closed, out); });
    });
    if constexpr (kTimers) {
      timers_->fire(budget, *credit_, [&](const Timer& timer, const Key& key) {
        on_timer(timer, KeyContext<Key>(key), out);
      });
    }
    state_->current_key().forget();
    pass_watermark(out);
    return true;  // Once more, also where nothing is due now: sinks flush at the end of a batch.
  }
  bool falls_behind() const noexcept {
    bool behind = false;
    for_each_window([&](const auto& window) { behind = behind || window.falls_behind(); });
    if constexpr (kTimers) behind = behind || timers_->falls_behind();
    return behind;
  }
  std::chrono::microseconds skew_limit() const noexcept {
    auto limit = std::chrono::microseconds::max();
    for_each_window([&](const auto& window) { limit = std::min(limit, window.skew_limit()); });
    return limit;
  }

  void end_batch(Instant now, auto&& out) noexcept {
    ended_at_ = now;
    if (tells_time_) tell_time(now);
    if constexpr (kTimers) end_timers_batch();
    if constexpr (requires { op_.end_batch(now, out); }) op_.end_batch(now, out);
    if (state_->failed()) [[unlikely]]
      failure_->set(state_->status());
    for_each_window([&](const auto& window) {
      if (!window.status().ok()) [[unlikely]]
        failure_->set(window.status());
    });
    if (tells_time_ || expires_by_watermark_)
      state_->sweep(std::exchange(records_, 0), clock_.wall(), passed_);
    more_to_tidy_ = state_->maintain(kMaintenanceSlots) || state_->expiry().under_way();
    report_state();
  }
  Instant wake_at() const noexcept {
    Instant at = kNever;
    if constexpr (requires { op_.wake_at(); }) at = op_.wake_at();
    if constexpr (kTimers) at = std::min(at, timers_->wake_at());
    if (more_to_tidy_) at = ended_at_;
    if (tells_time_ && state_->expiry().due_at() != kMaxEventTime)
      at = std::min(at, clock_.instant_of(state_->expiry().due_at()));
    return at;
  }
  Status close(auto&& out) {
    if constexpr (requires { op_.close(out); }) return op_.close(out);
    return Status();
  }

  // What is due and has not come out is state: the snapshot has the watermark that came in and the one that went out.
  void capture(Epoch epoch, SnapshotWriter& out) noexcept {
    std::int64_t times[] = {watermark_.micros, passed_.micros};
    out.section(kTimes, kSnapshotVersion);
    out.add({reinterpret_cast<const char*>(times), sizeof(times)});
    state_->capture(epoch, out);
    for_each_window([&](auto& window) { window.capture(out); });
    if constexpr (requires { op_.capture(out); })
      guarded(failure_, "process",
              [&]() noexcept(noexcept(op_.capture(out))) { op_.capture(out); });
  }
  bool capture_more(std::size_t budget, SnapshotWriter& out) noexcept {
    bool more = state_->capture_more(budget, out);
    for_each_window([&](auto& window) { more |= window.capture_more(budget, out); });
    return more;
  }
  void cancel_capture() noexcept {
    state_->cancel_capture();
    for_each_window([](auto& window) { window.cancel_capture(); });
  }
  std::size_t copied_bytes() const noexcept {
    std::size_t bytes = state_->copied_bytes();
    for_each_window([&](const auto& window) { bytes += window.copied_bytes(); });
    return bytes;
  }
  Status restore(const SnapshotItem& item) {
    if (KeyedStateStore::is_of_state(item)) return state_->restore(item);
    if (item.section == kTimes) return state_->with_place(restore_times(item));
    Status status;
    bool taken = false;
    for_each_window([&](auto& window) {
      if (taken || !window.is_of_window(item)) return;
      taken = true;
      status = window.restore(item, *state_, goes_on_here(item));
    });
    if (taken) return status;
    if (!item.section.starts_with("penstock.")) {
      if constexpr (requires { op_.restore(item); }) return state_->with_place(op_.restore(item));
    }
    if (may_drop_) return {};
    return state_->with_place(internal::section_unknown(item));
  }
  Status restored() {
    Status status = state_->restored();
    if (changes_told_by_ != nullptr) state_->tell_changes(*changes_told_by_);
    for_each_window([&](auto& window) {
      if (status.ok()) status = state_->with_place(window.restored());
    });
    if constexpr (kTimers) {
      if (status.ok()) status = state_->with_place(timers_->restored(watermark_));
    }
    if constexpr (requires { op_.restored(); }) {
      if (status.ok()) status = state_->with_place(op_.restored());
    }
    is_due_ = tells_restored_ = true;
    return status;
  }

 private:
  std::size_t admitted(std::span<const Element<In>> run) noexcept {
    return pages_->admit(
        run.size(), [&](std::size_t i) { return run[i].header.key_hash(); },
        [&](std::size_t i) -> decltype(auto) { return std::invoke(selector_, run[i].payload); });
  }

  static constexpr std::string_view kTimes = "penstock.process";
  static constexpr std::uint32_t kSnapshotVersion = 1;
  // Gaps filled and index slots moved per batch, off the record path.
  static constexpr std::size_t kMaintenanceSlots = 64;

  // Whether the task that has captured it goes on in this one. Where there were more or fewer tasks, all do in each.
  bool goes_on_here(const SnapshotItem& item) const noexcept {
    return item.task_count != task_count_ || item.task_index == task_index_;
  }
  Status restore_times(const SnapshotItem& item) {
    std::int64_t times[2];
    if (item.version != kSnapshotVersion || item.bytes.size() != sizeof(times))
      return internal::section_unknown(item);
    if (!goes_on_here(item)) return Status();
    std::memcpy(times, item.bytes.data(), sizeof(times));
    watermark_ = std::max(watermark_, EventTime{times[0]});
    passed_ = std::exchange(has_times_, true) ? std::min(passed_, EventTime{times[1]})
                                              : EventTime{times[1]};
    return Status();
  }
  // Readers are told again how far it had come, before anything else.
  void tell_restored(auto&& out) noexcept {
    if (!tells_restored_) [[likely]]
      return;
    tells_restored_ = false;
    if (passed_ != kMinEventTime) out.watermark(passed_);
  }

  // `kPlain`: no windows are due, and no state expires by the watermark.
  template <bool kPlain, class Out>
  std::size_t work_off(std::span<const Element<In>> run, const Credit& credit, Out& out) noexcept {
    const auto hash_of = [run](std::size_t i) { return run[i].header.key_hash(); };
    const auto process = [&](std::size_t i, std::uint32_t candidate)
        __attribute__((always_inline)) {
      if (credit.left <= 0) return false;
      if constexpr (kTimers) {
        if (!timers_->takes_records()) [[unlikely]]
          return false;
        timers_->look_ahead_of(i);
      }
      const Element<In>& element = run[i];
      return on_element<kPlain>(element, candidate,
                                Record<In>{element.payload, element.header.time()}, out);
    };
    if constexpr (kPlain && !kTimers) {
      RecentKeys& recent = state_->recent_keys();
      if (recent.serve())
        return for_each_recent(recent, state_->table(), state_->current_key(), run.size(), hash_of,
                               process);
    }
    return for_each_ahead(
        state_->table(), run.size(), hash_of,
        [&](std::size_t i, std::uint32_t candidate) {
          if constexpr (kWindows) {
            for_each_window([&](auto& w) { w.prefetch(candidate, run[i].header.time()); });
          }
          if constexpr (kTimers) timers_->comes_soon(i, candidate);
        },
        process);
  }
  // False: it must wait until what is due before it has come out.
  template <bool kPlain>
  [[gnu::always_inline]] bool on_element(const Element<In>& element, std::uint32_t candidate,
                                         const Record<In>& record, auto&& out) noexcept {
    const Key& key = std::invoke(selector_, element.payload);  // Not of the copy: see KeyOf.
    state_->set_current_key(element.header.key_hash(), key, candidate);
    const KeyContext<Key> context(key);
    if constexpr (kWindows && !kPlain) {
      if (is_due_) fire_current(out);
    }
    if constexpr (kTimers) {
      if (timers_->due() && !fire_timers_of(context, out)) [[unlikely]]
        return false;
    }
    if constexpr (!kPlain) {
      if (expires_by_watermark_) state_->set_event_time(watermark_, record.time);
    }
    if constexpr (requires { op_.on_record(record, context, out); }) {
      guarded(failure_, "process", [&]() noexcept(noexcept(op_.on_record(record, context, out))) {
        op_.on_record(record, context, out);
      });
    } else {
      guarded(failure_, "process",
              [&]() noexcept(noexcept(op_.on_record(record, out))) { op_.on_record(record, out); });
    }
    for_each_window([&](auto& window) {
      if (window.has_updates()) [[unlikely]]
        window.fire_updates([&](const auto& updated) { on_window(updated, out); });
    });
    return true;
  }

  // A key's own windows come out before it sees another record, or results would depend on how fast the walk is.
  void fire_current(auto&& out) noexcept {
    for_each_window([&](auto& window) {
      window.fire_current([&](const auto& closed) { on_window(closed, out); });
    });
  }
  template <class Acc>
  bool wants(const Acc& value) noexcept {
    if constexpr (requires { op_.wants_window(value); }) return op_.wants_window(value);
    return true;
  }
  template <class Acc>
  void on_window(const Window<Acc>& window, auto&& out) noexcept {
    if (!wants(window.value)) return;
    const Key& key = *reinterpret_cast<const Key*>(state_->current_key().entry()->key());
    const KeyContext<Key> context(key);
    if (!window.updated) stand_at(window.time());
    guarded(failure_, "process", [&]() noexcept(noexcept(op_.on_window(window, context, out))) {
      op_.on_window(window, context, out);
    });
  }

  Status open_timers() {
    static_assert(std::is_same_v<decltype(op_.timers()), Timers<Key>&>,
                  "process: timers() returns Timers<Key>&, where Key is what key_by selects");
    // lint: allow(hot) once per task, when it opens
    timers_ = std::make_shared<TimerService<Key>>();
    op_.timers() = Timers<Key>(timers_.get());
    return timers_->open(*state_, clock_);
  }
  bool fire_timers_of(const KeyContext<Key>& context, auto&& out) noexcept {
    return timers_->fire_current(context.key(), *credit_, [&](const Timer& timer, const Key&) {
      on_timer(timer, context, out);
    });
  }
  void on_timer(const Timer& timer, const KeyContext<Key>& context, auto&& out) noexcept {
    stand_at(timer.domain == TimeDomain::kEventTime ? timer.time : watermark_);
    guarded(failure_, "process", [&]() noexcept(noexcept(op_.on_timer(timer, context, out))) {
      op_.on_timer(timer, context, out);
    });
  }
  void tell_time(Instant now) noexcept {
    clock_.at(now);
    state_->set_now(clock_.wall());
  }
  // What is due by a watermark sees the state that expires as of its own time.
  void stand_at(EventTime time) noexcept {
    if (expires_by_watermark_) state_->set_event_time(std::max(time, passed_), time);
  }
  void report_state() noexcept {
    std::uint64_t beside = 0;
    for_each_window([&](const auto& window) { beside += window.resident_bytes(); });
    if constexpr (kTimers) beside += timers_->resident_bytes();
    state_->report(*counters_, beside);
  }
  void end_timers_batch() noexcept {
    timers_->maintain();
    if (timers_->failed()) [[unlikely]]
      failure_->set(timers_->status());
  }

  // Passes on as much of the watermark as has come out in full.
  void pass_watermark(auto&& out) noexcept {
    EventTime passed = watermark_;
    is_due_ = false;
    for_each_window([&](const auto& window) {
      is_due_ = is_due_ || window.due();
      passed = std::min(passed, window.passed());
    });
    if constexpr (kTimers) {
      is_due_ = is_due_ || timers_->any_due();
      passed = std::min(passed, timers_->passed());
    }
    if (passed <= passed_) return;
    passed_ = passed;
    if constexpr (requires { op_.on_watermark(passed, out); }) op_.on_watermark(passed, out);
    out.watermark(passed);
  }

  template <class Visit>
  void for_each_window(Visit visit) {
    if constexpr (kWindows)
      std::apply([&](auto&... window) { (visit(window), ...); }, op_.windows());
  }
  template <class Visit>
  void for_each_window(Visit visit) const {
    if constexpr (kWindows)
      std::apply([&](const auto&... window) { (visit(window), ...); },
                 const_cast<Operator&>(op_).windows());
  }
  template <class Panes>
  Status bind(Panes& window) {
    state_->add_move_listener({[](void* panes, std::uint32_t from, std::uint32_t to) noexcept {
                                 static_cast<Panes*>(panes)->moved(from, to);
                               },
                               &window});
    return window.bind(state_->table());
  }

  Selector selector_;
  Operator op_;
  // Shared only so that the prototype can be copied; it has none.
  // lint: allow(hot) counted when the operator is copied, never per record
  std::shared_ptr<KeyedStateStore> state_;
  KeyGroupLoad* load_ = nullptr;
  StatePages* pages_ = nullptr;  // Null: all state is in memory.
  struct NoTimers {};
  // lint: allow(hot) counted when the operator is copied, never per record
  using TimersOrNot = std::conditional_t<kTimers, std::shared_ptr<TimerService<Key>>, NoTimers>;
  [[no_unique_address]] TimersOrNot timers_;
  EventTime watermark_ = kMinEventTime;
  EventTime passed_ = kMinEventTime;
  bool is_due_ = false;
  bool tells_time_ = false;
  bool expires_by_watermark_ = false;
  bool more_to_tidy_ = false;
  bool has_times_ = false;  // Restored.
  bool tells_restored_ = false;
  bool may_drop_ = false;
  Notices* changes_told_by_ = nullptr;  // Of one task of the stage.
  std::uint32_t task_index_ = 0;
  std::uint32_t task_count_ = 1;
  Instant ended_at_;
  std::size_t records_ = 0;  // Since the last batch ended.
  StepClock clock_;
  const Credit* credit_ = nullptr;
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
