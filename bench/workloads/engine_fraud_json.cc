#include "penstock/api/keyed_stream.h"
#include "penstock/bench/workloads/engine_fraud.h"
#include "penstock/bench/workloads/fraud_operator.h"
#include "penstock/bench/workloads/lines_source.h"
#include "penstock/bench/workloads/transactions_json.h"
#include "penstock/io/json/json.h"

namespace penstock::bench {
namespace {

struct Line {
  std::uint32_t card = 0;
  std::int32_t amount = 0;
  InlineString<3> country;
  std::int64_t time_ms = 0;
};

constexpr auto penstock_json_fields(Tag<Line>) {
  using json::field;
  return json::fields(field("card", &Line::card), field("amount", &Line::amount),
                      field("country", &Line::country), field("dateTime", &Line::time_ms));
}

}  // namespace

void build_fraud_json(Job& job, std::uint64_t events, const std::shared_ptr<RunMeter>& meter) {
  auto lines = std::make_shared<const TransactionsJson>(events);
  auto rows =
      job.source(std::make_shared<LinesSource>(std::move(lines), meter), json::decoder<Line>())
          .event_time([](const Line& line) noexcept { return EventTime{line.time_ms * 1000}; })
          .filter([](const Line& line) noexcept { return line.amount > 0; })
          .map([](const Line& line) noexcept {
            const auto country = country_number(line.country.view());
            return CardUse{line.card, line.amount, country.value_or(0)};
          })
          .key_by(&CardUse::card)
          .process(FraudOperator{});
  sum_rows(std::move(rows), meter, add_fraud_row);
}

}  // namespace penstock::bench
