// api/stream.h -- Stream<T>: a typed pipeline, fused at compile time, for programs that embed the engine.
//
//   penstock::Job job("fraud");
//   auto [payments, input] = job.input<Payment>();
//   std::move(payments).event_time(&Payment::at, {.max_disorder = 5s})
//       .filter([](const Payment& p) { return p.amount > 0; })
//       .key_by(&Payment::card)
//       .process(Velocity{.limit = 10, .within = 60s})
//       .for_each([](const Alert& alert) { ... });
//   auto running = job.start();
//
// A stream is move-only and used once: each method consumes it and returns what follows. share() makes one that can be
// read any number of times. Functions and operators are copied once per task, and called on the worker of that task:
// they need no lock for what they own, and one for what the copies share.
// Records must be trivially copyable where they change thread (key_by, share, union); use InlineString<N> for text.
// Threads    A job is written by one thread.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/api/stage_builder.h"
#include "penstock/core/stream/sink.h"
#include "penstock/io/encode/encoded_sink.h"
#include "penstock/operators/assign_event_time.h"
#include "penstock/operators/filter.h"
#include "penstock/operators/flat_map.h"
#include "penstock/operators/for_each.h"
#include "penstock/operators/map.h"
#include "penstock/operators/split.h"

namespace penstock {

template <class InStream, class Selector>
class KeyedStream;
template <class MakeInput, class... Ops>
class RowStream;
template <class T>
class SharedStream;
template <class T>
class BroadcastStream;
template <class T, class Selector, class R>
class ConnectedStream;
template <class InStream, bool kSetsLateAside = false>
class WindowAllStream;
struct WindowSpec;

template <class T, class MakeInput, class... Ops>
class [[nodiscard]] Stream {
 public:
  using Value = T;

