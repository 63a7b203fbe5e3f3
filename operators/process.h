// operators/process.h -- runs user code on records of one key at a time, with state that belongs to that key.
//
// A keyed operator is a copyable struct with
//   using Output = ...;
//   void open(OperatorContext& context)   opens its state: count_ = context.value_state<Count>("count")
//   void on_record(const Record<In>&, CollectorOf<Output> auto&& out)   or
//   void on_record(const Record<In>&, const KeyContext<Key>&, CollectorOf<Output> auto&& out)
// and, where it needs them, the hooks of core/stream/chain.h. State handles always mean the key of the current record.
// Ordering   Records of one key come in the order in which each producer sent them.
// Errors     A throw, two states of one name, no memory for a new key, or more keys than allowed fail the task with a
//            Status.
// Threads    One task owns a key; its operator instance is called by one worker.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/element.h"
#include "penstock/operators/guarded.h"
#include "penstock/state/keyed_state.h"

namespace penstock {

// What a keyed operator opens its state with.
class OperatorContext {
 public:
  OperatorContext(KeyedStateStore& state, const TaskContext& task, Status& error)
      : state_(&state), task_(&task), error_(&error) {}

  // State under a name that is the operator's own. A name used twice fails the task when it opens.
  template <class T>
  ValueState<T> value_state(std::string_view name) {
    return take(state_->value_state<T>(name));
  }
  template <class K, class V>
  MapState<K, V> map_state(std::string_view name) {
    return take(state_->map_state<K, V>(name));
  }
  const TaskContext& task() const noexcept { return *task_; }

 private:
  template <class Handle>
  Handle take(Result<Handle> handle) {
    if (handle.ok()) return *handle;
    if (error_->ok()) *error_ = handle.status();
    return Handle();
  }

  KeyedStateStore* state_;
  const TaskContext* task_;
  Status* error_;
};

// What a keyed operator may know about the record at hand besides the record.
template <class Key>
class KeyContext {
 public:
  explicit KeyContext(const Key& key) noexcept : key_(&key) {}
  const Key& key() const noexcept { return *key_; }

 private:
  const Key* key_;
};

template <class In, class Selector, class Operator>
class KeyedProcess {
 public:
  using Key = std::remove_cvref_t<std::invoke_result_t<Selector&, const In&>>;
  static_assert(
      requires { typename Operator::Output; },
      "process: the operator must say what it emits: using Output = ...;");
  using Output = typename Operator::Output;

  KeyedProcess(Selector selector, Operator op)
      : selector_(std::move(selector)), op_(std::move(op)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    counters_ = context.counters;
    // lint: allow(hot) once per task, when it opens
    state_ = std::make_shared<KeyedStateStore>(context.stage_name);
    Status error;
    OperatorContext operator_context(*state_, context, error);
    if constexpr (requires { op_.open(operator_context); }) op_.open(operator_context);
    if (!error.ok()) return error;
    return state_->template seal<Key>(
        {.groups = context.key_groups, .seed = context.seed, .max_keys = context.state_keys_max});
  }

  // Fetches the state of a block's keys, so that their cache misses overlap.
  void look_ahead(std::span<const Element<In>> block) noexcept {
    const StateTable& table = state_->table();
    for (const Element<In>& element : block) table.prefetch_index(element.header.key_hash());
    for (std::size_t i = 0; i < block.size(); ++i)
      candidates_[i] = table.locate(block[i].header.key_hash());
  }

  // `position` is the record's place in the block last looked ahead at.
  void on_element(std::uint64_t key_hash, std::size_t position, const Record<In>& record,
                  CollectorOf<Output> auto&& out) noexcept {
    const Key& key = std::invoke(selector_, record.value);
    state_->set_current_key(key_hash, key, candidates_[position]);
    const KeyContext<Key> context(key);
    if constexpr (requires { op_.on_record(record, context, out); }) {
      guarded(failure_, "process", [&]() noexcept(noexcept(op_.on_record(record, context, out))) {
        op_.on_record(record, context, out);
      });
    } else {
      guarded(failure_, "process",
              [&]() noexcept(noexcept(op_.on_record(record, out))) { op_.on_record(record, out); });
    }
  }

  void on_watermark(EventTime time, auto&& out) noexcept {
    if constexpr (requires { op_.on_watermark(time, out); }) op_.on_watermark(time, out);
  }
  void end_batch(Instant now, auto&& out) noexcept {
    if constexpr (requires { op_.end_batch(now, out); }) op_.end_batch(now, out);
    if (state_->failed()) [[unlikely]]
      failure_->set(state_->status());
    state_->maintain(kMaintenanceSlots);
    const KeyedStateMetrics metrics = state_->metrics();
    counters_->state_keys.set(metrics.keys);
    counters_->state_bytes.set(metrics.resident_bytes);
  }
  Status close(auto&& out) {
    if constexpr (requires { op_.close(out); }) return op_.close(out);
    return Status();
  }

 private:
  // Gaps filled and index slots moved per batch, off the record path.
  static constexpr std::size_t kMaintenanceSlots = 64;

  Selector selector_;
  Operator op_;
  // Shared only so that the prototype can be copied; it has none.
  // lint: allow(hot) counted when the operator is copied, never per record
  std::shared_ptr<KeyedStateStore> state_;
  std::array<StateEntry*, 16> candidates_{};
  TaskFailure* failure_ = nullptr;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
