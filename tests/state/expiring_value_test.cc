#include "penstock/state/expiring_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "penstock/core/base/hash.h"
#include "penstock/state/keyed_state.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class ExpiringValueTest : public testing::Test {
 protected:
  ExpiringValue<int> open(const Ttl& ttl) {
    auto value = store_.value_state<int>("value", ttl);
    EXPECT_TRUE(value.ok()) << value.status().to_string();
    EXPECT_TRUE(store_.seal<std::uint64_t>({}).ok());
    return *value;
  }
  void key(std::uint64_t key) {
    key_ = key;
    store_.set_current_key(key_hash(key_), key_);
  }
  void at(std::int64_t micros) { store_.set_now(now_ = {micros}); }
  void sweep(std::size_t budget) {
    store_.expiry().sweep(TimeDomain::kProcessingTime, now_, budget);
  }
  // Until the round is over.
  void sweep_round(std::size_t budget) {
    for (int i = 0; i < 1000; ++i) sweep(budget);
  }

  KeyedStateStore store_{"test"};
  std::uint64_t key_ = 0;
  EventTime now_;
};

TEST_F(ExpiringValueTest, IsGoneOnceItsTimeHasPassedSinceItWasWritten) {
  auto value = open({.after = 100us});
  at(1000);
  key(1);
  EXPECT_EQ(value.get(), nullptr);
  value.set(7);
  at(1099);
  key(1);
  ASSERT_NE(value.get(), nullptr);
  EXPECT_EQ(*value.get(), 7);
  at(1100);
  EXPECT_EQ(value.get(), nullptr);
  EXPECT_EQ(value.get_or_create(), 0) << "an expired value must not come back";
}

TEST_F(ExpiringValueTest, WritingKeepsItAndReadingOnlyWhereAskedFor) {
  for (const TtlRefresh refresh : {TtlRefresh::kOnWrite, TtlRefresh::kOnReadAndWrite}) {
    KeyedStateStore store("refresh");
    auto value = *store.value_state<int>("value", {.after = 100us, .refresh = refresh});
    ASSERT_TRUE(store.seal<std::uint64_t>({}).ok());
    const std::uint64_t one = 1;
    store.set_current_key(key_hash(one), one);
    store.set_now({0});
    value.set(1);
    store.set_now({90});
    ++value.get_or_create();
    store.set_now({180});
    ASSERT_NE(value.get(), nullptr) << "it was written at 90";
    EXPECT_EQ(*value.get(), 2);
    store.set_now({200});
    EXPECT_EQ(value.get() != nullptr, refresh == TtlRefresh::kOnReadAndWrite);
  }
}

