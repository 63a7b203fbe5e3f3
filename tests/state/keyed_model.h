// tests/state/keyed_model.h -- a keyed store with a state of each kind, and a model of what is in it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/state/keyed_state.h"
#include "penstock/tests/harness/kept_snapshot.h"

namespace penstock {

using harness::KeptPart;

inline constexpr Ttl kDay{.after = std::chrono::hours(24), .time = TimeDomain::kEventTime};

// What one key has.
struct KeyModel {
  std::int64_t count = -1;  // -1: absent, as for the name.
  std::int64_t name = -1;
  std::map<std::uint32_t, std::uint64_t> elements;
  std::map<std::uint32_t, std::int64_t> recent;
  bool empty() const { return count < 0 && name < 0 && elements.empty() && recent.empty(); }
  bool operator==(const KeyModel&) const = default;
};
using Models = std::map<std::uint32_t, KeyModel>;

// A store with a state of each kind, and a model of it.
class Kit {
 public:
  // With a backend: memory holds what is in use.
  explicit Kit(KeyedStateOptions options = {}, MemoryBudget* budget = nullptr,
               StateBackend* backend = nullptr, const std::string& checkpoints = "")
      : groups_(options.groups), store_("process 'rules'", budget) {
    count_ = store_.value_state<std::int64_t>("count").value();
    elements_ = store_.map_state<std::uint32_t, std::uint64_t>("elements").value();
    name_ = store_.value_state<std::int64_t>("name", kDay).value();
    recent_ = store_.map_state<std::uint32_t, std::int64_t>("recent", kDay).value();
    options.seed = 5;
    options.on_disk = backend != nullptr;
    EXPECT_TRUE(store_.seal<std::uint32_t>(options).ok());
    if (backend == nullptr) return;
    const Status status =
        store_.keep_on(*backend, {.checkpoints = checkpoints,
                                  .name = "groups-" + std::to_string(options.groups.first) + "-" +
                                          std::to_string(options.groups.count)});
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  KeyedStateStore& store() { return store_; }
  const Models& models() const { return models_; }
  // It has been restored to this.
  void go_on_as(Models models) { models_ = std::move(models); }

  // Waits until the key is here.
  void set_key(const std::uint32_t& key) {
    StatePages* pages = store_.pages();
    while (pages != nullptr && !pages->failed()) {
      store_.current_key().forget();
      static_cast<void>(pages->ready());
      if (pages->admit(
              1, [&](std::size_t) { return key_hash(key); },
              [&](std::size_t) -> const std::uint32_t& { return key; }) == 1)
        break;
    }
    store_.set_current_key(key_hash(key), key);
  }
  void change(Random& random, std::uint32_t keys, std::uint64_t erase_percent) {
    const auto key = static_cast<std::uint32_t>(random.below(keys));
    if (!groups_.contains(key_group_of(key_hash(key)))) return;
    const bool erases = random.below(100) < erase_percent;
    const auto value = static_cast<std::int64_t>(random.below(1'000'000));
    const auto element = static_cast<std::uint32_t>(random.below(9));
    store_.set_event_time({0}, {value});
    set_key(key);
    KeyModel& model = models_[key];
    switch (random.below(4)) {
      case 0:
        erases ? count_.clear() : count_.set(value);
        model.count = erases ? -1 : value;
        break;
      case 1:
        erases ? name_.clear() : name_.set(value);
        model.name = erases ? -1 : value;
        break;
      case 2:
        erases ? void(elements_.erase(element))
               : elements_.put(element, static_cast<std::uint64_t>(value));
        model.elements.erase(element);
        if (!erases) model.elements[element] = static_cast<std::uint64_t>(value);
        break;
      default:
        erases ? void(recent_.erase(element)) : recent_.put(element, value);
        model.recent.erase(element);
        if (!erases) model.recent[element] = value;
    }
    if (model.empty()) models_.erase(key);
  }
  // What the store has, read through its handles.
  KeyModel read_key(std::uint32_t key) {
    store_.set_event_time({0}, {0});
    set_key(key);
    KeyModel model;
    if (const auto* count = count_.get()) model.count = *count;
    if (const auto* name = name_.get()) model.name = *name;
    elements_.for_each([&](std::uint32_t k, std::uint64_t v) { model.elements[k] = v; });
    recent_.for_each([&](std::uint32_t k, std::int64_t v) { model.recent[k] = v; });
    EXPECT_EQ(elements_.size(), model.elements.size());
    return model;
  }
  Models read(std::uint32_t keys) {
    Models read;
    for (std::uint32_t key = 0; key < keys; ++key) {
      if (!groups_.contains(key_group_of(key_hash(key)))) continue;
      KeyModel model = read_key(key);
      if (!model.empty()) read[key] = std::move(model);
    }
    return read;
  }

 private:
  KeyGroupRange groups_;
  KeyedStateStore store_;
  ValueState<std::int64_t> count_;
  MapState<std::uint32_t, std::uint64_t> elements_;
  ExpiringValue<std::int64_t> name_;
  ExpiringMap<std::uint32_t, std::int64_t> recent_;
  Models models_;
};

inline Status restore(KeyedStateStore& store, const std::vector<const KeptPart*>& parts) {
  PENSTOCK_RETURN_IF_ERROR(
      visit_items(parts, [&](const SnapshotItem& item) { return store.restore(item); }));
  return store.restored();
}

template <class Store>
void capture_all(Store& store, KeptPart& part, std::size_t budget = 100) {
  SnapshotWriter out(part);
  store.capture({1}, out);
  while (store.capture_more(budget, out)) {
  }
  out.flush();
}

}  // namespace penstock
