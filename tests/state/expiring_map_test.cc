#include "penstock/state/expiring_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/state/keyed_state.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ExpiringMapTest : public testing::Test {
 protected:
  ExpiringMap<int, int> open(const Ttl& ttl, KeyedStateOptions options = {}) {
    auto map = store_.map_state<int, int>("map", ttl);
    EXPECT_TRUE(map.ok()) << map.status().to_string();
    EXPECT_TRUE(store_.seal<std::uint64_t>(options).ok());
    return *map;
  }
  void key(std::uint64_t key) {
    key_ = key;
    store_.set_current_key(key_hash(key_), key_);
  }
  void at(std::int64_t micros) { store_.set_now(now_ = {micros}); }
  void sweep(std::size_t budget) {
    store_.expiry().sweep(TimeDomain::kProcessingTime, now_, budget);
  }
  std::uint64_t elements() { return store_.metrics().map_elements; }

  KeyedStateStore store_{"test"};
  std::uint64_t key_ = 0;
  EventTime now_;
};

TEST_F(ExpiringMapTest, EachElementGoesByItself) {
  auto map = open({.after = 100us});
  at(0);
  key(1);
  map.put(1, 10);
  at(60);
  map.put(2, 20);
  at(99);
  EXPECT_EQ(map.size(), 2u);
  at(100);
  EXPECT_EQ(map.get(1), nullptr);
  ASSERT_NE(map.get(2), nullptr);
  EXPECT_EQ(*map.get(2), 20);
  EXPECT_EQ(map.size(), 1u);
  int visits = 0;
  map.for_each([&](int k, int) {
    EXPECT_EQ(k, 2);
    ++visits;
  });
  EXPECT_EQ(visits, 1);
  EXPECT_EQ(map.get_or_create(1), 0) << "an expired element must not come back";
  at(160);
  EXPECT_FALSE(map.erase(2)) << "it had expired";
  EXPECT_EQ(elements(), 1u);
}

TEST_F(ExpiringMapTest, ReadingKeepsAnElementWhereAskedFor) {
  auto map = open({.after = 100us, .refresh = TtlRefresh::kOnReadAndWrite});
  at(0);
  key(1);
  map.put(1, 10);
  at(90);
  EXPECT_NE(map.get(1), nullptr);
  at(180);
  EXPECT_NE(map.get(1), nullptr);
  at(280);
  EXPECT_EQ(map.get(1), nullptr);
}

TEST_F(ExpiringMapTest, EraseIfTakesWhatHasExpiredToo) {
  auto map = open({.after = 100us});
  at(0);
  key(1);
  map.put(1, 10);
  at(50);
  map.put(2, 20);
  map.put(3, 30);
  at(120);
  map.erase_if([](int, int value) { return value == 20; });
  EXPECT_EQ(elements(), 1u);
}

TEST_F(ExpiringMapTest, ByEventTimeAnElementGoesWithTheWatermark) {
  auto map = open({.after = 100us, .time = TimeDomain::kEventTime});
  store_.set_event_time(kMinEventTime, {1000});
  key(1);
  map.put(1, 1);
  store_.set_event_time({1000}, {1500});
  map.put(2, 2);
  store_.set_event_time({1100}, {1500});
  EXPECT_EQ(map.get(1), nullptr);
  EXPECT_NE(map.get(2), nullptr);
  for (int i = 0; i < 10; ++i) store_.expiry().sweep(TimeDomain::kEventTime, {1100}, 10);
  EXPECT_EQ(elements(), 1u);
}

// Many keys, a few of them with thousands of elements, against a model; by slices of every size.
TEST_F(ExpiringMapTest, SweepingLeavesWhatTheModelHolds) {
  auto map = open({.after = 1000us});
  std::mt19937 random(5);
  std::map<std::pair<std::uint64_t, int>, std::pair<int, std::int64_t>> model;
  for (std::int64_t now = 1; now < 20'000; ++now) {
    at(now);
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t which = random() % 4 == 0 ? random() % 300 : 7;
      const int element = static_cast<int>(random() % 2000);
      key(which);
      if (random() % 8 == 0) {
        const auto found = model.find({which, element});
        const bool alive = found != model.end() && now - found->second.second < 1000;
        ASSERT_EQ(map.erase(element), alive);
        model.erase({which, element});
      } else {
        map.put(element, static_cast<int>(now));
        model[{which, element}] = {static_cast<int>(now), now};
      }
    }
    sweep(random() % 64);
    store_.maintain(random() % 8);
    if (now % 500 != 0) continue;
    for (const auto& [place, value] : model) {
      key(place.first);
      const int* found = map.get(place.second);
      const bool alive = now - value.second < 1000;
      ASSERT_EQ(found != nullptr, alive) << place.first << ", " << place.second << " at " << now;
      if (alive) {
        ASSERT_EQ(*found, value.first);
      }
    }
  }
  at(30'000);
  for (int i = 0; i < 2000; ++i) sweep(64);
  EXPECT_EQ(elements(), 0u);
  EXPECT_EQ(store_.table().keys(), 0u) << "a key without elements has no entry";
}

TEST_F(ExpiringMapTest, ExpiredElementsGiveTheirMemoryBack) {
  auto map = open({.after = 1000us});
  at(0);
  for (int i = 0; i < 200'000; ++i) {
    key(static_cast<std::uint64_t>(i % 100));
    map.put(i, i);
  }
  const std::uint64_t full = store_.metrics().resident_bytes;
  at(5000);
  for (bool more = true; more;) {
    sweep(256);
    more = store_.maintain(64) || store_.expiry().under_way();
  }
  EXPECT_EQ(elements(), 0u);
  EXPECT_LT(store_.metrics().resident_bytes, full / 5);
}

TEST_F(ExpiringMapTest, OtherStateOfTheKeyStays) {
  auto other = *store_.value_state<int>("other");
  auto map = open({.after = 100us});
  at(0);
  key(5);
  map.put(1, 1);
  other.set(2);
  at(100);
  for (int i = 0; i < 10; ++i) sweep(10);
  EXPECT_EQ(elements(), 0u);
  key(5);
  ASSERT_NE(other.get(), nullptr);
  EXPECT_EQ(*other.get(), 2);
}

TEST_F(ExpiringMapTest, NoTimeToLiveIsRefused) {
  const Status refused = store_.map_state<int, int>("map", {.after = 0us}).status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("map"));
}

}  // namespace
}  // namespace penstock
