// core/stream/chain.h -- operators fused into one object: records are pushed through it by inlined calls.
//
// An operator is a plain struct with `on_record(const Record<In>&, CollectorOf<Out> auto&& out) noexcept` and, where
// it needs them, these hooks, called in chain order:
//   Status open(const TaskContext&)              once, before the first record
//   void begin_batch(Instant now) noexcept       before the records of a step, with its time
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
//   Instant wake_at() const noexcept             when end_batch() must be called again though no record came
//   Status close(out)                            once, after the last record or a failed open; may emit
// and, where it has state that a snapshot keeps (core/stream/snapshot.h):
//   void capture(Epoch, SnapshotWriter&) noexcept    at the cut, behind on_barrier(), and again after close(): what is
//                                                    small; what is large is captured in slices, as of the cut
//   bool capture_more(budget, SnapshotWriter&) noexcept
//                                                    a slice of about `budget` entries; true: there is more
//   bool captured() const noexcept                   whether what the outside must confirm for the cut is confirmed
//   void cancel_capture() noexcept                   the epoch was given up
//   Status restore(const SnapshotItem&)              after open(): each item that it captured in any task of the stage
//   Status restored()                                after the last of them
//   void committed(Epoch) noexcept                   the epoch is durable
// Operators with capture() are numbered in their order: another operator between them changes nothing.
// The last collector, `Out`, takes collect, watermark and idle.
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

  Status open(const TaskContext& context) { return open_from<0>(context); }
  void begin_batch(Instant now) noexcept { begin_batch_from<0>(now); }
  void set_splits(std::span<const SplitId> splits) { set_splits_from<0>(splits); }
  void select_split(SplitId split) noexcept { select_split_from<0>(split); }
  void end_batch(Instant now) noexcept { end_batch_from<0>(now); }
  bool fire(std::size_t budget) noexcept { return fire_from<0>(budget); }
  std::chrono::microseconds skew_limit() const noexcept { return skew_limit_from<0>(); }
  bool falls_behind() const noexcept { return falls_behind_from<0>(); }
  bool ready() noexcept { return ready_from<0>(); }
  void on_barrier(Epoch epoch) noexcept { barrier_from<0>(epoch); }
  Instant wake_at() const noexcept { return wake_at_from<0>(); }
  Status close() { return close_from<0>(); }

  void capture(Epoch epoch, SnapshotWriter& out) noexcept { capture_from<0>(epoch, out); }
  bool capture_more(std::size_t budget, SnapshotWriter& out) noexcept {
    return capture_more_from<0>(budget, out);
  }
  bool captured() const noexcept { return captured_from<0>(); }
  void cancel_capture() noexcept { cancel_capture_from<0>(); }
  // False in `known` when no operator has that number.
  Status restore(const SnapshotItem& item, bool& known) { return restore_from<0>(item, known); }
  Status restored() { return restored_from<0>(); }
  void committed(Epoch epoch) noexcept { committed_from<0>(epoch); }

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

  template <std::size_t I>
  bool fire_from(std::size_t budget) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      bool more = false;
      if constexpr (requires { op.fire(budget, Link<I + 1>{this}); })
        more = op.fire(budget, Link<I + 1>{this});
      return fire_from<I + 1>(budget) || more;
    } else {
      return false;
    }
  }

  template <std::size_t I>
  std::chrono::microseconds skew_limit_from() const noexcept {
    if constexpr (I < kOps) {
      const auto& op = std::get<I>(ops_);
      auto own = std::chrono::microseconds::max();
      if constexpr (requires { op.skew_limit(); }) own = op.skew_limit();
      return std::min(own, skew_limit_from<I + 1>());
    } else {
      return std::chrono::microseconds::max();
    }
  }

  template <std::size_t I>
  bool falls_behind_from() const noexcept {
    if constexpr (I < kOps) {
      const auto& op = std::get<I>(ops_);
      if constexpr (requires { op.falls_behind(); }) {
        if (op.falls_behind()) return true;
      }
      return falls_behind_from<I + 1>();
    } else {
      return false;
    }
  }

  template <std::size_t I>
  bool ready_from() noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      bool own = true;
      if constexpr (requires { op.ready(); }) own = op.ready();
      return ready_from<I + 1>() && own;
    } else {
      return true;
    }
  }

  template <std::size_t I>
  Status open_from(const TaskContext& context) {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.open(context); }) PENSTOCK_RETURN_IF_ERROR(op.open(context));
      return open_from<I + 1>(context);
    } else {
      return Status();
    }
  }

  template <std::size_t I>
  void begin_batch_from(Instant now) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.begin_batch(now); }) op.begin_batch(now);
      begin_batch_from<I + 1>(now);
    }
  }

  template <std::size_t I>
  void set_splits_from(std::span<const SplitId> splits) {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.set_splits(splits); }) op.set_splits(splits);
      set_splits_from<I + 1>(splits);
    }
  }

  template <std::size_t I>
  void select_split_from(SplitId split) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.select_split(split); }) op.select_split(split);
      select_split_from<I + 1>(split);
    }
  }

  template <std::size_t I>
  void end_batch_from(Instant now) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.end_batch(now, Link<I + 1>{this}); })
        op.end_batch(now, Link<I + 1>{this});
      end_batch_from<I + 1>(now);
    }
  }

  template <std::size_t I>
  void barrier_from(Epoch epoch) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.on_barrier(epoch); }) op.on_barrier(epoch);
      barrier_from<I + 1>(epoch);
    }
  }

  template <std::size_t I>
  Instant wake_at_from() const noexcept {
    if constexpr (I < kOps) {
      const auto& op = std::get<I>(ops_);
      Instant own = kNever;
      if constexpr (requires { op.wake_at(); }) own = op.wake_at();
      return std::min(own, wake_at_from<I + 1>());
    } else {
      return kNever;
    }
  }

  // Closes every operator also when an earlier one failed; returns the first error.
  template <std::size_t I>
  Status close_from() {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      Status own;
      if constexpr (requires { op.close(Link<I + 1>{this}); }) own = op.close(Link<I + 1>{this});
      Status rest = close_from<I + 1>();
      return own.ok() ? rest : own;
    } else {
      return Status();
    }
  }

  template <class Op>
  static constexpr bool kCaptures =
      requires(Op& op, SnapshotWriter& out) { op.capture(Epoch{}, out); };
  // Of operator I among those with state.
  template <std::size_t I>
  static std::string number_of() {
    return []<std::size_t... J>(std::index_sequence<J...>) {
      // lint: allow(hot) once per capture and operator
      return std::to_string((std::size_t{0} + ... +
                             std::size_t{kCaptures<std::tuple_element_t<J, std::tuple<Ops...>>>}));
    }(std::make_index_sequence<I>());
  }

  template <std::size_t I>
  void capture_from(Epoch epoch, SnapshotWriter& out) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.capture(epoch, out); }) {
        out.select_operator(number_of<I>());
        op.capture(epoch, out);
      }
      capture_from<I + 1>(epoch, out);
    }
  }

  template <std::size_t I>
  bool capture_more_from(std::size_t budget, SnapshotWriter& out) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      bool more = false;
      if constexpr (requires { op.capture_more(budget, out); }) {
        out.select_operator(number_of<I>());
        more = op.capture_more(budget, out);
      }
      return capture_more_from<I + 1>(budget, out) || more;
    } else {
      return false;
    }
  }

  template <std::size_t I>
  bool captured_from() const noexcept {
    if constexpr (I < kOps) {
      const auto& op = std::get<I>(ops_);
      bool own = true;
      if constexpr (requires { op.captured(); }) own = op.captured();
      return captured_from<I + 1>() && own;
    } else {
      return true;
    }
  }

  template <std::size_t I>
  void cancel_capture_from() noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.cancel_capture(); }) op.cancel_capture();
      cancel_capture_from<I + 1>();
    }
  }

  template <std::size_t I>
  Status restore_from(const SnapshotItem& item, bool& known) {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.restore(item); }) {
        if (item.operator_id == number_of<I>()) {
          known = true;
          return op.restore(item);
        }
      }
      return restore_from<I + 1>(item, known);
    } else {
      return Status();
    }
  }

  template <std::size_t I>
  Status restored_from() {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.restored(); }) PENSTOCK_RETURN_IF_ERROR(op.restored());
      return restored_from<I + 1>();
    } else {
      return Status();
    }
  }

  template <std::size_t I>
  void committed_from(Epoch epoch) noexcept {
    if constexpr (I < kOps) {
      auto& op = std::get<I>(ops_);
      if constexpr (requires { op.committed(epoch); }) op.committed(epoch);
      committed_from<I + 1>(epoch);
    }
  }

  Out* out_;
  std::tuple<Ops...> ops_;
};

}  // namespace penstock
