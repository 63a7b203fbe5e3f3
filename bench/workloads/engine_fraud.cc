#include "penstock/bench/workloads/engine_fraud.h"

#include "penstock/api/keyed_stream.h"
#include "penstock/bench/workloads/fraud_operator.h"
#include "penstock/bench/workloads/numbered_source.h"
#include "penstock/bench/workloads/transactions.h"

namespace penstock::bench {
namespace {

constexpr auto make_transactions = [](std::uint64_t first, std::uint64_t step) noexcept {
  return TransactionGenerator(first, step);
};

}  // namespace

void build_fraud(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  auto rows =
      job.source(NumberedSource(events, make_transactions, meter), "transactions")
          .event_time([](const Transaction& t) noexcept { return EventTime{t.time_ms * 1000}; })
          .filter([](const Transaction& t) noexcept { return t.amount > 0; })
          .map([](const Transaction& t) noexcept {
            return CardUse{t.card, t.amount, t.country};
          })
          .key_by(&CardUse::card)
          .process(FraudOperator{});
  sum_rows(std::move(rows), meter,
           [](const FraudRow& row, RowSum& sum) noexcept { add_fraud_row(row, sum); });
}

}  // namespace penstock::bench
