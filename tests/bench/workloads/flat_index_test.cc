#include "penstock/bench/workloads/flat_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <unordered_map>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {
namespace {

TEST(FlatIndex, NumbersKeysInTheOrderTheyComeAndGrows) {
  FlatIndex<std::uint64_t> index;
  std::unordered_map<std::uint64_t, std::uint32_t> model;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    const std::uint64_t key = sm(1, i) % 20'000 << (i % 3 * 20);
    const auto next = static_cast<std::uint32_t>(model.size());
    ASSERT_EQ(index.find_or_insert(key), model.try_emplace(key, next).first->second);
    ASSERT_EQ(index.size(), model.size());
  }
  for (const auto& [key, number] : model) EXPECT_EQ(index.find(key), number);
}

TEST(FlatIndex, DoesNotFindWhatWasNeverThere) {
  FlatIndex<std::uint32_t> index;
  EXPECT_EQ(index.find(0), index.kNone);
  index.find_or_insert(7);
  EXPECT_EQ(index.find(0), index.kNone);
  EXPECT_EQ(index.find(7), 0u);
}

struct SameHash {
  std::uint64_t operator()(std::uint64_t) const { return ~std::uint64_t{0}; }
};

TEST(FlatIndex, FindsKeysThatAllHaveTheSameHash) {
  FlatIndex<std::uint64_t, SameHash> index;
  for (std::uint32_t key = 0; key < 200; ++key) EXPECT_EQ(index.find_or_insert(key), key);
  for (std::uint32_t key = 0; key < 200; ++key) EXPECT_EQ(index.find(key), key);
  EXPECT_EQ(index.find(200), index.kNone);
}

TEST(FlatIndex, NumbersOtherKeysAnew) {
  FlatIndex<std::uint64_t> index;
  for (std::uint64_t key = 0; key < 1000; ++key) index.find_or_insert(key);
  index.assign(std::vector<std::uint64_t>{999, 5});
  EXPECT_EQ(index.size(), 2u);
  EXPECT_EQ(index.find(999), 0u);
  EXPECT_EQ(index.find(5), 1u);
  EXPECT_EQ(index.find(6), index.kNone);
}

}  // namespace
}  // namespace penstock::bench
