// examples/fraud/rule_set.h -- the thresholds and lists of all rules, as one value that is replaced as a whole.
//
//   {"version":3,"velocity_limit":10,"velocity_seconds":60,"unusual_payments_min":8,"unusual_deviations":6,
//    "unusual_amount_min":50,"travel_minutes":30,"window_payments_max":20,"window_spend_max":2000,
//    "blocked_merchants":"m13,m77"}
//
// A file names every field, so that a misspelt one is an error and not a default.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/tag.h"
#include "penstock/io/json/json.h"

namespace fraud {

using Merchant = penstock::InlineString<15>;

struct RuleSet {
  static constexpr std::uint32_t kVelocityLimitMax = 16;

  std::uint32_t version = 0;  // 0: the program's own, until others come.
  std::uint32_t velocity_limit = 10;
  std::uint32_t velocity_seconds = 60;
  std::uint32_t unusual_payments_min = 8;  // Before that, nothing is usual.
  double unusual_deviations = 6;
  double unusual_amount_min = 50;  // Below it, nobody cares.
  std::uint32_t travel_minutes = 30;
  std::uint32_t window_payments_max = 20;
  double window_spend_max = 2000;
  penstock::InlineString<255> blocked_merchants;  // Separated by commas.
};

constexpr auto penstock_json_fields(penstock::Tag<RuleSet>) {
  using penstock::json::field;
  return penstock::json::fields(field("version", &RuleSet::version),
                                field("velocity_limit", &RuleSet::velocity_limit),
                                field("velocity_seconds", &RuleSet::velocity_seconds),
                                field("unusual_payments_min", &RuleSet::unusual_payments_min),
                                field("unusual_deviations", &RuleSet::unusual_deviations),
                                field("unusual_amount_min", &RuleSet::unusual_amount_min),
                                field("travel_minutes", &RuleSet::travel_minutes),
                                field("window_payments_max", &RuleSet::window_payments_max),
                                field("window_spend_max", &RuleSet::window_spend_max),
                                field("blocked_merchants", &RuleSet::blocked_merchants));
}

// Amounts in windows are added up exactly: in cents.
inline std::int64_t cents_of(double amount) noexcept { return std::llround(amount * 100); }

inline std::vector<Merchant> blocked_of(const RuleSet& rules) {
  std::vector<Merchant> blocked;
  std::string_view rest = rules.blocked_merchants;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    Merchant merchant;  // No payment has a name that does not fit.
    if (comma > 0 && merchant.assign(rest.substr(0, comma))) blocked.push_back(merchant);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return blocked;
}

// What no rule could work with.
inline penstock::Status check(const RuleSet& rules) {
  const auto refuse = [](const char* field, double value, const char* choose) {
    char text[160];
    std::snprintf(text, sizeof text, "rule set: %s is %g: choose %s", field, value, choose);
    return penstock::Status::invalid_argument(text);
  };
  if (rules.velocity_limit < 1 || rules.velocity_limit > RuleSet::kVelocityLimitMax)
    return refuse("velocity_limit", rules.velocity_limit, "1 to 16");
  if (rules.unusual_payments_min < 1)
    return refuse("unusual_payments_min", rules.unusual_payments_min, "1 or more");
  if (!(rules.unusual_deviations > 0))
    return refuse("unusual_deviations", rules.unusual_deviations, "a number above 0");
  if (!(rules.window_spend_max >= 0 && rules.window_spend_max <= 1e12))
    return refuse("window_spend_max", rules.window_spend_max, "0 to 1e12");
  return {};
}

// JSON to rule sets that can work.
class RuleSetDecoder {
 public:
  using Value = RuleSet;
  struct Error {
    std::string text;
    std::string message() const { return text; }
  };

  bool decode(const penstock::RawRecord& raw, RuleSet& out, Error& error) noexcept {
    penstock::json::DecodeError why;
    if (!json_.decode(raw, out, why)) {
      error.text = why.message();
      return false;
    }
    const penstock::Status status = check(out);
    if (!status.ok()) error.text = status.message();
    return status.ok();
  }

 private:
  penstock::json::Decoder<RuleSet> json_;
};

// As a snapshot keeps it.
inline std::string captured(const RuleSet& rules) {
  std::string bytes;
  penstock::ByteAppender out(bytes);
  for (const std::uint32_t number :
       {rules.version, rules.velocity_limit, rules.velocity_seconds, rules.unusual_payments_min,
        rules.travel_minutes, rules.window_payments_max})
    out.number(number);
  for (const double number :
       {rules.unusual_deviations, rules.unusual_amount_min, rules.window_spend_max})
    out.number(std::bit_cast<std::uint64_t>(number));
  out.raw(rules.blocked_merchants);
  return bytes;
}
inline penstock::Result<RuleSet> restored_rules(std::string_view bytes) {
  RuleSet rules;
  penstock::ByteCursor in(bytes);
  bool good = true;
  for (std::uint32_t* number :
       {&rules.version, &rules.velocity_limit, &rules.velocity_seconds, &rules.unusual_payments_min,
        &rules.travel_minutes, &rules.window_payments_max})
    good = good && in.number(*number);
  for (double* number :
       {&rules.unusual_deviations, &rules.unusual_amount_min, &rules.window_spend_max}) {
    std::uint64_t bits = 0;
    good = good && in.number(bits);
    *number = std::bit_cast<double>(bits);
  }
  std::string_view blocked;
  good = good && in.raw(in.remaining(), blocked) && rules.blocked_merchants.assign(blocked);
  if (!good) {
    return penstock::Status(penstock::StatusCode::kDataError,
                            "the rule set in the snapshot cannot be read");
  }
  if (penstock::Status status = check(rules); !status.ok()) return status;
  return rules;
}

// What stands in a file now: the rule set to begin with. The message of a failure names the file.
inline penstock::Result<RuleSet> read_rule_set(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open()) return penstock::Status::invalid_argument(path + ": cannot be read");
  const std::size_t bytes = text.size();
  text.resize(bytes + penstock::kRawPaddingBytes);
  RuleSet rules;
  RuleSetDecoder::Error error;
  const penstock::RawRecord raw{.bytes = {text.data(), bytes}, .origin = {}, .arrival = {}};
  if (!RuleSetDecoder().decode(raw, rules, error))
    return penstock::Status::invalid_argument(path + ": " + error.message());
  return rules;
}

// For people: the line that an audit wants to see at each change.
inline std::string describe(const RuleSet& rules) {
  char text[640];
  std::snprintf(text, sizeof text,
                "rules version %u in force: velocity %u in %u s, unusual %g deviations above %.2f "
                "after %u, travel %u min, window %u payments or %.2f, blocked \"%s\"",
                rules.version, rules.velocity_limit, rules.velocity_seconds,
                rules.unusual_deviations, rules.unusual_amount_min, rules.unusual_payments_min,
                rules.travel_minutes, rules.window_payments_max, rules.window_spend_max,
                std::string(rules.blocked_merchants.view()).c_str());
  return text;
}

}  // namespace fraud
