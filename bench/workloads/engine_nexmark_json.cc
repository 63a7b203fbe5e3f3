#include "penstock/bench/workloads/engine_nexmark_json.h"

#include "penstock/bench/workloads/bid_rows.h"
#include "penstock/bench/workloads/lines_source.h"
#include "penstock/bench/workloads/nexmark_json.h"
#include "penstock/io/json/json.h"

namespace penstock::bench {
namespace {

// What the queries read of a line; fields that a kind does not have are missing there.
struct Line {
  InlineString<7> type;
  InlineString<8> channel;
  std::uint64_t auction = 0;
  std::uint64_t bidder = 0;
  std::uint64_t price = 0;
  std::int64_t time_ms = 0;
};

constexpr auto penstock_json_fields(Tag<Line>) {
  using json::field;
  using json::nullable;
  return json::fields(
      field("type", &Line::type), nullable(field("auction", &Line::auction)),
      nullable(field("bidder", &Line::bidder)), nullable(field("price", &Line::price)),
      nullable(field("channel", &Line::channel)), field("dateTime", &Line::time_ms));
}

bool is_bid(const Line& line) noexcept { return line.type.view() == "bid"; }

std::uint64_t channel_number(const Line& line) noexcept {
  for (std::uint64_t i = 0; i < std::size(kNexmarkChannels); ++i) {
    if (line.channel.view() == kNexmarkChannels[i]) return i;
  }
  return std::size(kNexmarkChannels);
}

}  // namespace

void build_nexmark_json(Job& job, Query query, std::uint64_t events,
                        const std::shared_ptr<RunMeter>& meter) {
  auto bids =
      job.source(std::make_shared<LinesSource>(std::make_shared<const NexmarkJson>(events), meter),
                 json::decoder<Line>())
          .filter([](const Line& line) noexcept { return is_bid(line); });
  if (query == Query::kQ0) {
    return sum_rows(std::move(bids), meter, [](const Line& bid, RowSum& sum) noexcept {
      sum.add(bid.auction, bid.bidder, bid.price, channel_number(bid), bid.time_ms);
    });
  }
  if (query == Query::kQ1) {
    auto in_euro = std::move(bids).map([](const Line& bid) noexcept {
      Line converted = bid;
      converted.price = convert_price(bid.price);
      return converted;
    });
    return sum_rows(std::move(in_euro), meter, [](const Line& bid, RowSum& sum) noexcept {
      sum.add(bid.auction, bid.bidder, bid.price, bid.time_ms);
    });
  }
  auto selected = std::move(bids).filter(
      [](const Line& bid) noexcept { return is_selected_auction(bid.auction); });
  sum_rows(std::move(selected), meter,
           [](const Line& bid, RowSum& sum) noexcept { sum.add(bid.auction, bid.price); });
}

}  // namespace penstock::bench
