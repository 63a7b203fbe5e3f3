#include <algorithm>
#include <array>
#include <vector>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/window_clock.h"
#include "penstock/bench/workloads/window_rows.h"

namespace penstock::bench {
namespace {

// Bids per auction and slice of 2 s. A window is the sum of five slices, made by one pass over five arrays; auctions
// without bids in any slice are forgotten from time to time.
template <Disorder kDisorder>
class HotAuctions {
 public:
  [[gnu::always_inline]] void add(std::uint64_t auction, std::int64_t time_ms) {
    clock_.advance(time_ms, [this](std::int64_t end_ms) { close(end_ms); });
    const std::uint32_t at = index_.find_or_insert(auction);
    if (at == auctions_.size()) [[unlikely]]
      add_auction(auction);
    ++slices_[place(time_ms)][at];
  }

  const RowSum& finish() {
    clock_.finish([this](std::int64_t end_ms) { close(end_ms); });
    return out_;
  }

 private:
  static constexpr std::size_t kSlices = kQ5WindowMillis / kQ5SlideMillis;
  static constexpr std::size_t kPlaces =
      8;  // Five of the next window, two that may be open after it.
  static constexpr std::int64_t kBoundMs = kDisorder == Disorder::kNone ? 0 : kDisorderMillis;
  static_assert(kPlaces >= kSlices + 2 && kDisorderMillis <= kQ5SlideMillis);

  static std::size_t place(std::int64_t time_ms) noexcept {
    return slice_place<kQ5SlideMillis, kPlaces>(time_ms);
  }

  [[gnu::noinline]] void add_auction(std::uint64_t auction) {
    auctions_.push_back(auction);
    for (auto& slice : slices_) slice.push_back(0);
  }

  [[gnu::noinline]] void close(std::int64_t end_ms) {
    if (end_ms <= 0) return;  // Before the first event, whose time is never negative.
    const std::size_t newest = place(end_ms - 1);
    sum_slices(newest);
    const std::uint32_t most =
        totals_.empty() ? 0 : *std::max_element(totals_.begin(), totals_.end());
    std::size_t unseen = 0;
    for (std::size_t i = 0; i < totals_.size(); ++i) {
      unseen += totals_[i] == 0;
      if (totals_[i] == most && most > 0) [[unlikely]]
        add_hot_auction_row(end_ms, auctions_[i], most, out_);
    }
    auto& oldest = slices_[(newest + 1 - kSlices) % kPlaces];
    std::fill(oldest.begin(), oldest.end(), 0);
    if (2 * unseen > totals_.size()) forget_unseen();
  }

  void sum_slices(std::size_t newest) {
    totals_.assign(auctions_.size(), 0);
    for (std::size_t back = 0; back < kSlices; ++back) {
      const std::uint32_t* const slice = slices_[(newest - back) % kPlaces].data();
      for (std::size_t i = 0; i < totals_.size(); ++i) totals_[i] += slice[i];
    }
  }

  void forget_unseen() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < auctions_.size(); ++i) {
      std::uint32_t seen = 0;
      for (const auto& slice : slices_) seen |= slice[i];
      if (seen == 0) continue;
      auctions_[kept] = auctions_[i];
      for (auto& slice : slices_) slice[kept] = slice[i];
      ++kept;
    }
    auctions_.resize(kept);
    for (auto& slice : slices_) slice.resize(kept);
    index_.assign(auctions_);
  }

  FlatIndex<std::uint64_t> index_;
  // By the number that the index gives an auction:
  std::vector<std::uint64_t> auctions_;
  std::array<std::vector<std::uint32_t>, kPlaces> slices_;
  std::vector<std::uint32_t> totals_;  // Of the window that is being closed.
  WindowClock<kQ5WindowMillis, kQ5SlideMillis, kBoundMs> clock_;
  RowSum out_;
};

template <Disorder kDisorder>
RowSum run(std::uint64_t events) {
  HotAuctions<kDisorder> auctions;
  NexmarkGenerator<kDisorder> generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const NexmarkEvent event = generator.next();
    if (event.kind == NexmarkKind::kBid) auctions.add(event.auction, event.time_ms);
  }
  return auctions.finish();
}

}  // namespace

RowSum run_bare_q5(Disorder disorder, std::uint64_t events) {
  return disorder == Disorder::kNone ? run<Disorder::kNone>(events)
                                     : run<Disorder::kTwoSeconds>(events);
}

}  // namespace penstock::bench
