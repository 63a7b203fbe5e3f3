// What the options may be, and how many payments they describe.
#include <algorithm>
#include <string>

#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/json/iso8601.h"

namespace penstock {
namespace {

constexpr double kRateMax = 1e9;
constexpr double kSecondsMax = 1e9;
constexpr double kCountMax = 1e18;

Status refuse(const char* option, const std::string& value, const char* remedy) {
  return Status::invalid_argument(std::string("payment generator: option ") + option + " is " +
                                  value + ": choose " + remedy);
}

// False for NaN as well.
bool within(double value, double low, double high) noexcept {
  return value >= low && value <= high;
}

}  // namespace

Status check_payment_options(const PaymentGeneratorOptions& options) {
  const auto check = [](const char* option, double value, double low, double high) {
    if (within(value, low, high)) return Status();
    const std::string remedy = std::to_string(low) + " to " + std::to_string(high);
    return refuse(option, std::to_string(value), remedy.c_str());
  };
  PENSTOCK_RETURN_IF_ERROR(check("rate", options.rate, 0, kRateMax));
  PENSTOCK_RETURN_IF_ERROR(check("seconds", options.seconds, 0, kSecondsMax));
  PENSTOCK_RETURN_IF_ERROR(check("burst_factor", options.burst_factor, 1, 10));
  PENSTOCK_RETURN_IF_ERROR(check("skew", options.skew, 1, 16));
  PENSTOCK_RETURN_IF_ERROR(check("fraud_share", options.fraud_share, 0, 1));
  PENSTOCK_RETURN_IF_ERROR(check("refund_share", options.refund_share, 0, 1));
  PENSTOCK_RETURN_IF_ERROR(check("bad_share", options.bad_share, 0, 1));
  if (options.cards < 1 || options.cards > 600'000'000) {
    return refuse("cards", std::to_string(options.cards), "1 to 600000000");
  }
  const std::chrono::hours disorder_max(24 * 366);
  if (options.disorder.count() < 0 || options.disorder > disorder_max) {
    return refuse("disorder", std::to_string(options.disorder.count()) + " ms",
                  "0 to a year of it");
  }
  if (options.start < json::kIso8601Min + disorder_max || options.start > json::kIso8601Max) {
    return refuse("start", std::to_string(options.start.micros) + " us since 1970",
                  "a time between the years 3 and 9999");
  }
  return Status();
}

std::uint64_t payment_count(const PaymentGeneratorOptions& options) noexcept {
  // The order of max and min makes NaN a 0.
  const double scheduled = std::min(kCountMax, std::max(0.0, options.rate * options.seconds));
  const auto by_time = static_cast<std::uint64_t>(scheduled);
  if (scheduled <= 0) return options.count;
  return options.count == 0 ? by_time : std::min(options.count, by_time);
}

}  // namespace penstock
