#include "penstock/state/lookahead.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "penstock/tests/state/random_table.h"

namespace penstock {
namespace {

TEST(Lookahead, ProcessesEachRecordOnceInOrderForEveryBatchSize) {
  RandomTable pair({"", {}, 50}, 1);
  for (int i = 0; i < 100; ++i) pair.step(0);
  for (std::size_t count = 0; count < 80; ++count) {
    std::vector<std::size_t> processed;
    for_each_ahead(
        pair.table(), count, [&](std::size_t i) { return pair.hash_of(i % 50); },
        [&](std::size_t i, std::uint32_t) { processed.push_back(i); });
    ASSERT_EQ(processed.size(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(processed[i], i);
  }
}

TEST(Lookahead, OffersTheEntryOfAKnownKey) {
  RandomTable pair({"", {}, 50}, 2);
  for (int i = 0; i < 1000; ++i) pair.step(0);
  int right = 0;
  for_each_ahead(
      pair.table(), 50, [&](std::size_t i) { return pair.hash_of(i); },
      [&](std::size_t i, std::uint32_t candidate) {
        right += candidate != StateTable::kNone &&
                 pair.table().entry_at(candidate) ==
                     pair.table().find(pair.hash_of(i), std::uint64_t{i});
      });
  EXPECT_EQ(right, 50);
}

TEST(Lookahead, SurvivesErasuresBetweenFetchAndUse) {
  RandomTable pair({"", {}, 200}, 3);
  for (int i = 0; i < 1000; ++i) pair.step(0);
  for_each_ahead(
      pair.table(), 5000, [&](std::size_t i) { return pair.hash_of(i * 7 % 200); },
      [&](std::size_t i, std::uint32_t candidate) {
        const std::uint64_t key = i * 7 % 200;
        const std::uint32_t found = pair.table().find_number(candidate, pair.hash_of(key), key);
        EXPECT_EQ(found != StateTable::kNone, pair.model().contains(key)) << "record " << i;
        pair.step(50);
      });
}

}  // namespace
}  // namespace penstock
