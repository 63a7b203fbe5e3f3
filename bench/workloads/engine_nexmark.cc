#include "penstock/bench/workloads/engine_nexmark.h"

#include "penstock/bench/workloads/bid_rows.h"
#include "penstock/bench/workloads/numbered_source.h"
#include "penstock/core/base/check.h"

namespace penstock::bench {
namespace {

bool is_bid(const NexmarkEvent& event) noexcept { return event.kind == NexmarkKind::kBid; }

template <class Events>
void build_q0(Events events, const std::shared_ptr<RunMeter>& meter) {
  auto bids =
      std::move(events).filter([](const NexmarkEvent& event) noexcept { return is_bid(event); });
  sum_rows(std::move(bids), meter, [](const NexmarkEvent& bid, RowSum& sum) noexcept {
    sum.add(bid.auction, bid.person, bid.price, bid.channel, bid.time_ms);
  });
}

template <class Events>
void build_q1(Events events, const std::shared_ptr<RunMeter>& meter) {
  auto bids = std::move(events)
                  .filter([](const NexmarkEvent& event) noexcept { return is_bid(event); })
                  .map([](const NexmarkEvent& bid) noexcept {
                    NexmarkEvent in_euro = bid;
                    in_euro.price = static_cast<std::uint32_t>(convert_price(bid.price));
                    return in_euro;
                  });
  sum_rows(std::move(bids), meter, [](const NexmarkEvent& bid, RowSum& sum) noexcept {
    sum.add(bid.auction, bid.person, bid.price, bid.time_ms);
  });
}

template <class Events>
void build_q2(Events events, const std::shared_ptr<RunMeter>& meter) {
  auto bids = std::move(events).filter([](const NexmarkEvent& event) noexcept {
    return is_bid(event) && is_selected_auction(event.auction);
  });
  sum_rows(std::move(bids), meter,
           [](const NexmarkEvent& bid, RowSum& sum) noexcept { sum.add(bid.auction, bid.price); });
}

}  // namespace

void build_nexmark(Job& job, const Workload& workload, std::uint64_t events,
                   const std::shared_ptr<RunMeter>& meter) {
  const auto make = [disorder = workload.disorder](std::uint64_t first,
                                                   std::uint64_t step) noexcept {
    return NexmarkGenerator(first, step, disorder);
  };
  auto source = job.source(NumberedSource(events, make, meter), "nexmark");
  switch (workload.query) {
    case Query::kQ0:
      return build_q0(std::move(source), meter);
    case Query::kQ1:
      return build_q1(std::move(source), meter);
    case Query::kQ2:
      return build_q2(std::move(source), meter);
    default:
      PENSTOCK_CHECK(false);
  }
}

}  // namespace penstock::bench
