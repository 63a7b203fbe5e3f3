#include "penstock/state/state_walk.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/state/random_table.h"

namespace penstock {
namespace {

// Walks in slices; `between` runs before each. What was given out.
template <class Between>
Model walk_all(RandomTable& pair, std::size_t budget, Between between) {
  Model given;
  const auto consume = [&](const StateEntry& entry) {
    const std::uint64_t key = RandomTable::key_of(entry);
    EXPECT_EQ(entry.key_hash(), pair.hash_of(key) & ~std::uint64_t{0xff});
    EXPECT_TRUE(given.emplace(key, pair.value_of(entry)).second)
        << "key " << key << " was given twice";
  };
  WalkState state = WalkState::kRunning;
  while (state == WalkState::kRunning && !testing::Test::HasFailure()) {
    between();
    state = pair.table().walk(budget, consume);
  }
  EXPECT_EQ(state, WalkState::kFinished);
  return given;
}

class StateWalkShapes : public testing::TestWithParam<Shape> {};

TEST_P(StateWalkShapes, GivesTheStateOfItsBeginningWhateverChangesMeanwhile) {
  for (std::uint64_t seed = 1; seed <= rounds(8); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTable pair(GetParam(), seed);
    for (std::uint64_t epoch = 1; epoch <= 6; ++epoch) {
      const std::uint64_t changes = 500 + pair.random().below(6000);
      for (std::uint64_t i = 0; i < changes; ++i) pair.step(epoch % 2 == 0 ? 60 : 10);
      const Model expected = pair.model();
      ASSERT_TRUE(pair.table().begin_walk({epoch * 3}).ok());
      const std::size_t budget = 1 + pair.random().below(200);
      const std::uint64_t erase_percent = pair.random().below(80);
      const Model given = walk_all(pair, budget, [&] {
        for (std::uint64_t i = pair.random().below(100); i > 0; --i) pair.step(erase_percent);
        if (pair.random().below(4) == 0) pair.table().maintain(10);
      });
      ASSERT_EQ(given, expected) << "epoch " << epoch;
      pair.expect_equal();
      while (pair.table().maintain(7)) {
      }
      if (!GetParam().options.keeps_gaps) {
        ASSERT_EQ(pair.table().slots(), pair.table().keys());
      }
      pair.expect_equal();
      if (HasFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StateWalkShapes, testing::ValuesIn(all_shapes()),
                         [](const auto& tested) { return tested.param.name; });

TEST(StateWalk, ExcludesWhatIsErasedAndInsertedAgain) {
  RandomTable pair({"", {}, 50}, 1);
  for (int i = 0; i < 500; ++i) pair.step(0);
  const Model expected = pair.model();
  ASSERT_TRUE(pair.table().begin_walk({1}).ok());
  for (std::uint64_t key = 0; key < 50; ++key) {
    pair.table().erase(pair.table().find(pair.hash_of(key), key));
    bool inserted = false;
    StateEntry* entry = pair.table().find_or_insert(pair.hash_of(key), key, &inserted);
    ASSERT_TRUE(inserted);
    *entry->at<std::uint64_t>(pair.table().layout().slot(0).offset) = 0;
  }
  EXPECT_LE(pair.table().slots(), 51U) << "gaps are filled while the walk runs";
  EXPECT_EQ(walk_all(pair, 1, [] {}), expected);
}

TEST(StateWalk, CanBeCancelledAndBegunAgain) {
  RandomTable pair({"", {}, 3000}, 2);
  for (int i = 0; i < 5000; ++i) pair.step(10);
  ASSERT_TRUE(pair.table().begin_walk({4}).ok());
  pair.table().walk(100, [](const StateEntry&) {});
  for (int i = 0; i < 1000; ++i) pair.step(50);
  pair.table().cancel_walk();
  const Model expected = pair.model();
  ASSERT_TRUE(pair.table().begin_walk({5}).ok());
  EXPECT_EQ(walk_all(pair, 64,
                     [&] {
                       for (int i = 0; i < 50; ++i) pair.step(50);
                     }),
            expected);
}

TEST(StateWalk, RefusesToBeginTwiceOrBackwards) {
  RandomTable pair({"", {}, 10}, 3);
  ASSERT_TRUE(pair.table().begin_walk({4}).ok());
  EXPECT_EQ(pair.table().begin_walk({5}).code(), StatusCode::kFailedPrecondition);
  pair.table().cancel_walk();
  EXPECT_EQ(pair.table().begin_walk({4}).code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(pair.table().begin_walk({5}).ok());
}

TEST(StateWalk, FinishesAtOnceOverAnEmptyTable) {
  RandomTable pair({"", {}, 10}, 4);
  ASSERT_TRUE(pair.table().begin_walk({1}).ok());
  EXPECT_TRUE(walk_all(pair, 1, [] {}).empty());
}

TEST(StateWalk, KeepsToItsBudget) {
  RandomTable pair({"", {}, 10000}, 5);
  for (int i = 0; i < 20000; ++i) pair.step(0);
  ASSERT_TRUE(pair.table().begin_walk({1}).ok());
  int given = 0;
  ASSERT_EQ(pair.table().walk(256, [&](const StateEntry&) { ++given; }), WalkState::kRunning);
  EXPECT_GE(given, 256);
  EXPECT_LE(given, 257);
}

}  // namespace
}  // namespace penstock
