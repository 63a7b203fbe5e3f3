// examples/fraud/alert.h -- what a rule says about a payment.
#pragma once

#include <cstdint>
#include <string_view>

#include "penstock/core/base/hash.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/tag.h"
#include "penstock/core/base/time.h"
#include "penstock/examples/fraud/payment.h"
#include "penstock/io/json/json.h"

namespace fraud {

enum class Rule : std::uint8_t {
  kVelocity = 1,
  kUnusualAmount = 2,
  kImpossibleTravel = 3,
  kBlockedMerchant = 4,
  kVelocityWindow = 5,
  kSpendWindow = 6,
};

constexpr std::string_view rule_name(Rule rule) noexcept {
  switch (rule) {
    case Rule::kVelocity:
      return "velocity";
    case Rule::kUnusualAmount:
      return "unusual_amount";
    case Rule::kImpossibleTravel:
      return "impossible_travel";
    case Rule::kBlockedMerchant:
      return "blocked_merchant";
    case Rule::kVelocityWindow:
      return "velocity_window";
    case Rule::kSpendWindow:
      return "spend_window";
  }
  return "unknown";
}

struct Alert {
  // Hexadecimal; the same payment, or the same window of a card, and the same rule give the same id in every run.
  penstock::InlineString<16> id;
  penstock::InlineString<20> rule;
  std::uint32_t version = 0;  // Of the rule set in force.
  Card card;
  std::uint64_t tx = 0;  // 0 in alerts about a window.
  penstock::InlineString<95> reason;
  penstock::EventTime at;
  // From the payment's arrival to this alert, 0 in alerts about a window, which waits for its end; the one field that
  // differs from run to run.
  double latency_us = 0;
};

constexpr auto penstock_json_fields(penstock::Tag<Alert>) {
  using penstock::json::field;
  return penstock::json::fields(
      field("id", &Alert::id), field("rule", &Alert::rule), field("version", &Alert::version),
      field("card", &Alert::card), field("tx", &Alert::tx), field("reason", &Alert::reason),
      field("ts", &Alert::at, penstock::json::iso8601), field("latency_us", &Alert::latency_us));
}

// Derived from what the alert is about and which rule spoke, never from a clock or a counter.
inline penstock::InlineString<16> alert_id(std::uint64_t subject, Rule rule) noexcept {
  const std::uint64_t hash = penstock::hash_combine(subject, static_cast<std::uint64_t>(rule));
  char digits[16];
  for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return penstock::InlineString<16>::of({digits, 16});
}
inline penstock::InlineString<16> alert_id(const penstock::Origin& payment, Rule rule) noexcept {
  return alert_id(penstock::key_hash(payment), rule);
}
inline penstock::InlineString<16> alert_id(const Card& card, penstock::EventTime window_end,
                                           Rule rule) noexcept {
  return alert_id(penstock::hash_combine(penstock::key_hash(card),
                                         static_cast<std::uint64_t>(window_end.micros)),
                  rule);
}

}  // namespace fraud
