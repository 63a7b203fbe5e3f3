#include <array>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/window_clock.h"
#include "penstock/bench/workloads/window_rows.h"

namespace penstock::bench {
namespace {

template <Disorder kDisorder>
class HighestBids {
 public:
  [[gnu::always_inline]] void add(const NexmarkEvent& bid) noexcept {
    clock_.advance(bid.time_ms, [this](std::int64_t end_ms) { close(end_ms); });
    HighestBid& best = best_[slice_place<kQ7WindowMillis, kPlaces>(bid.time_ms)];
    if (bid.price < best.price) [[likely]]
      return;
    const HighestBid candidate = {bid.auction, bid.person, bid.time_ms, bid.price};
    if (is_higher_bid(candidate, best)) best = candidate;
  }

  const RowSum& finish() noexcept {
    clock_.finish([this](std::int64_t end_ms) { close(end_ms); });
    return out_;
  }

 private:
  static constexpr std::uint64_t kPlaces = 2;  // Disorder is less than a window.
  static constexpr std::int64_t kBoundMs = kDisorder == Disorder::kNone ? 0 : kDisorderMillis;
  static_assert(kDisorderMillis < kQ7WindowMillis);

  [[gnu::noinline]] void close(std::int64_t end_ms) noexcept {
    if (end_ms <= 0) return;  // Before the first event, whose time is never negative.
    HighestBid& best = best_[slice_place<kQ7WindowMillis, kPlaces>(end_ms - 1)];
    if (best.price > 0) add_highest_bid_row(end_ms, best, out_);
    best = HighestBid{};
  }

  std::array<HighestBid, kPlaces> best_;
  WindowClock<kQ7WindowMillis, kQ7WindowMillis, kBoundMs> clock_;
  RowSum out_;
};

template <Disorder kDisorder>
RowSum run(std::uint64_t events) {
  HighestBids<kDisorder> bids;
  NexmarkGenerator<kDisorder> generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const NexmarkEvent event = generator.next();
    if (event.kind == NexmarkKind::kBid) bids.add(event);
  }
  return bids.finish();
}

}  // namespace

RowSum run_bare_q7(Disorder disorder, std::uint64_t events) {
  return disorder == Disorder::kNone ? run<Disorder::kNone>(events)
                                     : run<Disorder::kTwoSeconds>(events);
}

}  // namespace penstock::bench
