// core/stream/chain.h -- operators fused into one object: records are pushed through it by inlined calls.
//
// An operator is a plain struct with `on_record(const Record<In>&, CollectorOf<Out> auto&& out) noexcept` and, where
// it needs them, these hooks, called in chain order:
//   Status open(const TaskContext&)              once, before the first record
//   void begin_batch(Instant now) noexcept       before the records of a step, with its time
//   void hand_on(out) noexcept                   behind the last record that a task has polled, and before another part
//                                                of a source: hands on the records that it has held back since
//                                                begin_batch()
//   void set_splits(span<const SplitId>)         of a source that has parts: those that are read from now on
//   void select_split(SplitId) noexcept          the records that follow are of this part
//   void on_watermark(EventTime, out) noexcept   before the watermark passes on; may emit
//   void on_idle(out) noexcept                   before it is said that the input has fallen idle; may emit
//   bool fire(budget, out) noexcept              works off about `budget` keys or timers of what is due, and says
//                                                whether something was: it is then called again, behind another
//                                                end_batch(). An operator that has it holds watermarks back: it passes
//                                                them on itself, behind what they made due
//   microseconds skew_limit() const noexcept     how far ahead of the others it wants to read one input
//   bool falls_behind() const noexcept           whether it wants smaller batches, as what is due piles up
//   bool ready() noexcept                        whether it can take a batch: a sink whose client is full cannot. It
//                                                then wakes the worker, or names in wake_at() when to ask again
//   void end_batch(Instant now, out) noexcept    after each polled batch; may emit, also control elements
//   void on_barrier(Epoch) noexcept              at the cut of an epoch
//   void on_barrier(Epoch, out) noexcept         the same; may emit, before the barrier
//   Instant wake_at() const noexcept             when end_batch() must be called again though no record came
//   Status close(out)                            once, after the last record or a failed open; may emit
// and, where it has state that a snapshot keeps (core/stream/snapshot.h):
//   void capture(Epoch, SnapshotWriter&) noexcept    at the cut, behind on_barrier(), and again after close(): what is
//                                                    small; what is large is captured in slices, as of the cut
//   bool capture_more(budget, SnapshotWriter&) noexcept
//                                                    a slice of about `budget` entries; true: there is more
//   std::size_t copied_bytes() const noexcept        of what has changed since the cut and waits for a slice
//   bool captured() const noexcept                   whether what the outside must confirm for the cut is confirmed
//   void cancel_capture() noexcept                   the epoch was given up
//   Status restore(const SnapshotItem&)              after open(): each item that it captured in any task of the stage
//   Status restored()                                after the last of them
//   void committed(Epoch) noexcept                   the epoch is durable
// Operators with capture() are numbered in their order: another operator between them changes nothing.
// The last collector, `Out`, takes collect, watermark and idle. Where its kLeavesTask is true, an exchange follows.
// Threads    Owned by one task.
// Cost       A chain of stateless operators compiles to the loop one would write by hand.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/record.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

template <class Out, class... Ops>
class Chain {
 public:
  // `out` must outlive the chain.
  explicit Chain(Out& out, Ops... ops) : out_(&out), ops_(std::move(ops)...) {}
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  template <class T>
  void collect(const Record<T>& record) noexcept {
    push<0>(record);
  }
  void watermark(EventTime time) noexcept { pass_watermark<0>(time); }
  void idle() noexcept { pass_idle<0>(); }

