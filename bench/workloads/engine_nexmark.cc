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

template <class Events>
void build_query(Query query, Events events, const std::shared_ptr<RunMeter>& meter) {
  switch (query) {
    case Query::kQ0:
      return build_q0(std::move(events), meter);
    case Query::kQ1:
      return build_q1(std::move(events), meter);
    case Query::kQ2:
      return build_q2(std::move(events), meter);
    default:
      PENSTOCK_CHECK(false);
  }
}

}  // namespace

void build_nexmark(Job& job, const Workload& workload, std::uint64_t events,
                   const std::shared_ptr<RunMeter>& meter) {
  with_constant(workload.disorder, [&](auto disorder) {
    using Generator = NexmarkGenerator<decltype(disorder)::value>;
    const auto make = [](std::uint64_t first, std::uint64_t step) noexcept {
      return Generator(first, step);
    };
    build_query(workload.query, job.source(NumberedSource(events, make, meter), "nexmark"), meter);
  });
}

}  // namespace penstock::bench
