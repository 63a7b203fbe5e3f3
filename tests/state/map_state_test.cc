#include "penstock/state/map_state.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/state/keyed_state.h"

namespace penstock {
namespace {

struct PaddedKey {  // Seven bytes of it are nobody's.
  std::uint8_t bank = 0;
  std::uint64_t number = 0;
  bool operator==(const PaddedKey&) const = default;
};
std::uint64_t penstock_hash(const PaddedKey& key) noexcept {
  return hash_fields(key.bank, key.number);
}

PaddedKey padded(std::uint64_t i, unsigned char garbage) {
  alignas(PaddedKey) unsigned char bytes[sizeof(PaddedKey)];
  std::memset(bytes, garbage, sizeof bytes);
  auto* key = new (bytes) PaddedKey;
  key->bank = static_cast<std::uint8_t>(i);
  key->number = i;
  PaddedKey copy;
  std::memcpy(static_cast<void*>(&copy), bytes, sizeof copy);
  return copy;
}

using Maps = std::map<std::uint64_t, std::map<std::uint32_t, std::uint64_t>>;

class RandomMaps {
 public:
  explicit RandomMaps(std::uint64_t seed)
      : random_(seed),
        store_("op"),
        map_(store_.map_state<std::uint32_t, std::uint64_t>("m").value()),
        value_(store_.value_state<std::uint64_t>("v").value()) {
    EXPECT_TRUE(store_.seal<PaddedKey>({{}, seed}).ok());
  }

  void select(std::uint64_t key) {
    current_ = padded(key, static_cast<unsigned char>(random_.next_u64()));
    store_.set_current_key(key_hash(current_), current_);
  }

  void step() {
    const std::uint64_t key = random_.below(60);
    const auto element = static_cast<std::uint32_t>(random_.below(40));
    select(key);
    switch (random_.below(20)) {
      case 0:
        map_.clear();
        model_.erase(key);
        break;
      case 1:
        value_.clear();
        break;
      case 2:
        value_.set(key);
        break;
      case 3: {
        map_.erase_if([](std::uint32_t k, std::uint64_t) { return k % 3 == 0; });
        std::erase_if(model_[key], [](const auto& e) { return e.first % 3 == 0; });
        break;
      }
      case 4:
      case 5:
      case 6:
      case 7:
      case 8:
        ASSERT_EQ(map_.erase(element), model_[key].erase(element) == 1);
        break;
      default: {
        const std::uint64_t value = random_.next_u64();
        map_.put(element, value);
        model_[key][element] = value;
      }
    }
    if (random_.below(10) == 0) store_.maintain(3);
  }

  void expect_equal() {
    std::uint64_t elements = 0;
    for (std::uint64_t key = 0; key < 60; ++key) {
      select(key);
      std::map<std::uint32_t, std::uint64_t> found;
      map_.for_each([&](std::uint32_t k, std::uint64_t v) { found.emplace(k, v); });
      ASSERT_EQ(found, model_[key]) << "key " << key;
      ASSERT_EQ(map_.size(), found.size());
      elements += found.size();
      for (std::uint32_t k = 0; k < 40; ++k) ASSERT_EQ(map_.get(k) != nullptr, found.contains(k));
    }
    ASSERT_EQ(store_.metrics().map_elements, elements);
  }

  KeyedStateStore& store() { return store_; }
  Random& random() { return random_; }
  Maps model() const {
    Maps maps = model_;
    std::erase_if(maps, [](const auto& map) { return map.second.empty(); });
    return maps;
  }

 private:
  Random random_;
  KeyedStateStore store_;
  MapState<std::uint32_t, std::uint64_t> map_;
  ValueState<std::uint64_t> value_;
  PaddedKey current_;
  Maps model_;
};

TEST(MapState, EqualsAModelUnderRandomChangesOfManyKeys) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomMaps maps(seed);
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 1000; ++i) maps.step();
      maps.expect_equal();
      if (HasFatalFailure()) return;
    }
    EXPECT_FALSE(maps.store().failed());
  }
}

TEST(MapState, AWalkGivesTheElementsOfItsBeginningWhateverChangesMeanwhile) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomMaps maps(seed);
    for (std::uint64_t epoch = 1; epoch <= 5; ++epoch) {
      for (int i = 0; i < 2000; ++i) maps.step();
      const Maps expected = maps.model();
      StateTable& elements = maps.store().map_table(0);
      const StateLayout& layout = elements.layout();
      ASSERT_TRUE(maps.store().table().begin_walk({epoch}).ok());
      ASSERT_TRUE(elements.begin_walk({epoch}).ok());
      Maps given;
      const auto consume = [&](const StateEntry& entry) {
        PaddedKey outer;
        std::memcpy(static_cast<void*>(&outer), entry.key(), sizeof outer);
        EXPECT_EQ(key_group_of(entry.key_hash()), key_group_of(key_hash(outer)));
        const auto inner = *entry.at<std::uint32_t>(sizeof(StateEntry) + sizeof(PaddedKey));
        given[outer.number][inner] = *entry.at<std::uint64_t>(layout.slot(0).offset);
      };
      while (elements.walk(20, consume) == WalkState::kRunning) {
        for (std::uint64_t i = maps.random().below(60); i > 0; --i) maps.step();
        maps.store().table().walk(10, [](const StateEntry&) {});
      }
      ASSERT_EQ(given, expected);
      maps.store().table().cancel_walk();
      maps.expect_equal();
      if (HasFatalFailure()) return;
    }
  }
}

TEST(MapState, HoldsAHundredThousandElementsOfOneKey) {
  KeyedStateStore store("op");
  auto map = store.map_state<std::uint64_t, std::uint64_t>("m").value();
  ASSERT_TRUE(store.seal<int>({}).ok());
  const int key = 1;
  store.set_current_key(key_hash(key), key);
  for (std::uint64_t i = 0; i < 100000; ++i) map.put(i, i);
  EXPECT_EQ(map.size(), 100000U);
  EXPECT_EQ(store.metrics().crowded_keys, 0U);
  for (std::uint64_t i = 0; i < 100000; ++i) ASSERT_EQ(*map.get(i), i);
  map.clear();
  EXPECT_EQ(store.metrics().keys, 0U);
}

}  // namespace
}  // namespace penstock
