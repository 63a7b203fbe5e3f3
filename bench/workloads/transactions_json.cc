#include "penstock/bench/workloads/transactions_json.h"

namespace penstock::bench {
namespace {

void append_line(std::string& to, std::uint64_t i, const Transaction& made) {
  const std::size_t start = to.size();
  append_json_parts(to, R"({"tx":)", i, R"(,"card":)", made.card, R"(,"amount":)", made.amount,
                    made.country < 10 ? R"(,"country":"C0)" : R"(,"country":"C)", made.country);
  append_json_parts(to, R"(","merchant":"m)", made.merchant, R"(","dateTime":)", made.time_ms);
  fill_json_line(to, start);
}

}  // namespace

std::string transaction_json_line(std::uint64_t i, const Transaction& made) {
  std::string line;
  append_line(line, i, made);
  return line;
}

TransactionsJson::TransactionsJson(std::uint64_t events) : JsonLines(events) {
  for (std::uint64_t i = 0; i < events; ++i) {
    add_line([&](std::string& to) { append_line(to, i, transaction(i)); });
  }
  add_padding();
}

}  // namespace penstock::bench
