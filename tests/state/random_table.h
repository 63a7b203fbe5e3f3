// tests/state/random_table.h -- a StateTable beside a std::unordered_map, changed at random in the same way.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/state/state_table.h"

namespace penstock {

using Model = std::unordered_map<std::uint64_t, std::uint64_t>;

struct Shape {
  std::string name;
  StateTableOptions options;
  std::uint64_t keys = 2000;
  std::uint64_t (*hash)(std::uint64_t key) = nullptr;
};

// A hash within the groups of `range`, as the exchange would deliver it.
inline std::uint64_t hash_in(KeyGroupRange range, std::uint64_t hash) {
  const std::uint64_t group = range.first + (hash >> 54) % range.count;
  return group << 54 | (hash & ((std::uint64_t{1} << 54) - 1));
}

class RandomTable {
 public:
  explicit RandomTable(const Shape& shape, std::uint64_t seed) : shape_(shape), random_(seed) {
    StateLayout layout;
    value_ = *layout.add_slot(sizeof(std::uint64_t), alignof(std::uint64_t), false);
    EXPECT_TRUE(layout.seal(KeyShape::of<std::uint64_t>()).ok());
    StateTableOptions options = shape.options;
    options.seed = seed;
    EXPECT_TRUE(table_.open(layout, options).ok());
    offset_ = layout.slot(value_).offset;
  }

  StateTable& table() { return table_; }
  const Model& model() const { return model_; }
  Random& random() { return random_; }
  std::uint64_t value_of(const StateEntry& entry) const {
    return *entry.at<std::uint64_t>(offset_);
  }
  static std::uint64_t key_of(const StateEntry& entry) {
    return *reinterpret_cast<const std::uint64_t*>(entry.key());
  }
  std::uint64_t hash_of(std::uint64_t key) const {
    return hash_in(shape_.options.groups,
                   shape_.hash != nullptr ? shape_.hash(key) : hash_bits(key));
  }

  // One insertion, update or deletion; `erase_percent` of them are deletions.
  void step(std::uint64_t erase_percent) {
    const std::uint64_t key = random_.below(shape_.keys);
    if (random_.below(100) < erase_percent) {
      StateEntry* entry = table_.find(hash_of(key), key);
      ASSERT_EQ(entry != nullptr, model_.erase(key) == 1) << "key " << key;
      if (entry != nullptr) table_.erase(entry);
      return;
    }
    bool inserted = false;
    StateEntry* entry = table_.find_or_insert(hash_of(key), key, &inserted);
    ASSERT_NE(entry, nullptr);
    ASSERT_EQ(inserted, !model_.contains(key)) << "key " << key;
    table_.touch(entry);
    *entry->at<std::uint64_t>(offset_) = model_[key] = random_.next_u64();
  }

  void expect_equal() const {
    ASSERT_EQ(table_.keys(), model_.size());
    for (std::uint64_t key = 0; key < shape_.keys; ++key) {
      const StateEntry* entry = table_.find(hash_of(key), key);
      const auto found = model_.find(key);
      ASSERT_EQ(entry != nullptr, found != model_.end()) << "key " << key;
      if (entry == nullptr) continue;
      ASSERT_EQ(value_of(*entry), found->second) << "key " << key;
    }
  }

 private:
  Shape shape_;
  Random random_;
  StateTable table_;
  Model model_;
  std::uint32_t value_ = 0;
  std::uint32_t offset_ = 0;
};

inline std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  shapes.push_back({"AllGroups", {}, 20000, nullptr});
  shapes.push_back({"FewGroups", {{100, 3}}, 20000, nullptr});
  shapes.push_back({"LastGroup", {{1023, 1}}, 20000, nullptr});
  shapes.push_back({"NotByGroup", {{0, 1024}, 0, false}, 20000, nullptr});
  // Many keys in one group of a table that owns all: more than its share of the index can hold.
  shapes.push_back(
      {"OneGroupSkew", {}, 5000, [](std::uint64_t key) { return hash_bits(key) >> 10; }});
  shapes.push_back(
      {"EqualHashes", {}, 600, [](std::uint64_t) { return std::uint64_t{0x123456789abcdef0}; }});
  shapes.push_back(
      {"FewHashes", {{7, 2}}, 2000, [](std::uint64_t key) { return hash_bits(key % 40); }});
  shapes.push_back({"KeepsGaps", {}, 20000, nullptr});
  shapes.back().options.keeps_gaps = true;
  return shapes;
}

}  // namespace penstock
