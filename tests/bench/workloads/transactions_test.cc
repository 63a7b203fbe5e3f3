#include "penstock/bench/workloads/transactions.h"

#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

bool equal(const Transaction& a, const Transaction& b) {
  return a.time_ms == b.time_ms && a.card == b.card && a.amount == b.amount &&
         a.merchant == b.merchant && a.country == b.country;
}

TEST(TransactionGenerator, GivesTheSameTransactionsAsRandomAccessWithAnyStep) {
  for (const std::uint64_t step : {1u, 2u, 3u, 5u, 8u, 1000u}) {
    TransactionGenerator generator(step - 1, step);
    for (std::uint64_t i = step - 1; i < 20'000; i += step) {
      ASSERT_EQ(generator.next_number(), i);
      ASSERT_TRUE(equal(generator.next(), transaction(i))) << i << " by " << step;
    }
  }
}

TEST(Transactions, ComeFiveAMillisecondWithEachCardInOneOfEightSources) {
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Transaction made = transaction(i);
    ASSERT_EQ(made.time_ms, static_cast<std::int64_t>(i / 5));
    ASSERT_LT(made.card, 100'000u);
    ASSERT_EQ(made.card % 8, i % 8);
    ASSERT_LT(made.country, 60);
    ASSERT_NE(made.amount, 0);
  }
}

TEST(Transactions, AreRefundsOnceIn64AndMostlyFromTheCountryOfTheCard) {
  int refunds = 0;
  int at_home = 0;
  for (std::uint64_t i = 0; i < 64'000; ++i) {
    const Transaction made = transaction(i);
    refunds += made.amount < 0;
    at_home += made.country == made.card * 7 % 60;
  }
  EXPECT_NEAR(refunds, 1000, 150);
  EXPECT_NEAR(at_home, 64'000 * 31.0 / 32, 300);
}

TEST(Transactions, CrowdOnFewCards) {
  std::uint64_t on_the_first_tenth = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) on_the_first_tenth += transaction(i).card < 10'000;
  EXPECT_GT(on_the_first_tenth, 40'000u);  // The cube root of a tenth.
}

}  // namespace
}  // namespace penstock::bench
