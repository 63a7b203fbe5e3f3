#include "penstock/state/keyed_state.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "penstock/core/base/random.h"

namespace penstock {
namespace {

struct Total {
  double sum = 0;
  std::uint32_t count = 0;
};

using Card = InlineString<19>;

TEST(KeyedState, ReadingCreatesNothing) {
  KeyedStateStore store("process 'rules'");
  auto count = store.value_state<std::uint64_t>("count").value();
  ASSERT_TRUE(store.seal<Card>({}).ok());
  const Card card("4111");
  store.set_current_key(key_hash(card), card);
  EXPECT_EQ(count.get(), nullptr);
  count.clear();
  EXPECT_EQ(store.metrics().keys, 0U);
}

TEST(KeyedState, KeepsValuesOfSeveralTypesApartForEachKey) {
  KeyedStateStore store("process 'rules'");
  auto count = store.value_state<std::uint8_t>("count").value();
  auto total = store.value_state<Total>("total").value();
  auto last = store.value_state<InlineString<3>>("country").value();
  ASSERT_TRUE(store.seal<Card>({}).ok());
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 1000; ++i) {
      const Card card = Card::of("card " + std::to_string(i));
      store.set_current_key(key_hash(card), card);
      ++count.get_or_create();
      if (i % 2 == 0) total.get_or_create().sum += i;
      if (i % 3 == 0) last.set("DE");
    }
  }
  EXPECT_EQ(store.metrics().keys, 1000U);
  for (int i = 0; i < 1000; ++i) {
    const Card card = Card::of("card " + std::to_string(i));
    store.set_current_key(key_hash(card), card);
    ASSERT_NE(count.get(), nullptr);
    EXPECT_EQ(*count.get(), 3);
    ASSERT_EQ(total.get() != nullptr, i % 2 == 0);
    if (i % 2 == 0) {
      EXPECT_EQ(total.get()->sum, 3.0 * i);
    }
    ASSERT_EQ(last.get() != nullptr, i % 3 == 0);
  }
}

TEST(KeyedState, AValueThatIsCreatedAgainIsFresh) {
  KeyedStateStore store("op");
  auto a = store.value_state<std::uint64_t>("a").value();
  auto b = store.value_state<std::uint64_t>("b").value();
  ASSERT_TRUE(store.seal<std::uint64_t>({}).ok());
  const std::uint64_t key = 5;
  store.set_current_key(key_hash(key), key);
  a.set(7);
  b.set(8);
  a.clear();
  EXPECT_EQ(a.get(), nullptr);
  EXPECT_EQ(a.get_or_create(), 0U);
  EXPECT_EQ(*b.get(), 8U);
}

TEST(KeyedState, ClearingTheLastValueRemovesTheKey) {
  KeyedStateStore store("op");
  auto a = store.value_state<std::uint64_t>("a").value();
  auto b = store.value_state<std::uint64_t>("b").value();
  ASSERT_TRUE(store.seal<std::uint64_t>({}).ok());
  for (std::uint64_t key = 0; key < 100; ++key) {
    store.set_current_key(key_hash(key), key);
    a.set(key);
    b.set(key);
  }
  for (std::uint64_t key = 0; key < 100; key += 2) {
    store.set_current_key(key_hash(key), key);
    a.clear();
    EXPECT_EQ(*b.get(), key);
    b.clear();
    EXPECT_EQ(a.get(), nullptr);
    EXPECT_EQ(b.get(), nullptr);
  }
  EXPECT_EQ(store.metrics().keys, 50U);
  for (std::uint64_t key = 1; key < 100; key += 2) {
    store.set_current_key(key_hash(key), key);
    EXPECT_EQ(*a.get(), key);
  }
}

TEST(KeyedState, RefusesANameThatIsTakenEmptyOrTooLate) {
  KeyedStateStore store("process 'rules'");
  ASSERT_TRUE(store.value_state<int>("count").ok());
  const auto twice = store.map_state<int, int>("count");
  EXPECT_EQ(twice.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(twice.status().message().find("process 'rules': state 'count' was asked for twice"),
            std::string_view::npos);
  EXPECT_EQ(store.value_state<int>("").status().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(store.seal<int>({}).ok());
  EXPECT_EQ(store.value_state<int>("late").status().code(), StatusCode::kFailedPrecondition);
}

TEST(KeyedState, RefusesTooManyHandlesAndTooLargeValues) {
  KeyedStateStore store("op");
  for (int i = 0; i < 31; ++i) ASSERT_TRUE(store.value_state<int>("s" + std::to_string(i)).ok());
  EXPECT_EQ(store.value_state<int>("one more").status().code(), StatusCode::kInvalidArgument);
  struct Large {
    std::byte bytes[70000];
  };
  KeyedStateStore other("op");
  EXPECT_EQ((other.map_state<int, Large>("large").status().code()), StatusCode::kInvalidArgument);
  EXPECT_EQ(KeyedStateStore("op").value_state<Large>("large").status().code(),
            StatusCode::kInvalidArgument);
}

TEST(KeyedState, WritesPastTheQuotaChangeNothingAndFailTheStore) {
  KeyedStateStore store("process 'rules'");
  auto count = store.value_state<std::uint64_t>("count").value();
  auto seen = store.map_state<int, std::uint64_t>("seen").value();
  KeyedStateOptions options;
  options.max_keys = 3;
  ASSERT_TRUE(store.seal<std::uint64_t>(options).ok());
  for (std::uint64_t key = 0; key < 5; ++key) {
    store.set_current_key(key_hash(key), key);
    EXPECT_EQ(++count.get_or_create(), 1U);
    EXPECT_EQ(++seen.get_or_create(1), 1U);
    EXPECT_EQ(store.failed(), key >= 3);
    EXPECT_EQ(seen.size(), key < 3 ? 1U : 0U);
  }
  EXPECT_EQ(store.metrics().keys, 3U);
  EXPECT_EQ(store.status().code(), StatusCode::kResourceExhausted);
  EXPECT_NE(store.status().message().find("process 'rules'"), std::string_view::npos);
}

TEST(KeyedState, AMapOverItsQuotaLeavesNoEmptyKeyBehind) {
  KeyedStateStore store("op");
  auto seen = store.map_state<int, int>("seen").value();
  KeyedStateOptions options;
  options.max_keys = 2;
  ASSERT_TRUE(store.seal<int>(options).ok());
  const int first = 1;
  store.set_current_key(key_hash(first), first);
  seen.put(1, 1);
  seen.put(2, 2);
  const int second = 2;
  store.set_current_key(key_hash(second), second);
  seen.put(1, 1);
  EXPECT_TRUE(store.failed());
  EXPECT_EQ(store.metrics().keys, 1U);
  EXPECT_EQ(seen.get(1), nullptr);
}

}  // namespace
}  // namespace penstock
