// bench/workloads/window_rows.h -- the windows of q5, q7 and YSB: their sizes, what wins in them, and their rows.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/checksum.h"
#include "penstock/bench/workloads/nexmark.h"

namespace penstock::bench {

// q5: the auctions with the most bids of the last 10 s, every 2 s.
inline constexpr std::int64_t kQ5WindowMillis = 10'000;
inline constexpr std::int64_t kQ5SlideMillis = 2'000;

constexpr void add_hot_auction_row(std::int64_t end_ms, std::uint64_t auction, std::uint64_t count,
                                   RowSum& out) noexcept {
  out.add(end_ms, auction, count);
}

// q7: the highest bid of every 10 s.
inline constexpr std::int64_t kQ7WindowMillis = 10'000;

// What q7 needs of a bid. No bid has the price 0.
struct HighestBid {
  std::uint64_t auction = 0;
  std::uint64_t bidder = 0;
  std::int64_t time_ms = 0;
  std::uint32_t price = 0;
};

// The higher price wins, then what is lower: the time, the auction, the bidder.
constexpr bool is_higher_bid(const HighestBid& bid, const HighestBid& than) noexcept {
  if (bid.price != than.price) return bid.price > than.price;
  if (bid.time_ms != than.time_ms) return bid.time_ms < than.time_ms;
  if (bid.auction != than.auction) return bid.auction < than.auction;
  return bid.bidder < than.bidder;
}

constexpr void add_highest_bid_row(std::int64_t end_ms, const HighestBid& bid,
                                   RowSum& out) noexcept {
  out.add(end_ms, bid.price, bid.auction, bid.bidder);
}

// YSB: the views of a campaign, every 10 s.
constexpr void add_campaign_row(std::uint32_t campaign, std::int64_t end_ms, std::uint64_t count,
                                RowSum& out) noexcept {
  out.add(campaign, end_ms, count);
}

}  // namespace penstock::bench
