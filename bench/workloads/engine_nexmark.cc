#include "penstock/bench/workloads/engine_nexmark.h"

namespace penstock::bench {
namespace {

bool is_bid(const NexmarkEvent& event) noexcept { return event.kind == NexmarkKind::kBid; }

}  // namespace

void build_q0(Job& job, std::uint64_t events, Disorder disorder, std::shared_ptr<RunMeter> meter) {
  auto rows = [](const NexmarkEvent& bid, RowSum& sum) noexcept {
    sum.add(bid.auction, bid.person, bid.price, bid.channel, bid.time_ms);
  };
  job.source(NexmarkSource(events, disorder, meter), "nexmark")
      .filter([](const NexmarkEvent& event) noexcept { return is_bid(event); })
      .apply(SumRows<NexmarkEvent, decltype(rows)>(meter, rows))
      .for_each([](const NexmarkEvent&) noexcept {});
}

void build_q1(Job& job, std::uint64_t events, Disorder disorder, std::shared_ptr<RunMeter> meter) {
  auto rows = [](const NexmarkEvent& bid, RowSum& sum) noexcept {
    sum.add(bid.auction, bid.person, bid.price, bid.time_ms);
  };
  job.source(NexmarkSource(events, disorder, meter), "nexmark")
      .filter([](const NexmarkEvent& event) noexcept { return is_bid(event); })
      .map([](const NexmarkEvent& bid) noexcept {
        NexmarkEvent in_euro = bid;
        in_euro.price = static_cast<std::uint32_t>(std::uint64_t{bid.price} * 908 / 1000);
        return in_euro;
      })
      .apply(SumRows<NexmarkEvent, decltype(rows)>(meter, rows))
      .for_each([](const NexmarkEvent&) noexcept {});
}

void build_q2(Job& job, std::uint64_t events, Disorder disorder, std::shared_ptr<RunMeter> meter) {
  auto rows = [](const NexmarkEvent& bid, RowSum& sum) noexcept { sum.add(bid.auction, bid.price); };
  job.source(NexmarkSource(events, disorder, meter), "nexmark")
      .filter([](const NexmarkEvent& event) noexcept { return is_bid(event) && event.auction % 123 == 0; })
      .apply(SumRows<NexmarkEvent, decltype(rows)>(meter, rows))
      .for_each([](const NexmarkEvent&) noexcept {});
}

}  // namespace penstock::bench
