#include "penstock/state/recent_keys.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "penstock/tests/state/random_table.h"

namespace penstock {
namespace {

std::uint64_t hash_for(std::uint64_t place, std::uint64_t rest) { return rest << 34 | place << 24; }

TEST(RecentKeys, OffersTheLastNumberThatWasMissed) {
  RecentKeys recent;
  EXPECT_EQ(recent.candidate(hash_for(7, 1)), StateTable::kNone);
  recent.missed(hash_for(7, 1), 42);
  EXPECT_EQ(recent.candidate(hash_for(7, 1)), 42u);
  EXPECT_TRUE(recent.knows(hash_for(7, 1)));
  recent.missed(hash_for(7, 2), 43);
  EXPECT_EQ(recent.candidate(hash_for(7, 1)), 43u) << "a candidate is checked by whoever uses it";
  EXPECT_FALSE(recent.knows(hash_for(7, 1)));
}

TEST(RecentKeys, RestWhenMostLooksAreInVainAndTryAgain) {
  RecentKeys recent;
  const auto batch = [&recent](std::size_t misses) {
    for (std::size_t i = 0; i < misses; ++i) recent.missed(hash_for(i, 0), 1);
    recent.end_batch(1000);
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(recent.serve());
    batch(100);
  }
  batch(900);
  EXPECT_TRUE(recent.serve()) << "the first batch of new keys fills it";
  batch(900);
  int rest = 0;
  while (!recent.serve()) ++rest;
  EXPECT_GT(rest, 100);
}

TEST(RecentKeys, ProcessEachRecordOnceInOrderAndFindWhatIsThere) {
  RandomTable pair({"", {}, 200}, 3);
  for (int i = 0; i < 1000; ++i) pair.step(0);
  RecentKeys recent;
  CurrentKey current(&pair.table());
  const auto key_of = [](std::size_t i) { return std::uint64_t{i * 7 % 200}; };
  std::size_t expected = 0;
  const std::size_t done = for_each_recent(
      recent, pair.table(), current, 5000, [&](std::size_t i) { return pair.hash_of(key_of(i)); },
      [&](std::size_t i, std::uint32_t candidate) {
        if (i == 4000) return false;
        EXPECT_EQ(i, expected++);
        const std::uint64_t key = key_of(i);
        current.set(pair.hash_of(key), key, candidate);
        EXPECT_EQ(current.entry() != nullptr, pair.model().contains(key)) << "record " << i;
        if (current.entry() != nullptr) {
          EXPECT_EQ(*reinterpret_cast<const std::uint64_t*>(current.entry()->key()), key);
        }
        current.forget();
        pair.step(50);
        return true;
      });
  EXPECT_EQ(done, 4000u);
}

}  // namespace
}  // namespace penstock
