#include <array>
#include <vector>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/window_clock.h"
#include "penstock/bench/workloads/window_rows.h"
#include "penstock/bench/workloads/ysb.h"

namespace penstock::bench {
namespace {

// The table of advertisements gives each campaign a number, under which its views are counted.
template <Disorder kDisorder>
class CampaignViews {
 public:
  CampaignViews() {
    FlatIndex<std::uint32_t> numbers;
    for (const YsbAd& ad : ysb_ads()) {
      ads_.find_or_insert(ad.ad_id);
      campaign_of_ad_.push_back(numbers.find_or_insert(ad.campaign));
      if (campaign_of_ad_.back() == campaigns_.size()) campaigns_.push_back(ad.campaign);
    }
    for (auto& counts : counts_) counts.resize(campaigns_.size());
  }

  [[gnu::always_inline]] void add_view(std::uint64_t ad_id, std::int64_t time_ms) noexcept {
    clock_.advance(time_ms, [this](std::int64_t end_ms) { close(end_ms); });
    const std::uint32_t ad = ads_.find(ad_id);
    if (ad == ads_.kNone) [[unlikely]]
      return;
    ++counts_[slice_place<kYsbWindowMillis, kPlaces>(time_ms)][campaign_of_ad_[ad]];
  }

  const RowSum& finish() noexcept {
    clock_.finish([this](std::int64_t end_ms) { close(end_ms); });
    return out_;
  }

 private:
  static constexpr std::uint64_t kPlaces = 2;  // Disorder is less than a window.
  static constexpr std::int64_t kBoundMs = kDisorder == Disorder::kNone ? 0 : kDisorderMillis;
  static_assert(kDisorderMillis < kYsbWindowMillis);

  [[gnu::noinline]] void close(std::int64_t end_ms) noexcept {
    if (end_ms <= 0) return;  // Before the first event, whose time is never negative.
    auto& counts = counts_[slice_place<kYsbWindowMillis, kPlaces>(end_ms - 1)];
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) add_campaign_row(campaigns_[i], end_ms, counts[i], out_);
      counts[i] = 0;
    }
  }

  FlatIndex<std::uint64_t> ads_;
  std::vector<std::uint32_t> campaign_of_ad_;  // By the number of the advertisement; a number too.
  std::vector<std::uint32_t> campaigns_;       // By number.
  std::array<std::vector<std::uint64_t>, kPlaces> counts_;
  WindowClock<kYsbWindowMillis, kYsbWindowMillis, kBoundMs> clock_;
  RowSum out_;
};

template <Disorder kDisorder>
RowSum run(std::uint64_t events) {
  CampaignViews<kDisorder> views;
  YsbGenerator<kDisorder> generator(0, 1);
  for (std::uint64_t i = 0; i < events; ++i) {
    const YsbEvent event = generator.next();
    if (event.kind == YsbKind::kView) views.add_view(event.ad_id, event.time_ms);
  }
  return views.finish();
}

}  // namespace

RowSum run_bare_ysb(Disorder disorder, std::uint64_t events) {
  return disorder == Disorder::kNone ? run<Disorder::kNone>(events)
                                     : run<Disorder::kTwoSeconds>(events);
}

}  // namespace penstock::bench