TEST_F(ExpiringValueTest, SweepingFreesTheKeysOfExpiredValuesAndNoOthers) {
  auto value = open({.after = 1000us});
  std::mt19937 random(3);
  std::map<std::uint64_t, std::int64_t> written;
  for (std::int64_t now = 1; now < 20'000; ++now) {
    at(now);
    const std::uint64_t which = random() % 500;
    key(which);
    value.set(static_cast<int>(which));
    written[which] = now;
    if (now % 3000 == 0) now += 900;  // A lull, in which many expire.
    at(now);
    sweep(random() % 40);
    if (now % 100 != 0) continue;
    for (const auto& [k, at_micros] : written) {
      key(k);
      const bool alive = now - at_micros < 1000;
      ASSERT_EQ(value.get() != nullptr, alive) << "key " << k << " at " << now;
      if (alive) {
        ASSERT_EQ(*value.get(), static_cast<int>(k));
      }
    }
  }
  at(30'000);
  sweep_round(20);
  EXPECT_EQ(store_.table().keys(), 0u);
  EXPECT_EQ(store_.expiry().due_at(), kMaxEventTime);
}

TEST_F(ExpiringValueTest, ASweepLooksAtNoMoreThanItsBudget) {
  auto value = open({.after = 100us});
  at(0);
  for (std::uint64_t k = 0; k < 1000; ++k) {
    key(k);
    value.set(1);
  }
  at(1000);
  sweep(80);
  EXPECT_EQ(store_.table().keys(), 990u) << "removing costs as much as looking at eight";
  EXPECT_EQ(store_.expiry().due_at(), EventTime{1000}) << "the round goes on at once";
  sweep_round(10);
  EXPECT_EQ(store_.table().keys(), 0u);
}

TEST_F(ExpiringValueTest, RoundsComeAQuarterOfTheTimeApart) {
  auto value = open({.after = 400us});
  at(1000);
  key(1);
  value.set(1);
  sweep(10);
  EXPECT_EQ(store_.expiry().due_at(), EventTime{1100});
  at(1099);
  sweep(10);
  EXPECT_EQ(store_.expiry().due_at(), EventTime{1100});
  at(1100);
  sweep(10);
  EXPECT_EQ(store_.expiry().due_at(), EventTime{1200});
}

TEST_F(ExpiringValueTest, OtherStateOfTheKeyStays) {
  auto other = *store_.value_state<int>("other");
  auto value = open({.after = 100us});
  at(0);
  key(5);
  value.set(1);
  other.set(2);
  at(100);
  sweep_round(10);
  key(5);
  EXPECT_EQ(value.get(), nullptr);
  ASSERT_NE(other.get(), nullptr);
  EXPECT_EQ(*other.get(), 2);
}

TEST_F(ExpiringValueTest, ByEventTimeItLivesUntilTheWatermarkHasPassedTheLatestRecordThatWroteIt) {
  auto value = open({.after = 100us, .time = TimeDomain::kEventTime});
  const auto record = [&](std::int64_t watermark, std::int64_t time) {
    store_.set_event_time({watermark}, {time});
    key(1);
  };
  store_.set_event_time(kMinEventTime, {-1000});
  key(1);
  EXPECT_EQ(value.get(), nullptr);
  value.set(7);
  record(-1000, -1050);  // Out of order: what it writes is as old as what is there.
  value.set(8);
  record(-901, -901);
  ASSERT_NE(value.get(), nullptr);
  EXPECT_EQ(*value.get(), 8);
  record(-900, -900);
  EXPECT_EQ(value.get(), nullptr);
  EXPECT_EQ(value.get_or_create(), 0) << "an expired value must not come back";
  store_.set_now({1'000'000});
  EXPECT_NE(value.get(), nullptr) << "the time of day is nothing to it";
}

TEST_F(ExpiringValueTest, TheSweepOfEventTimeGoesByWhatItIsTold) {
  auto value = open({.after = 100us, .time = TimeDomain::kEventTime});
  store_.set_event_time({0}, {0});
  key(1);
  value.set(7);
  const auto sweep = [&](EventTime passed) {
    store_.expiry().sweep(TimeDomain::kEventTime, passed, 100);
  };
  sweep(kMinEventTime);
  store_.set_event_time({500}, {500});
  sweep({99});
  EXPECT_EQ(store_.table().keys(), 1u);
  sweep({500});
  EXPECT_EQ(store_.table().keys(), 0u);
  EXPECT_EQ(store_.expiry().due_at(), kMaxEventTime) << "no clock brings event time on";
}

TEST_F(ExpiringValueTest, ExpiredKeysGiveTheirMemoryBack) {
  auto value = open({.after = 1000us});
  at(0);
  for (std::uint64_t k = 0; k < 300'000; ++k) {
    key(k);
    value.set(1);
  }
  const std::uint64_t full = store_.metrics().resident_bytes;
  ASSERT_GT(full, 10'000'000u);
  at(5000);
  int calls = 0;
  for (bool more = true; more; ++calls) {
    sweep(256);
    more = store_.maintain(64) || store_.expiry().under_way();
  }
  EXPECT_EQ(store_.table().keys(), 0u);
  EXPECT_LT(store_.metrics().resident_bytes, full / 10);
  EXPECT_GT(calls, 300'000 / 256) << "in slices";
  for (std::uint64_t k = 0; k < 300'000; ++k) {
    key(k);
    ASSERT_EQ(value.get_or_create(), 0);
  }
  EXPECT_EQ(store_.table().keys(), 300'000u);
  EXPECT_TRUE(store_.status().ok());
}

TEST_F(ExpiringValueTest, NoTimeToLiveIsRefused) {
  const Status refused = store_.value_state<int>("value", {.after = 0us}).status();
  EXPECT_THAT(std::string(refused.message()), HasSubstr("value"));
}

}  // namespace
}  // namespace penstock