  Stream(std::shared_ptr<Plan> plan, StageId stage, MakeInput make_input, std::tuple<Ops...> ops,
         std::vector<internal::MakeSideOutput> sides = {})
      : plan_(std::move(plan)),
        stage_(stage),
        make_input_(std::move(make_input)),
        ops_(std::move(ops)),
        sides_(std::move(sides)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  // ---- record by record, fused into this stage ----

  template <class Function>
  auto map(Function function) && {
    using Op = Map<T, Function>;
    return std::move(*this).template append<typename Op::Output>(Op(std::move(function)));
  }
  template <class Predicate>
  auto filter(Predicate predicate) && {
    return std::move(*this).template append<T>(Filter<T, Predicate>(std::move(predicate)));
  }
  // Out cannot be derived from the function: name it, as in flat_map<Word>(...).
  template <class Out, class Function>
  auto flat_map(Function function) && {
    return std::move(*this).template append<Out>(FlatMap<T, Out, Function>(std::move(function)));
  }
  // Where records carry their time, and how far out of order they may be. Once, right behind the source. Records more
  // than a day ahead of the time of day are kept from the watermark: see operators/assign_event_time.h.
  template <class TimeOf>
  auto event_time(TimeOf time_of, EventTimeOptions<T> options = {}) && {
    return std::move(*this).template append<T>(
        AssignEventTime<T, TimeOf>(std::move(time_of), std::move(options)));
  }
  // Any operator of the shape described in core/stream/chain.h, with `using Output`.
  template <class Operator>
  auto apply(Operator op) && {
    return std::move(*this).template append<typename Operator::Output>(std::move(op));
  }

  // ---- several streams ----

  // {records for which the function is true, the others}
  template <class Predicate>
  auto split(Predicate predicate) && {
    const std::string name = "split." + std::to_string(sides_.size());
    return std::move(*this)
        .template append<T>(Split<T, Predicate>(std::move(predicate), SideOutput<T>(name)))
        .template side_output<T>(SideOutput<T>(name));
  }
  // {this stream, what its operators emit into `side`}
  template <class X>
  auto side_output(const SideOutput<X>& side) && {
    const auto index = static_cast<std::uint32_t>(sides_.size() + 1);
    const StageId reader = plan_->add_stage(side.name());
    plan_->connect(internal::exchange<X>(stage_, index, reader, ExchangeKind::kForward));
    sides_.push_back(internal::side_output_maker<X>(side.name(), index));
    Stream<X, internal::FromExchanges<X>> aside(plan_, reader, {}, {});
    return std::pair(std::move(*this), std::move(aside));
  }
  // Both streams are of one job; else neither job starts.
  template <class OtherInput, class... OtherOps>
  auto union_with(Stream<T, OtherInput, OtherOps...> other) && {
    const StageId merged = plan_->add_stage("union");
    auto plan = plan_;
    const bool same = internal::same_job("union_with", *plan_, stage_, *other.plan_, other.stage_);
    std::move(*this).lead_to(merged, ExchangeKind::kForward);
    if (same) std::move(other).lead_to(merged, ExchangeKind::kForward);
    return Stream<T, internal::FromExchanges<T>>(plan, merged, {}, {});
  }
  // Spreads records evenly over the tasks of the next stage.
  auto rebalance() && {
    return std::move(*this).exchange_to("rebalance", ExchangeKind::kRebalance);
  }
  // Every task of what reads it gets every record: rules, lists, rates. Lead it to keyed streams by their connect(), or
  // read() it.
  BroadcastStream<T> broadcast() &&;
  SharedStream<T> share() &&;

  // Records of equal keys meet in one task, with state of their own. `selector` is a member or a function of the
  // record; the key needs ==, a key_hash and to be trivially copyable.
  template <class Selector>
  auto key_by(Selector selector) && {
    using Key = std::remove_cvref_t<std::invoke_result_t<Selector&, const T&>>;
    static_assert(std::is_trivially_copyable_v<Key>,
                  "key_by: the key must be trivially copyable: use InlineString<N> for text");
    static_assert(Hashable<Key>,
                  "key_by: the key has no key_hash: give its type a penstock_hash(const Key&)");
    auto plan = plan_;
    const StageId keyed = plan->add_stage("keyed");
    return KeyedStream<Stream, Selector>(std::move(plan), keyed, std::move(*this),
                                         std::move(selector));
  }

  // Cuts all records into windows of event time, whatever their keys: tumbling(size) or sliding(size, slide).
  WindowAllStream<Stream> window_all(WindowSpec spec) &&;

  // ---- the end ----

  // Encodes each record and writes it as one line or message of `sink`.
  template <class Encoder>
  void sink(std::shared_ptr<const ByteSink> sink, Encoder encoder) && {
    plan_->writes_to(sink);
    std::move(*this)
        .template append<T>(EncodedSink<T, Encoder>(std::move(sink), std::move(encoder)))
        .seal(internal::ToNowhere{});
  }
  template <class Function>
  void for_each(Function function) && {
    std::move(*this)
        .template append<T>(ForEach<T, Function>(std::move(function)))
        .seal(internal::ToNowhere{});
  }

  // ---- the stage ----

  // For messages and metrics.
  Stream&& named(std::string name) && {
    plan_->stage(stage_).name = std::move(name);
    return std::move(*this);
  }
  // Tasks of this stage; by default one per worker.
  Stream&& parallelism(std::uint32_t tasks) && {
    plan_->stage(stage_).parallelism = tasks;
    return std::move(*this);
  }

 private:
  template <class, class, class...>
  friend class Stream;
  template <class, class...>
  friend class RowStream;
  template <class, class>
  friend class KeyedStream;

  template <class Out, class Op>
  auto append(Op op) && {
    return Stream<Out, MakeInput, Ops..., Op>(
        std::move(plan_), stage_, std::move(make_input_),
        std::tuple_cat(std::move(ops_), std::tuple<Op>(std::move(op))), std::move(sides_));
  }
  template <class MakeOut>
  void seal(MakeOut make_out) && {
    internal::seal_stage(*plan_, stage_, std::move(make_input_), std::move(make_out),
                         std::move(sides_), std::move(ops_));
  }
  template <class Selector>
  void lead_to_owners(StageId keyed, Selector selector) && {
    plan_->connect(internal::exchange<T>(stage_, 0, keyed, ExchangeKind::kHash));
    std::move(*this).seal(internal::ToKeyOwners<T, Selector>{std::move(selector)});
  }
  void lead_to(StageId to, ExchangeKind kind) && {
    plan_->connect(internal::exchange<T>(stage_, 0, to, kind));
    std::move(*this).seal(internal::ToReaders<T>{});
  }
  auto exchange_to(const char* name, ExchangeKind kind) && {
    const StageId next = plan_->add_stage(name);
    auto plan = plan_;
    std::move(*this).lead_to(next, kind);
    return Stream<T, internal::FromExchanges<T>>(std::move(plan), next, {}, {});
  }
  // The same to a stage that reads in a way of its own.
  template <class MakeOut, class MakeNext>
  auto exchange_to(const char* name, ExchangeKind kind, MakeOut make_out, MakeNext make_next) && {
    const StageId next = plan_->add_stage(name);
    auto plan = plan_;
    plan_->connect(internal::exchange<T>(stage_, 0, next, kind));
    std::move(*this).seal(std::move(make_out));
    return Stream<T, MakeNext>(std::move(plan), next, std::move(make_next), {});
  }

  std::shared_ptr<Plan> plan_;
  StageId stage_;
  MakeInput make_input_;
  std::tuple<Ops...> ops_;
  std::vector<internal::MakeSideOutput> sides_;
};

// A stream that may be read any number of times; each reader gets every record, in a stage of its own.
template <class T>
class SharedStream {
 public:
  SharedStream(std::shared_ptr<Plan> plan, StageId stage) : plan_(std::move(plan)), stage_(stage) {}

