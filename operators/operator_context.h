// operators/operator_context.h -- what a keyed operator is given: its state when it opens, the key with each record.
#pragma once

#include <string_view>
#include <utility>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/task_context.h"
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
  // One that is forgotten some time after it was last written or used: state/ttl.h. Of maps, each element by itself.
  template <class T>
  ExpiringValue<T> value_state(std::string_view name, const Ttl& ttl) {
    return take(state_->value_state<T>(name, ttl));
  }
  template <class K, class V>
  MapState<K, V> map_state(std::string_view name) {
    return take(state_->map_state<K, V>(name));
  }
  template <class K, class V>
  ExpiringMap<K, V> map_state(std::string_view name, const Ttl& ttl) {
    return take(state_->map_state<K, V>(name, ttl));
  }
  const TaskContext& task() const noexcept { return *task_; }
  // Fails the task: the operator cannot work as it was made.
  void refuse(Status why) {
    if (error_->ok()) *error_ = std::move(why);
  }

 private:
  template <class Handle>
  Handle take(Result<Handle> handle) {
    if (handle.ok()) return *handle;
    refuse(handle.status());
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

}  // namespace penstock