  Status open(const TaskContext& context) {
    Status status;
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.open(context); }) {
        if (status.ok()) status = op.open(context);
      }
    });
    return status;
  }
  void begin_batch(Instant now) noexcept {
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.begin_batch(now); }) op.begin_batch(now);
    });
  }
  void hand_on() noexcept {
    each([&](auto& op, auto&& rest) {
      if constexpr (requires { op.hand_on(std::forward<decltype(rest)>(rest)); })
        op.hand_on(std::forward<decltype(rest)>(rest));
    });
  }
  void set_splits(std::span<const SplitId> splits) {
    hand_on();
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.set_splits(splits); }) op.set_splits(splits);
    });
  }
  void select_split(SplitId split) noexcept {
    hand_on();
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.select_split(split); }) op.select_split(split);
    });
  }
  void end_batch(Instant now) noexcept {
    each([&](auto& op, auto&& rest) {
      if constexpr (requires { op.end_batch(now, std::forward<decltype(rest)>(rest)); })
        op.end_batch(now, std::forward<decltype(rest)>(rest));
    });
  }
  bool fire(std::size_t budget) noexcept {
    bool more = false;
    each([&](auto& op, auto&& rest) {
      if constexpr (requires { op.fire(budget, std::forward<decltype(rest)>(rest)); })
        more |= op.fire(budget, std::forward<decltype(rest)>(rest));
    });
    return more;
  }
  std::chrono::microseconds skew_limit() const noexcept {
    auto least = std::chrono::microseconds::max();
    each([&](const auto& op) {
      if constexpr (requires { op.skew_limit(); })
        least = std::min<std::chrono::microseconds>(least, op.skew_limit());
    });
    return least;
  }
  bool falls_behind() const noexcept {
    bool behind = false;
    each([&](const auto& op) {
      if constexpr (requires { op.falls_behind(); }) behind = behind || op.falls_behind();
    });
    return behind;
  }
  bool ready() noexcept {
    bool all = true;
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.ready(); }) all &= op.ready();
    });
    return all;
  }
  void on_barrier(Epoch epoch) noexcept {
    each([&](auto& op, auto&& rest) {
      if constexpr (requires { op.on_barrier(epoch); }) {
        op.on_barrier(epoch);
      } else if constexpr (requires { op.on_barrier(epoch, std::forward<decltype(rest)>(rest)); }) {
        op.on_barrier(epoch, std::forward<decltype(rest)>(rest));
      }
    });
  }
  Instant wake_at() const noexcept {
    Instant first = kNever;
    each([&](const auto& op) {
      if constexpr (requires { op.wake_at(); }) first = std::min(first, op.wake_at());
    });
    return first;
  }
  // Closes every operator also when an earlier one failed; returns the first error.
  Status close() {
    Status first;
    each([&](auto& op, auto&& rest) {
      if constexpr (requires { op.close(std::forward<decltype(rest)>(rest)); }) {
        Status own = op.close(std::forward<decltype(rest)>(rest));
        if (first.ok()) first = std::move(own);
      }
    });
    return first;
  }

  void capture(Epoch epoch, SnapshotWriter& out) noexcept {
    each_numbered([&](auto& op, std::size_t number) {
      out.select_operator(
          std::to_string(number));  // lint: allow(hot) once per capture and operator
      op.capture(epoch, out);
    });
  }
  bool capture_more(std::size_t budget, SnapshotWriter& out) noexcept {
    bool more = false;
    each_numbered([&](auto& op, std::size_t number) {
      if constexpr (requires { op.capture_more(budget, out); }) {
        out.select_operator(
            std::to_string(number));  // lint: allow(hot) once per slice and operator
        more |= op.capture_more(budget, out);
      }
    });
    return more;
  }
  std::size_t copied_bytes() const noexcept {
    std::size_t bytes = 0;
    each([&](const auto& op) {
      if constexpr (requires { op.copied_bytes(); }) bytes += op.copied_bytes();
    });
    return bytes;
  }
  bool captured() const noexcept {
    bool all = true;
    each([&](const auto& op) {
      if constexpr (requires { op.captured(); }) all = op.captured() && all;
    });
    return all;
  }
  void cancel_capture() noexcept {
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.cancel_capture(); }) op.cancel_capture();
    });
  }
  // False in `known` when no operator has that number.
  Status restore(const SnapshotItem& item, bool& known) {
    Status status;
    each_numbered([&](auto& op, std::size_t number) {
      if constexpr (requires { op.restore(item); }) {
        if (item.operator_id != std::to_string(number)) return;  // lint: allow(hot) at the start
        known = true;
        status = op.restore(item);
      }
    });
    return status;
  }
  Status restored() {
    Status status;
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.restored(); }) {
        if (status.ok()) status = op.restored();
      }
    });
    return status;
  }
  void committed(Epoch epoch) noexcept {
    each([&](auto& op, auto&&) {
      if constexpr (requires { op.committed(epoch); }) op.committed(epoch);
    });
  }

  // The first operator, and what follows it: for stages that hand it more than records (keyed state).
  auto& front() noexcept
    requires(sizeof...(Ops) > 0)
  {
    return std::get<0>(ops_);
  }
  auto after_front() noexcept
    requires(sizeof...(Ops) > 0)
  {
    return Link<1>{this};
  }

 private:
  template <std::size_t I>
  struct Link {  // What operator I - 1 sees downstream.
    static constexpr bool kLeavesTask = requires { requires Out::kLeavesTask; };

    Chain* chain;
    template <class T>
    void collect(const Record<T>& record) noexcept {
      chain->template push<I>(record);
    }
    void watermark(EventTime time) noexcept { chain->template pass_watermark<I>(time); }
    void idle() noexcept { chain->template pass_idle<I>(); }
  };
  static constexpr std::size_t kOps = sizeof...(Ops);

  template <std::size_t I, class T>
  void push(const Record<T>& record) noexcept {
    if constexpr (I == kOps) {
      out_->collect(record);
    } else {
      std::get<I>(ops_).on_record(record, Link<I + 1>{this});
    }
  }

  template <std::size_t I>
  void pass_watermark(EventTime time) noexcept {
    if constexpr (I == kOps) {
      out_->watermark(time);
    } else {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.on_watermark(time, Link<I + 1>{this}); })
        op.on_watermark(time, Link<I + 1>{this});
      if constexpr (!requires { op.fire(std::size_t{}, Link<I + 1>{this}); })
        pass_watermark<I + 1>(time);
    }
  }

  template <std::size_t I>
  void pass_idle() noexcept {
    if constexpr (I == kOps) {
      out_->idle();
    } else {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.on_idle(Link<I + 1>{this}); }) op.on_idle(Link<I + 1>{this});
      pass_idle<I + 1>();
    }
  }

  // Calls hook(operator, what follows it) in chain order.
  template <class Hook>
  void each(Hook hook) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (hook(std::get<I>(ops_), Link<I + 1>{this}), ...);
    }(std::index_sequence_for<Ops...>());
  }
  template <class Hook>
  void each(Hook hook) const {
    std::apply([&](const auto&... op) { (hook(op), ...); }, ops_);
  }
  // Calls hook(operator, number) for those that have state.
  template <class Hook>
  void each_numbered(Hook hook) {
    std::size_t number = 0;
    each([&](auto& op, auto&&) {
      if constexpr (requires(SnapshotWriter& out) { op.capture(Epoch{}, out); }) hook(op, number++);
    });
  }

  Out* out_;
  std::tuple<Ops...> ops_;
};

}  // namespace penstock