  auto read() const {
    const StageId reader = plan_->add_stage("reader");
    plan_->connect(internal::exchange<T>(stage_, 0, reader, ExchangeKind::kForward));
    return Stream<T, internal::FromExchanges<T>>(plan_, reader, {}, {});
  }

 private:
  std::shared_ptr<Plan> plan_;
  StageId stage_;
};

// A stream that may be led to any number of stages, in each of which every task gets every record.
template <class T>
class BroadcastStream {
 public:
  BroadcastStream(std::shared_ptr<Plan> plan, StageId stage)
      : plan_(std::move(plan)), stage_(stage) {}

  // The records as a stream again: each as often as that stage has tasks, one per worker by default.
  auto read() const {
    const StageId reader = plan_->add_stage("broadcast");
    plan_->connect(internal::exchange<T>(stage_, 0, reader, ExchangeKind::kBroadcast));
    return Stream<T, internal::FromExchanges<T>>(plan_, reader, {}, {});
  }
  auto parallelism(std::uint32_t tasks) const { return read().parallelism(tasks); }

 private:
  template <class, class>
  friend class KeyedStream;

  std::shared_ptr<Plan> plan_;
  StageId stage_;
};

template <class T, class MakeInput, class... Ops>
BroadcastStream<T> Stream<T, MakeInput, Ops...>::broadcast() && {
  BroadcastStream<T> broadcast(plan_, stage_);
  std::move(*this).seal(internal::ToReaders<T>{});
  return broadcast;
}

template <class T, class MakeInput, class... Ops>
SharedStream<T> Stream<T, MakeInput, Ops...>::share() && {
  SharedStream<T> shared(plan_, stage_);
  std::move(*this).seal(internal::ToReaders<T>{});
  return shared;
}

}  // namespace penstock

// A stream begins at a Job: one include gives both.
#include "penstock/api/job.h"  // IWYU pragma: export
