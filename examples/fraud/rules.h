// examples/fraud/rules.h -- the rules over the payments of one card that judge each payment as it comes.
//
// Payments of a card are judged in the order in which they arrive. Times are event times; no rule reads a clock.
// Thresholds come with each call, so that they may change between two payments.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "penstock/examples/fraud/alert.h"
#include "penstock/examples/fraud/rule_set.h"
#include "penstock/operators/process.h"

namespace fraud {

using Reason = penstock::InlineString<95>;

template <class... Args>
Reason reason_of(const char* format, Args... args) noexcept {
  char text[Reason::kBytesMax + 1];
  const int length = std::snprintf(text, sizeof text, format, args...);
  return Reason::of(
      {text, std::min<std::size_t>(static_cast<std::size_t>(length), Reason::kBytesMax)});
}

// More than `velocity_limit` payments within `velocity_seconds`. Speaks on the crossing, not on every payment above it.
struct Velocity {
  struct History {
    std::array<std::int64_t, RuleSet::kVelocityLimitMax> times{};  // The last so many; a ring.
    std::uint32_t count = 0;
    bool over = false;
  };

  void open(penstock::OperatorContext& context) {
    history_ = context.value_state<History>("velocity");
  }

  std::optional<Reason> judge(const Payment& payment, const RuleSet& rules) noexcept {
    History& history = history_.get_or_create();
    const auto time_of = [&](std::uint32_t number) -> std::int64_t& {
      return history.times[number % RuleSet::kVelocityLimitMax];
    };
    const bool over = history.count >= rules.velocity_limit &&
                      payment.at.micros - time_of(history.count - rules.velocity_limit) <=
                          std::int64_t{rules.velocity_seconds} * 1'000'000;
    time_of(history.count++) = payment.at.micros;
    const bool crossed = over && !history.over;
    history.over = over;
    if (!crossed) return std::nullopt;
    return reason_of("%u payments within %u s", rules.velocity_limit + 1, rules.velocity_seconds);
  }

 private:
  penstock::ValueState<History> history_;
};
constexpr auto penstock_state_fields(penstock::Tag<Velocity::History>) {
  using History = Velocity::History;
  return penstock::state_fields(penstock::state_field("times", &History::times),
                                penstock::state_field("count", &History::count),
                                penstock::state_field("over", &History::over));
}

// An amount far above what the card usually pays: so many standard deviations above the mean of its payments so far.
struct UnusualAmount {
  struct Usual {  // Welford's running moments.
    std::uint64_t count = 0;
    double mean = 0;
    double squares = 0;
  };

  void open(penstock::OperatorContext& context) {
    usual_ = context.value_state<Usual>("usual_amount");
  }

  std::optional<Reason> judge(const Payment& payment, const RuleSet& rules) noexcept {
    Usual& usual = usual_.get_or_create();
    if (usual.count >= rules.unusual_payments_min && payment.amount > rules.unusual_amount_min) {
      const double deviation = std::sqrt(usual.squares / static_cast<double>(usual.count));
      // A flagged amount stays out of the moments, or the next one like it would look usual.
      if (payment.amount > usual.mean + rules.unusual_deviations * deviation) {
        return reason_of("amount %.2f against a usual %.2f +- %.2f", payment.amount, usual.mean,
                         deviation);
      }
    }
    ++usual.count;
    const double delta = payment.amount - usual.mean;
    usual.mean += delta / static_cast<double>(usual.count);
    usual.squares += delta * (payment.amount - usual.mean);
    return std::nullopt;
  }

 private:
  penstock::ValueState<Usual> usual_;
};
constexpr auto penstock_state_fields(penstock::Tag<UnusualAmount::Usual>) {
  using Usual = UnusualAmount::Usual;
  return penstock::state_fields(penstock::state_field("count", &Usual::count),
                                penstock::state_field("mean", &Usual::mean),
                                penstock::state_field("squares", &Usual::squares));
}

// Two countries closer in time than anybody travels.
struct ImpossibleTravel {
  struct LastSeen {
    penstock::InlineString<2> country;
    std::int64_t at_micros = 0;
  };

  void open(penstock::OperatorContext& context) {
    last_ = context.value_state<LastSeen>("last_country");
  }

  std::optional<Reason> judge(const Payment& payment, const RuleSet& rules) noexcept {
    LastSeen& last = last_.get_or_create();
    const LastSeen before = last;
    last = {payment.country, payment.at.micros};
    if (before.country.empty() || before.country == payment.country) return std::nullopt;
    const std::int64_t apart = std::abs(payment.at.micros - before.at_micros);
    if (apart >= std::int64_t{rules.travel_minutes} * 60'000'000) return std::nullopt;
    return reason_of("%.2s and %.2s within %lld s", before.country.view().data(),
                     payment.country.view().data(), static_cast<long long>(apart / 1'000'000));
  }

 private:
  penstock::ValueState<LastSeen> last_;
};
constexpr auto penstock_state_fields(penstock::Tag<ImpossibleTravel::LastSeen>) {
  using LastSeen = ImpossibleTravel::LastSeen;
  return penstock::state_fields(penstock::state_field("country", &LastSeen::country),
                                penstock::state_field("at", &LastSeen::at_micros));
}

// A merchant on the list.
class BlockedMerchant {
 public:
  void replace(const RuleSet& rules) { blocked_ = blocked_of(rules); }

  std::optional<Reason> judge(const Payment& payment) const noexcept {
    if (std::find(blocked_.begin(), blocked_.end(), payment.merchant) == blocked_.end())
      return std::nullopt;
    return reason_of("merchant %.*s is blocked", static_cast<int>(payment.merchant.size()),
                     payment.merchant.view().data());
  }

 private:
  std::vector<Merchant> blocked_;
};

}  // namespace fraud
