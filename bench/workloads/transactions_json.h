// bench/workloads/transactions_json.h -- the card transactions as lines of JSON, made before the clock starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/bench/workloads/json_lines.h"
#include "penstock/bench/workloads/transactions.h"

namespace penstock::bench {

// The line of transaction number i, without its newline.
std::string transaction_json_line(std::uint64_t i, const Transaction& made);

class TransactionsJson : public JsonLines {
 public:
  // The transactions 0 .. events - 1, in order.
  explicit TransactionsJson(std::uint64_t events);
};

// Back from "C07" to 7; nothing for what no line has.
constexpr std::optional<std::uint8_t> country_number(std::string_view text) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 3 || text[0] != 'C' || !is_digit(text[1]) || !is_digit(text[2])) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>((text[1] - '0') * 10 + (text[2] - '0'));
}

}  // namespace penstock::bench
