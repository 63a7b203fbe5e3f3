// bench/workloads/ysb.h -- the advertisement events of the YSB workload, computed from their number, and its table.
//
// Views, clicks and purchases of 1000 advertisements, ten to a campaign; 100 events a millisecond. Any event can be had
// without those before it, so several sources share the numbers out between them.
// Cost       About 3 ns.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "penstock/bench/workloads/nexmark.h"
#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {

enum class YsbKind : std::uint8_t { kView, kClick, kPurchase };

struct YsbEvent {
  std::uint64_t ad_id = 0;  // Says nothing about the campaign: that is looked up.
  std::int64_t time_ms = 0;
  std::uint32_t user = 0;
  std::uint32_t page = 0;
  YsbKind kind = YsbKind::kView;
};
static_assert(sizeof(YsbEvent) == 32);
static_assert(std::is_trivially_copyable_v<YsbEvent>);

inline constexpr std::uint64_t kYsbAds = 1000;
inline constexpr std::uint64_t kYsbAdsPerCampaign = 10;
inline constexpr std::uint64_t kYsbCampaigns = kYsbAds / kYsbAdsPerCampaign;
inline constexpr std::int64_t kYsbWindowMillis = 10'000;

// The id of advertisement number `ad`, below kYsbAds.
constexpr std::uint64_t ysb_ad_id(std::uint64_t ad) noexcept { return sm(101, ad); }

struct YsbAd {
  std::uint64_t ad_id = 0;
  std::uint32_t campaign = 0;
};

// The campaign of each advertisement.
inline std::vector<YsbAd> ysb_ads() {
  std::vector<YsbAd> ads;
  for (std::uint64_t ad = 0; ad < kYsbAds; ++ad) {
    ads.push_back({ysb_ad_id(ad), static_cast<std::uint32_t>(ad / kYsbAdsPerCampaign)});
  }
  return ads;
}

// Event number i, from 0.
[[gnu::always_inline]] constexpr YsbEvent ysb_event(std::uint64_t i, Disorder disorder) noexcept {
  const std::uint64_t r = sm(100, i);
  YsbEvent event;
  event.ad_id = ysb_ad_id(((r & 0xffffffff) * kYsbAds) >> 32);
  event.time_ms = static_cast<std::int64_t>(i / 100);
  if (disorder == Disorder::kTwoSeconds) {
    const std::uint64_t back = ((sm(102, i) >> 32) * kDisorderMillis) >> 32;
    event.time_ms += kDisorderMillis - static_cast<std::int64_t>(back);
  }
  event.user = static_cast<std::uint32_t>((r >> 8) & 0xfffff);
  event.page = static_cast<std::uint32_t>((r >> 20) & 0xfffff);
  event.kind = static_cast<YsbKind>(((r >> 32) * 3) >> 32);
  return event;
}

// The events first, first + step, first + 2 step, ...: source s of W starts at s and steps by W.
template <Disorder kDisorder>
class YsbGenerator {
 public:
  constexpr YsbGenerator(std::uint64_t first, std::uint64_t step) noexcept
      : number_(first), step_(step) {}

  constexpr std::uint64_t next_number() const noexcept { return number_; }
  constexpr std::uint64_t step() const noexcept { return step_; }

  [[gnu::always_inline]] constexpr YsbEvent next() noexcept { return next_by(step_); }
  // The same where whoever calls knows step() as a constant. REQUIRES: step == step().
  [[gnu::always_inline]] constexpr YsbEvent next_by(std::uint64_t step) noexcept {
    const YsbEvent event = ysb_event(number_, kDisorder);
    number_ += step;
    return event;
  }

 private:
  std::uint64_t number_;
  std::uint64_t step_;
};

}  // namespace penstock::bench
