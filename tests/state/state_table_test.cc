#include "penstock/state/state_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/state/random_table.h"

namespace penstock {
namespace {

class StateTableShapes : public testing::TestWithParam<Shape> {};

TEST_P(StateTableShapes, EqualsAModelUnderRandomChanges) {
  for (std::uint64_t seed = 1; seed <= rounds(4); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTable pair(GetParam(), seed);
    for (int phase = 0; phase < 6; ++phase) {
      const std::uint64_t erase_percent = phase % 2 == 0 ? 15 : 70;  // Grow, shrink, grow again.
      for (int i = 0; i < 20000 && !HasFatalFailure(); ++i) pair.step(erase_percent);
      if (HasFatalFailure()) return;
      pair.expect_equal();
      if (HasFatalFailure()) return;
    }
    EXPECT_EQ(pair.table().fault(), StateFault::kNone);
    if (!GetParam().options.keeps_gaps) {
      EXPECT_EQ(pair.table().slots(), pair.table().keys()) << "no gaps without a walk";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StateTableShapes, testing::ValuesIn(all_shapes()),
                         [](const auto& tested) { return tested.param.name; });

StateLayout counting_layout() {
  StateLayout layout;
  EXPECT_TRUE(layout.add_slot(8, 8, false).ok());
  EXPECT_TRUE(layout.seal(KeyShape::of<std::uint64_t>()).ok());
  return layout;
}

TEST(StateTable, GrowthMovesNoEntry) {
  RandomTable pair({"", {}, 100000}, 5);
  bool inserted = false;
  const std::uint64_t key = 100007;  // Not among those that change at random.
  const StateEntry* first = pair.table().find_or_insert(pair.hash_of(key), key, &inserted);
  for (int i = 0; i < 200000; ++i) pair.step(0);
  EXPECT_GE(pair.table().growths(), 5U);
  EXPECT_EQ(pair.table().find(pair.hash_of(key), key), first);
  EXPECT_EQ(pair.table().version(), 0U);
}

class StateTableGaps : public testing::Test {
 protected:
  static constexpr std::uint64_t kKeys = 1000;

  StateTableGaps() {
    StateTableOptions options;
    options.keeps_gaps = true;
    EXPECT_TRUE(table.open(counting_layout(), options).ok());
  }
  void put(std::uint64_t from, std::uint64_t to) {
    bool inserted = false;
    for (std::uint64_t key = from; key < to; ++key)
      ASSERT_NE(table.find_or_insert(hash_bits(key), key, &inserted), nullptr);
  }
  void erase(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t key = from; key < to; ++key) table.erase(table.find(hash_bits(key), key));
  }
  void maintain() {
    while (table.maintain(64)) {
    }
  }

  StateTable table;
};

TEST_F(StateTableGaps, AreKeptForKeysToCome) {
  put(0, kKeys);
  const StateEntry* last = table.find(hash_bits(kKeys - 1), kKeys - 1);
  erase(0, 400);
  maintain();
  EXPECT_EQ(table.keys(), kKeys - 400);
  EXPECT_EQ(table.slots(), kKeys);
  EXPECT_EQ(table.find(hash_bits(kKeys - 1), kKeys - 1), last) << "nobody has moved";
  EXPECT_LT(table.next_number(), kKeys);
  put(kKeys, kKeys + 400);
  EXPECT_EQ(table.slots(), kKeys) << "those that come fill the gaps";
  EXPECT_EQ(table.next_number(), kKeys);
  erase(400, kKeys + 300);
  maintain();
  EXPECT_EQ(table.keys(), 100u);
  EXPECT_LE(table.slots(), 201u) << "more gaps than that are given back";
  for (std::uint64_t key = kKeys + 300; key < kKeys + 400; ++key)
    EXPECT_NE(table.find(hash_bits(key), key), nullptr) << key;
}

TEST_F(StateTableGaps, AreGivenBackNoFasterThanItIsAskedFor) {
  put(0, 2 * kKeys);
  erase(kKeys, 2 * kKeys);
  erase(0, 1);
  table.maintain(1);
  EXPECT_EQ(table.slots(), 2 * kKeys - 1);
  maintain();
  EXPECT_EQ(table.slots(), 2 * kKeys - 2) << "one gap more than half is no reason to lose them all";
}

TEST(StateTable, MakesRoomForExpectedKeysWhenItOpens) {
  Shape shape{"", {}, 100000};
  shape.options.expected_keys = 100000;
  RandomTable pair(shape, 6);
  const std::uint64_t resident = pair.table().resident_bytes();
  for (int i = 0; i < 100000; ++i) pair.step(0);
  EXPECT_EQ(pair.table().growths(), 0U);
  EXPECT_EQ(pair.table().resident_bytes(), resident);
}

TEST(StateTable, RefusesKeysPastItsLimitAndKeepsTheOthers) {
  StateTable table;
  StateTableOptions options;
  options.max_keys = 100;
  ASSERT_TRUE(table.open(counting_layout(), options).ok());
  bool inserted = false;
  for (std::uint64_t key = 0; key < 100; ++key) {
    ASSERT_NE(table.find_or_insert(hash_bits(key), key, &inserted), nullptr);
  }
  EXPECT_TRUE(table.status().ok());
  EXPECT_EQ(table.find_or_insert(hash_bits(100), std::uint64_t{100}, &inserted), nullptr);
  EXPECT_EQ(table.fault(), StateFault::kTooManyKeys);
  EXPECT_EQ(table.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(table.status().message().find("100 keys"), std::string_view::npos)
      << table.status().message();
  EXPECT_NE(table.find_or_insert(hash_bits(3), std::uint64_t{3}, &inserted), nullptr);
}

TEST(StateTable, ReportsThatMemoryIsExhaustedAndKeepsWhatItHas) {
  StateTable table;
  StateTableOptions options;
  options.bytes_max = 32 << 10;  // 1024 entries of 32 bytes.
  ASSERT_TRUE(table.open(counting_layout(), options).ok());
  bool inserted = false;
  std::uint64_t key = 0;
  while (key < 100000 && table.find_or_insert(hash_bits(key), key, &inserted) != nullptr) ++key;
  EXPECT_EQ(key, 1024U);
  EXPECT_EQ(table.fault(), StateFault::kNoMemory);
  EXPECT_EQ(table.status().code(), StatusCode::kResourceExhausted);
  for (std::uint64_t i = 0; i < key; ++i)
    ASSERT_NE(table.find(hash_bits(i), i), nullptr) << "key " << i;
}

TEST(StateTable, ReportsThatItsIndexCannotGrow) {
  RandomTable pair({"", {{0, 1024}, 0, true, ~std::uint64_t{0}, 0, 256 << 10}, 8000}, 8);
  StateTable& table = pair.table();
  bool inserted = false;
  std::uint64_t key = 0;
  while (key < 100000 && table.find_or_insert(pair.hash_of(key), key, &inserted) != nullptr) ++key;
  EXPECT_EQ(table.fault(), StateFault::kNoMemory);
  for (std::uint64_t i = 0; i < key; ++i)
    ASSERT_NE(table.find(pair.hash_of(i), i), nullptr) << "key " << i;
}

struct Angle {  // Equal keys with different bytes: no seeded bytes can tell a flood of them apart.
  double degrees = 0;
  bool operator==(const Angle&) const = default;
};

TEST(StateTable, FailsWhenThousandsOfKeysShareOneHashAndBytesDoNotTellThem) {
  StateLayout layout;
  ASSERT_TRUE(layout.seal(KeyShape::of<Angle>()).ok());
  StateTable table;
  ASSERT_TRUE(table.open(layout, {}).ok());
  bool inserted = false;
  int keys = 0;
  while (keys < 100000 && table.find_or_insert(42, Angle{double(keys)}, &inserted) != nullptr)
    ++keys;
  EXPECT_EQ(table.fault(), StateFault::kFlood);
  EXPECT_GT(keys, 4000);
  EXPECT_LT(keys, 5000);
  EXPECT_NE(table.status().message().find("penstock_hash"), std::string_view::npos);
  for (int i = 0; i < keys; ++i) ASSERT_NE(table.find(42, Angle{double(i)}), nullptr) << i;
}

TEST(StateTable, TakesAFloodOfKeysWithOneHashWhenTheirBytesTellThem) {
  StateTable table;
  ASSERT_TRUE(table.open(counting_layout(), {}).ok());
  bool inserted = false;
  for (std::uint64_t key = 0; key < 50000; ++key) {
    ASSERT_NE(table.find_or_insert(0xabcdef00, key, &inserted), nullptr);
  }
  EXPECT_GT(table.crowded_keys(), 49000U);
  for (std::uint64_t key = 0; key < 50000; ++key)
    ASSERT_NE(table.find(0xabcdef00, key), nullptr) << key;
  EXPECT_EQ(table.fault(), StateFault::kNone);
}

TEST(StateTable, IgnoresTheLowByteOfAHash) {
  StateTable table;
  ASSERT_TRUE(table.open(counting_layout(), {}).ok());
  bool inserted = false;
  const std::uint64_t hash = hash_bits(1);
  const StateEntry* entry = table.find_or_insert(hash | 0xff, std::uint64_t{1}, &inserted);
  EXPECT_EQ(table.find(hash & ~std::uint64_t{0xff}, std::uint64_t{1}), entry);
}

TEST(StateTable, ChecksACandidateThatMovedOrWasErased) {
  RandomTable pair({"", {}, 300}, 9);
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t key = pair.random().below(300);
    const std::uint64_t hash = pair.hash_of(key);
    const std::uint32_t candidate = pair.table().locate(hash);
    for (int i = 0; i < 5; ++i) pair.step(40);
    if (HasFatalFailure()) return;
    const std::uint32_t found = pair.table().find_number(candidate, hash, key);
    const StateEntry* entry = pair.table().find(hash, key);
    ASSERT_EQ(found, entry != nullptr ? pair.table().number_of(entry) : StateTable::kNone)
        << "round " << round;
    ASSERT_EQ(entry != nullptr, pair.model().contains(key)) << "round " << round;
  }
}

TEST(StateTable, LocatesNothingOutsideItsGroups) {
  StateTable table;
  StateTableOptions options;
  options.groups = {512, 512};
  ASSERT_TRUE(table.open(counting_layout(), options).ok());
  EXPECT_EQ(table.locate(0), StateTable::kNone);
  EXPECT_EQ(table.locate(std::uint64_t{511} << 54), StateTable::kNone);
  table.prefetch_index(0);
}

TEST(StateTable, StampsAnEntryOnceItIsTouchedAfterAnEpoch) {
  StateTable table;
  ASSERT_TRUE(table.open(counting_layout(), {}).ok());
  bool inserted = false;
  StateEntry* entry = table.find_or_insert(hash_bits(1), std::uint64_t{1}, &inserted);
  EXPECT_EQ(entry->stamp, 1U);
  ASSERT_TRUE(table.begin_walk({5}).ok());
  EXPECT_EQ(table.current_epoch(), Epoch{6});
  EXPECT_EQ(entry->stamp, 1U);
  table.touch(entry);
  EXPECT_EQ(entry->stamp, 6U);
}

}  // namespace
}  // namespace penstock
