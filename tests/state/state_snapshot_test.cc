#include "penstock/state/state_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/state/keyed_model.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(StateSnapshot, ComesBackAsOfItsCutWhateverChangesMeanwhile) {
  constexpr std::uint32_t kKeys = 700;
  for (std::uint64_t seed = 1; seed <= rounds(30); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto kit = std::make_unique<Kit>();
    for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
      for (std::uint64_t i = random.below(6000); i > 0; --i) kit->change(random, kKeys, 10 * epoch);
      const Models expected = kit->models();
      KeptPart part;
      SnapshotWriter out(part);
      kit->store().capture({epoch * 3}, out);
      const std::uint64_t budgets[] = {1, 3, 256};
      const std::uint64_t budget = budgets[random.below(3)];
      while (kit->store().capture_more(budget, out)) {
        for (std::uint64_t i = random.below(60); i > 0; --i) kit->change(random, kKeys, 40);
        if (random.below(3) == 0) kit->store().maintain(10);
      }
      out.flush();
      ASSERT_TRUE(part.status.ok()) << part.status.to_string();
      auto again = std::make_unique<Kit>();
      const Status status = restore(again->store(), {&part});
      ASSERT_TRUE(status.ok()) << status.to_string();
      ASSERT_EQ(again->read(kKeys), expected);
      if (HasFailure()) return;
    }
  }
}

