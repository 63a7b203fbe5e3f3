#include "penstock/bench/workloads/transactions_json.h"

#include <gtest/gtest.h>

#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

TEST(TransactionsJson, WritesTheFieldsAndFillsTheLineTo200Bytes) {
  std::string expected = R"({"tx":9,"card":77,"amount":-1250,"country":"C07","merchant":"m123",)"
                         R"("dateTime":1,"extra":")";
  expected.append(198 - expected.size(), 'x');
  expected += R"("})";
  EXPECT_EQ(transaction_json_line(
                9, {.time_ms = 1, .card = 77, .amount = -1250, .merchant = 123, .country = 7}),
            expected);
  EXPECT_NE(transaction_json_line(9, {.country = 59}).find(R"("country":"C59",)"),
            std::string::npos);
}

TEST(TransactionsJson, HoldsTheLinesOneBehindTheOtherWithReadableBytesBehindThem) {
  const TransactionsJson lines(1000);
  ASSERT_EQ(lines.size(), 1000u);
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines.line(i), transaction_json_line(i, transaction(i)));
    joined += std::string(lines.line(i)) + "\n";
  }
  EXPECT_EQ(lines.bytes(), joined);
  for (std::size_t i = 0; i < kRawPaddingBytes; ++i) EXPECT_EQ(lines.bytes().end()[i], '\0');
}

TEST(TransactionsJson, OfNoEventsIsEmpty) { EXPECT_TRUE(TransactionsJson(0).bytes().empty()); }

TEST(CountryNumber, ReadsCAndTwoDigitsAndNothingElse) {
  EXPECT_EQ(country_number("C07"), 7);
  EXPECT_EQ(country_number("C59"), 59);
  for (const char* other : {"", "C7", "C071", "D07", "C0x", "Cx0"}) {
    EXPECT_EQ(country_number(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace penstock::bench
