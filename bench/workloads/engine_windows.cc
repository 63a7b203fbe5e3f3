#include "penstock/bench/workloads/engine_windows.h"

#include <type_traits>
#include <vector>

#include "penstock/api/keyed_stream.h"
#include "penstock/api/window_all_stream.h"
#include "penstock/bench/workloads/flat_index.h"
#include "penstock/bench/workloads/numbered_source.h"
#include "penstock/bench/workloads/top_per_window.h"
#include "penstock/bench/workloads/window_rows.h"
#include "penstock/bench/workloads/ysb.h"

namespace penstock::bench {
namespace {

// What q5 needs of an event.
struct BidOn {
  std::uint64_t auction = 0;
  std::int64_t time_ms = 0;
  NexmarkKind kind = NexmarkKind::kPerson;
};

// The campaign of each advertisement, looked up by an id that says nothing about it.
class CampaignOf {
 public:
  CampaignOf() {
    for (const YsbAd& ad : ysb_ads()) {
      ads_.find_or_insert(ad.ad_id);
      campaigns_.push_back(ad.campaign);
    }
  }
  std::uint32_t operator()(std::uint64_t ad_id) const noexcept {
    return campaigns_[ads_.find(ad_id)];
  }

 private:
  FlatIndex<std::uint64_t> ads_;
  std::vector<std::uint32_t> campaigns_;
};

struct ViewOf {
  std::uint32_t campaign = 0;
};

struct IsHigherBid {
  bool operator()(const HighestBid& bid, const HighestBid& than) const noexcept {
    return is_higher_bid(bid, than);
  }
};

EventTime time_of_millis(std::int64_t time_ms) noexcept { return {time_ms * 1000}; }

// `needed(event)` leaves behind what the query does not read, before anything else.
template <Disorder kDisorder, class Needed>
auto bids(Job& job, std::uint64_t events, std::shared_ptr<RunMeter> meter, Needed needed) {
  using Event = std::invoke_result_t<Needed, const NexmarkEvent&>;
  const auto make = [](std::uint64_t first, std::uint64_t step) noexcept {
    return NexmarkGenerator<kDisorder>(first, step);
  };
  return job.source(NumberedSource(events, make, std::move(meter)), "nexmark")
      .map(needed)
      .event_time([](const Event& e) noexcept { return time_of_millis(e.time_ms); },
                  {.max_disorder = bound_of(kDisorder)})
      .filter([](const Event& e) noexcept { return e.kind == NexmarkKind::kBid; });
}

template <Disorder kDisorder>
void add_q5(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  const WindowSpec last_10_s = sliding(std::chrono::milliseconds(kQ5WindowMillis),
                                       std::chrono::milliseconds(kQ5SlideMillis));
  const auto needed = [](const NexmarkEvent& e) noexcept {
    return BidOn{e.auction, e.time_ms, e.kind};
  };
  auto counts =
      bids<kDisorder>(job, events, meter, needed).key_by(&BidOn::auction).window(last_10_s).count();
  using Row = typename decltype(counts)::Value;
  auto top = std::move(counts)
                 .apply(TopPerWindow<Row>())
                 .rebalance()
                 .parallelism(1)
                 .apply(TopPerWindow<Row>());
  sum_rows(std::move(top), meter, [](const Row& row, RowSum& sum) noexcept {
    add_hot_auction_row(row.end.micros / 1000, row.key, row.value, sum);
  });
}

template <Disorder kDisorder>
void add_q7(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  auto best =
      bids<kDisorder>(job, events, meter, [](const NexmarkEvent& e) noexcept { return e; })
          .window_all(tumbling(std::chrono::milliseconds(kQ7WindowMillis)))
          .template aggregate<Best<HighestBid, IsHigherBid>>([](const NexmarkEvent& bid) noexcept {
            return HighestBid{bid.auction, bid.person, bid.time_ms, bid.price};
          });
  using Row = typename decltype(best)::Value;
  sum_rows(std::move(best), meter, [](const Row& row, RowSum& sum) noexcept {
    add_highest_bid_row(row.end.micros / 1000, row.value, sum);
  });
}

template <Disorder kDisorder>
void add_ysb(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  const auto make = [](std::uint64_t first, std::uint64_t step) noexcept {
    return YsbGenerator<kDisorder>(first, step);
  };
  auto counts =
      job.source(NumberedSource(events, make, meter), "advertisements")
          .event_time([](const YsbEvent& e) noexcept { return time_of_millis(e.time_ms); },
                      {.max_disorder = bound_of(kDisorder)})
          .filter([](const YsbEvent& e) noexcept { return e.kind == YsbKind::kView; })
          .map([campaign_of = CampaignOf()](const YsbEvent& view) noexcept {
            return ViewOf{campaign_of(view.ad_id)};
          })
          .key_by(&ViewOf::campaign)
          .window(tumbling(std::chrono::milliseconds(kYsbWindowMillis)))
          .count();
  using Row = typename decltype(counts)::Value;
  sum_rows(std::move(counts), meter, [](const Row& row, RowSum& sum) noexcept {
    add_campaign_row(row.key, row.end.micros / 1000, row.value, sum);
  });
}

}  // namespace

void build_q5(Job& job, Disorder disorder, std::uint64_t events,
              const std::shared_ptr<RunMeter>& meter) {
  with_constant(disorder, [&](auto constant) { add_q5<constant()>(job, events, meter); });
}

void build_q7(Job& job, Disorder disorder, std::uint64_t events,
              const std::shared_ptr<RunMeter>& meter) {
  with_constant(disorder, [&](auto constant) { add_q7<constant()>(job, events, meter); });
}

void build_ysb(Job& job, Disorder disorder, std::uint64_t events,
               const std::shared_ptr<RunMeter>& meter) {
  with_constant(disorder, [&](auto constant) { add_ysb<constant()>(job, events, meter); });
}

}  // namespace penstock::bench
