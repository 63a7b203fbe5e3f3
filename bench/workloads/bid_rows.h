// bench/workloads/bid_rows.h -- the rows of the stateless queries: what becomes of one bid.
#pragma once

#include <cstdint>

#include "penstock/bench/workloads/checksum.h"
#include "penstock/bench/workloads/nexmark.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {

// Dollars to euros, rounded down.
constexpr std::uint64_t convert_price(std::uint64_t price) noexcept { return price * 908 / 1000; }

constexpr bool is_selected_auction(std::uint64_t auction) noexcept { return auction % 123 == 0; }

// Adds the row of `event`, if kQuery has one for it.
template <Query kQuery>
constexpr void add_row(const NexmarkEvent& event, RowSum& out) noexcept {
  if (event.kind != NexmarkKind::kBid) return;
  if constexpr (kQuery == Query::kQ0) {
    out.add(event.auction, event.person, event.price, event.channel, event.time_ms);
  } else if constexpr (kQuery == Query::kQ1) {
    out.add(event.auction, event.person, convert_price(event.price), event.time_ms);
  } else if (is_selected_auction(event.auction)) {
    out.add(event.auction, event.price);
  }
}

}  // namespace penstock::bench
