// What the payments say: habits of cards, disorder of time, and the three kinds of fraud.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock {
namespace {

struct Paid {
  std::string card;
  double amount;
  std::string country;
  EventTime at;
};

std::string text_field(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t begin = line.find(key) + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

std::vector<Paid> payments(const PaymentGeneratorOptions& options, std::uint64_t count) {
  std::vector<Paid> result;
  char bytes[kPaymentBytesMax];
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string line(bytes, write_payment(options, i, bytes));
    Paid paid{text_field(line, "card"), 0, text_field(line, "country"), {}};
    paid.amount = std::strtod(line.c_str() + line.find("\"amount\":") + 9, nullptr);
    EXPECT_TRUE(json::parse_iso8601(text_field(line, "ts"), paid.at)) << line;
    EXPECT_EQ(paid.card.size(), 19u) << line;
    EXPECT_EQ(paid.country.size(), 2u) << line;
    result.push_back(std::move(paid));
  }
  return result;
}

PaymentGeneratorOptions honest() {
  PaymentGeneratorOptions options;
  options.fraud_share = 0;
  options.refund_share = 0;
  return options;
}

TEST(PaymentLine, MovesEventTimeByOneStepPerPayment) {
  PaymentGeneratorOptions options = honest();
  options.disorder = std::chrono::milliseconds(0);
  const auto paid = payments(options, 1000);
  for (std::size_t i = 0; i < paid.size(); ++i) {
    EXPECT_EQ(paid[i].at, options.start + std::chrono::milliseconds(60 * i));
  }
}

TEST(PaymentLine, PutsTimesOutOfOrderByNoMoreThanItsDisorder) {
  PaymentGeneratorOptions options = honest();
  options.disorder = std::chrono::milliseconds(500);
  EventTime newest = kMinEventTime;
  bool jumped_back = false;
  for (const Paid& paid : payments(options, 10'000)) {
    if (newest != kMinEventTime) {
      EXPECT_GE(paid.at, newest - std::chrono::milliseconds(500));
      jumped_back |= paid.at < newest;
    }
    newest = std::max(newest, paid.at);
  }
  EXPECT_TRUE(jumped_back);
}

TEST(PaymentLine, GivesAnHonestCardOneCountryAndAUsualAmount) {
  std::map<std::string, std::vector<Paid>> by_card;
  for (Paid& paid : payments(honest(), 50'000)) by_card[paid.card].push_back(paid);
  for (const auto& [card, all] : by_card) {
    double lowest = all[0].amount;
    double highest = all[0].amount;
    for (const Paid& paid : all) {
      EXPECT_EQ(paid.country, all[0].country);
      EXPECT_GT(paid.amount, 0);
      lowest = std::min(lowest, paid.amount);
      highest = std::max(highest, paid.amount);
    }
    EXPECT_LE(highest, 2.4 * lowest) << card;
  }
}

TEST(PaymentLine, SkewsPaymentsTowardsFewCards) {
  const auto share_of_first_tenth = [](double skew) {
    PaymentGeneratorOptions options = honest();
    options.skew = skew;
    int count = 0;
    for (const Paid& paid : payments(options, 20'000)) count += paid.card < "4000-0000-0000-1000";
    return count / 20'000.0;
  };
  EXPECT_NEAR(share_of_first_tenth(1), 0.1, 0.01);
  EXPECT_NEAR(share_of_first_tenth(1.5), 0.215, 0.01);  // 0.1 to the power of 1 / 1.5
  EXPECT_NEAR(share_of_first_tenth(3), 0.464, 0.01);
}

TEST(PaymentLine, RefundsByTheShare) {
  PaymentGeneratorOptions options = honest();
  options.refund_share = 0.1;
  int refunds = 0;
  for (const Paid& paid : payments(options, 20'000)) refunds += paid.amount < 0;
  EXPECT_NEAR(refunds, 2'000, 150);
}

// Which frauds the payments of one block show.
struct Shown {
  bool burst;
  bool amount;
  bool travel;
};

Shown shown_by(const std::vector<Paid>& paid, std::size_t begin) {
  std::map<std::string, int> count;
  std::map<std::string, std::set<std::string>> countries;
  std::map<std::string, std::vector<double>> amounts;
  for (std::size_t i = begin; i < begin + 128; ++i) {
    ++count[paid[i].card];
    countries[paid[i].card].insert(paid[i].country);
    amounts[paid[i].card].push_back(paid[i].amount);
  }
  Shown shown{};
  for (const auto& [card, n] : count) {
    shown.burst |= n >= 32;
    shown.travel |= countries[card].size() > 1;
    const auto [lowest, highest] = std::minmax_element(amounts[card].begin(), amounts[card].end());
    shown.amount |= *highest > 20 * *lowest;
  }
  return shown;
}

TEST(PaymentLine, ShowsOneKindOfFraudInTheChosenShareOfBlocks) {
  PaymentGeneratorOptions options = honest();
  options.fraud_share = 0.3;
  constexpr std::size_t kBlocks = 1000;
  const auto paid = payments(options, kBlocks * 128);
  int bursts = 0;
  int amounts = 0;
  int travels = 0;
  for (std::size_t block = 0; block < kBlocks; ++block) {
    const Shown shown = shown_by(paid, block * 128);
    EXPECT_LE(shown.burst + shown.amount + shown.travel, 1);
    bursts += shown.burst;
    amounts += shown.amount;
    travels += shown.travel;
  }
  EXPECT_NEAR(bursts, 100, 35);
  EXPECT_NEAR(amounts, 100, 35);
  EXPECT_NEAR(travels, 100, 35);
}

TEST(PaymentLine, ShowsNoFraudWhenNoneIsWanted) {
  constexpr std::size_t kBlocks = rounds(1000);
  const auto paid = payments(honest(), kBlocks * 128);
  for (std::size_t block = 0; block < kBlocks; ++block) {
    const Shown shown = shown_by(paid, block * 128);
    EXPECT_FALSE(shown.burst || shown.amount || shown.travel);
  }
}

}  // namespace
}  // namespace penstock