TEST(StateSnapshot, IsReadByAnyNumberOfTasksEachOfWhichTakesItsKeys) {
  constexpr std::uint32_t kKeys = 2000;
  for (const auto& [before, after] : {std::pair{1U, 3U}, {3U, 2U}, {4U, 4U}, {5U, 1U}}) {
    SCOPED_TRACE(std::to_string(before) + " -> " + std::to_string(after));
    Random random(before);
    Models expected;
    std::vector<std::unique_ptr<KeptPart>> parts;
    std::vector<const KeptPart*> read;
    for (std::uint32_t task = 0; task < before; ++task) {
      Kit source;
      for (int i = 0; i < 4000; ++i) source.change(random, kKeys, 10);
      // All keys in one store; each task then gives those of its own groups.
      Kit own({.groups = key_groups_of_task(task, before)});
      KeptPart whole;
      capture_all(source.store(), whole);
      ASSERT_TRUE(restore(own.store(), {&whole}).ok());
      for (const auto& [key, model] : source.models())
        if (owner_of_key_group(key_group_of(key_hash(key)), before) == task) expected[key] = model;
      parts.push_back(std::make_unique<KeptPart>());
      capture_all(own.store(), *parts.back());
      read.push_back(parts.back().get());
    }
    Models seen;
    for (std::uint32_t task = 0; task < after; ++task) {
      const KeyGroupRange groups = key_groups_of_task(task, after);
      Kit own({.groups = groups});
      ASSERT_TRUE(restore(own.store(), read).ok());
      for (std::uint32_t key = 0; key < kKeys; ++key) {
        if (!groups.contains(key_group_of(key_hash(key)))) continue;
        const KeyModel model = own.read_key(key);
        if (!model.empty()) seen[key] = model;
      }
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST(StateSnapshot, ACancelledCaptureLeavesNothingBehind) {
  Random random(3);
  Kit kit;
  for (int i = 0; i < 3000; ++i) kit.change(random, 500, 10);
  KeptPart lost;
  {
    SnapshotWriter out(lost);
    kit.store().capture({1}, out);
    kit.store().capture_more(10, out);
    for (int i = 0; i < 500; ++i) kit.change(random, 500, 50);
    kit.store().cancel_capture();
    EXPECT_FALSE(kit.store().capture_more(10, out));
  }
  const Models expected = kit.models();
  KeptPart part;
  SnapshotWriter out(part);
  kit.store().capture({2}, out);
  while (kit.store().capture_more(7, out)) kit.change(random, 500, 50);
  out.flush();
  Kit again;
  ASSERT_TRUE(restore(again.store(), {&part}).ok());
  EXPECT_EQ(again.read(500), expected);
}

// A store with one value under the name.
template <class T>
std::unique_ptr<KeyedStateStore> store_with(const std::string& name,
                                            KeyedStateOptions options = {}) {
  auto store = std::make_unique<KeyedStateStore>("process 'rules'");
  auto value = store->value_state<T>(name).value();
  EXPECT_TRUE(store->template seal<std::uint32_t>(options).ok());
  for (std::uint32_t key = 0; key < 10; ++key) {
    store->set_current_key(key_hash(key), key);
    value.set(T{});
  }
  return store;
}

TEST(StateSnapshot, AStateOfANarrowerTypeIsRefusedWithBothTypes) {
  KeptPart part;
  capture_all(*store_with<std::uint64_t>("count"), part);
  KeyedStateStore now("process 'rules'");
  ASSERT_TRUE(now.value_state<std::uint32_t>("count").ok());
  ASSERT_TRUE(now.seal<std::uint32_t>({}).ok());
  EXPECT_THAT(std::string(restore(now, {&part}).message()),
              AllOf(HasSubstr("process 'rules'"), HasSubstr("state 'count'"),
                    HasSubstr("uint64 in the checkpoint"), HasSubstr("now uint32")));
}

TEST(StateSnapshot, AStateThatIsGoneMustBeAllowedToBeDropped) {
  KeptPart part;
  capture_all(*store_with<std::uint64_t>("count"), part);
  KeyedStateStore now("process 'rules'");
  auto added = now.value_state<std::uint32_t>("added").value();
  ASSERT_TRUE(now.seal<std::uint32_t>({}).ok());
  EXPECT_THAT(std::string(restore(now, {&part}).message()), HasSubstr("state 'count'"));
  for (const char* allowed : {"count", "*"}) {
    KeyedStateStore dropping("process 'rules'");
    added = dropping.value_state<std::uint32_t>("added").value();
    ASSERT_TRUE(dropping.seal<std::uint32_t>({.may_drop = {allowed}}).ok());
    EXPECT_TRUE(restore(dropping, {&part}).ok());
    EXPECT_EQ(dropping.metrics().keys, 0U);
  }
}

TEST(StateSnapshot, StatesAreMatchedByNameNotByTheirOrder) {
  KeyedStateStore before("before");
  auto a = before.value_state<std::uint64_t>("a").value();
  auto b = before.value_state<std::uint8_t>("b").value();
  ASSERT_TRUE(before.seal<std::uint32_t>({}).ok());
  const std::uint32_t key = 7;
  before.set_current_key(key_hash(key), key);
  a.set(11);
  b.set(22);
  KeptPart part;
  capture_all(before, part);
  KeyedStateStore after("after");
  auto added = after.value_state<std::uint64_t>("added").value();
  b = after.value_state<std::uint8_t>("b").value();
  a = after.value_state<std::uint64_t>("a").value();
  ASSERT_TRUE(after.seal<std::uint32_t>({}).ok());
  ASSERT_TRUE(restore(after, {&part}).ok());
  after.set_current_key(key_hash(key), key);
  EXPECT_EQ(*a.get(), 11U);
  EXPECT_EQ(*b.get(), 22U);
  EXPECT_EQ(added.get(), nullptr);
}

TEST(StateSnapshot, AKeyOfAnotherSizeAndAnotherKindOfStateAreRefused) {
  KeptPart part;
  capture_all(*store_with<std::uint64_t>("count"), part);
  KeyedStateStore wide("wide");
  ASSERT_TRUE(wide.value_state<std::uint64_t>("count").ok());
  ASSERT_TRUE(wide.seal<std::uint64_t>({}).ok());
  EXPECT_THAT(std::string(restore(wide, {&part}).message()), HasSubstr("keys of type uint32"));
  KeyedStateStore map("map");
  ASSERT_TRUE((map.map_state<int, std::uint64_t>("count").ok()));
  ASSERT_TRUE(map.seal<std::uint32_t>({}).ok());
  EXPECT_THAT(std::string(restore(map, {&part}).message()), HasSubstr("a value"));
}

TEST(StateSnapshot, MoreKeysThanAllowedAreRefusedWhenItIsRestored) {
  KeptPart part;
  capture_all(*store_with<std::uint64_t>("count"), part);
  auto now = std::make_unique<KeyedStateStore>("process 'rules'");
  ASSERT_TRUE(now->value_state<std::uint64_t>("count").ok());
  ASSERT_TRUE(now->seal<std::uint32_t>({.max_keys = 9}).ok());
  const Status status = restore(*now, {&part});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_keys"));
}

TEST(StateSnapshot, IsRestoredUnderTheSameLimitOfMemory) {
  Random random(4);
  Kit kit;
  constexpr std::uint32_t kKeys = 30'000;
  for (std::uint32_t i = 0; i < 3 * kKeys; ++i) kit.change(random, kKeys, 0);
  KeptPart part;
  capture_all(kit.store(), part, 4096);
  MemoryBudget ample(std::uint64_t{1} << 30);
  Kit whole({}, &ample);
  ASSERT_TRUE(restore(whole.store(), {&part}).ok());
  for (const int share : {2, 4, 8}) {
    MemoryBudget budget(ample.used_bytes() / static_cast<std::uint64_t>(share));
    Kit cramped({}, &budget);
    const Status status = restore(cramped.store(), {&part});
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << share;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("process 'rules'"), HasSubstr("state_bytes_max")));
  }
}

// Whatever is done to its bytes, a snapshot is refused or restored, and never more than that.
TEST(StateSnapshot, ChangedBytesAreRefusedOrRestored) {
  Random random(9);
  Kit kit;
  for (int i = 0; i < 300; ++i) kit.change(random, 40, 10);
  KeptPart part;
  capture_all(kit.store(), part);
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < rounds(2000); ++i) {
    KeptPart changed;
    changed.chunks = part.chunks;
    std::string& chunk = changed.chunks[random.below(changed.chunks.size())];
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n)
      chunk[random.below(chunk.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) chunk.resize(random.below(chunk.size()));
    Kit again;
    if (!restore(again.store(), {&changed}).ok()) {
      ++refused;
      continue;
    }
    again.read(40);
    for (int n = 0; n < 20; ++n) again.change(random, 40, 50);
  }
  EXPECT_GT(refused, rounds(200));
}

}  // namespace
}  // namespace penstock
