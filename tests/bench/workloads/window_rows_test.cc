#include "penstock/bench/workloads/window_rows.h"

#include <gtest/gtest.h>

#include "penstock/bench/workloads/fraud_rows.h"

namespace penstock::bench {
namespace {

TEST(HighestBid, IsThatOfTheHigherPriceThenOfWhatIsLower) {
  const HighestBid bid = {.auction = 5, .bidder = 5, .time_ms = 5, .price = 5};
  const auto with = [&](auto change) {
    HighestBid other = bid;
    change(other);
    return other;
  };
  EXPECT_FALSE(is_higher_bid(bid, bid));
  for (const HighestBid& higher : {with([](HighestBid& b) {
                                     b = {9, 9, 9, 6};
                                   }),
                                   with([](HighestBid& b) {
                                     b = {9, 9, 4, 5};
                                   }),
                                   with([](HighestBid& b) {
                                     b = {4, 9, 5, 5};
                                   }),
                                   with([](HighestBid& b) { b.bidder = 4; })}) {
    EXPECT_TRUE(is_higher_bid(higher, bid));
    EXPECT_FALSE(is_higher_bid(bid, higher));
  }
  EXPECT_TRUE(is_higher_bid(bid, HighestBid{}));
}

TEST(FraudWindow, GivesARowAboveTenTransactionsOrAboveFiveThousand) {
  RowSum out;
  add_fraud_window_row(1, 10, 10, 500'000, out);
  EXPECT_EQ(out.rows, 0u);
  add_fraud_window_row(1, 10, 11, 0, out);
  add_fraud_window_row(1, 10, 0, 500'001, out);
  EXPECT_EQ(out.rows, 2u);
  EXPECT_EQ(out.sum, row(1, 1, 10, 11, 0) + row(1, 1, 10, 0, 500'001));
}

}  // namespace
}  // namespace penstock::bench
