#include "penstock/bench/workloads/workload.h"

#include <array>

namespace penstock::bench {
namespace {

constexpr std::uint64_t kBinaryEvents = 10'000'000;
constexpr std::uint64_t kJsonEvents = 2'000'000;
constexpr std::uint64_t kWordcountEvents = 1'000'000;
constexpr std::string_view kPassThrough = "every bid passes through";
constexpr std::string_view kConversion = "every bid, its price converted";
constexpr std::string_view kSelection = "bids for one auction in 123";
constexpr std::string_view kHotAuctions = "auctions with most bids in 10 s, every 2 s";
constexpr std::string_view kHighestBid = "the highest bid, every 10 s";
constexpr std::string_view kCampaigns = "views joined with their campaign, counted every 10 s";
constexpr std::string_view kFraud =
    "cards with much in 60 s, every 10 s; cards that change country";

constexpr Workload binary(std::string_view name, Query query, Disorder disorder,
                          std::string_view description) {
  return {name, query, Form::kBinary, disorder, kBinaryEvents, description};
}
constexpr Workload json(std::string_view name, Query query, std::string_view description) {
  return {name, query, Form::kJson, Disorder::kNone, kJsonEvents, description};
}

constexpr std::array kWorkloads = {
    binary("q0", Query::kQ0, Disorder::kNone, kPassThrough),
    binary("q0_dis", Query::kQ0, Disorder::kTwoSeconds, kPassThrough),
    binary("q1", Query::kQ1, Disorder::kNone, kConversion),
    binary("q1_dis", Query::kQ1, Disorder::kTwoSeconds, kConversion),
    binary("q2", Query::kQ2, Disorder::kNone, kSelection),
    binary("q2_dis", Query::kQ2, Disorder::kTwoSeconds, kSelection),
    binary("q5", Query::kQ5, Disorder::kNone, kHotAuctions),
    binary("q5_dis", Query::kQ5, Disorder::kTwoSeconds, kHotAuctions),
    binary("q7", Query::kQ7, Disorder::kNone, kHighestBid),
    binary("q7_dis", Query::kQ7, Disorder::kTwoSeconds, kHighestBid),
    binary("ysb", Query::kYsb, Disorder::kNone, kCampaigns),
    binary("ysb_dis", Query::kYsb, Disorder::kTwoSeconds, kCampaigns),
    binary("fraud", Query::kFraud, Disorder::kNone, kFraud),
    Workload{"wordcount", Query::kWordcount, Form::kBinary, Disorder::kNone, kWordcountEvents,
             "hits per word, ten words a sentence, every update"},
    binary("keyed", Query::kKeyed, Disorder::kNone, "hits per key, a million keys, every update"),
    json("q0_json", Query::kQ0, kPassThrough),
    json("q1_json", Query::kQ1, kConversion),
    json("q2_json", Query::kQ2, kSelection),
    json("fraud_json", Query::kFraud, kFraud),
};

}  // namespace

std::span<const Workload> all_workloads() noexcept { return kWorkloads; }

std::optional<Workload> find_workload(std::string_view name) noexcept {
  for (const Workload& workload : kWorkloads) {
    if (workload.name == name) return workload;
  }
  return std::nullopt;
}

}  // namespace penstock::bench
