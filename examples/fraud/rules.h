// examples/fraud/rules.h -- three rules over the payments of one card, each with state of its own.
//
// Payments of a card are judged in the order in which they arrive. Times are event times; no rule reads a clock.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "penstock/examples/fraud/alert.h"
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

// More than `limit` payments within `within`. Speaks on the crossing, not on every payment above it.
struct Velocity {
  static constexpr std::uint32_t kLimitMax = 16;
  std::uint32_t limit = 10;  // REQUIRES: 1 .. kLimitMax.
  std::chrono::seconds within{60};

  struct History {
    std::array<std::int64_t, kLimitMax> times{};  // The last `limit`, oldest at `next`.
    std::uint32_t count = 0;
    std::uint32_t next = 0;
    bool over = false;
  };

  void open(penstock::OperatorContext& context) {
    history_ = context.value_state<History>("velocity");
  }

  std::optional<Reason> judge(const Payment& payment) noexcept {
    History& history = history_.get_or_create();
    const bool full = history.count == limit;
    const bool over = full && payment.at.micros - history.times[history.next] <=
                                  std::chrono::microseconds(within).count();
    history.times[history.next] = payment.at.micros;
    history.next = (history.next + 1) % limit;
    if (!full) ++history.count;
    const bool crossed = over && !history.over;
    history.over = over;
    if (!crossed) return std::nullopt;
    return reason_of("%u payments within %lld s", limit + 1,
                     static_cast<long long>(within.count()));
  }

 private:
  penstock::ValueState<History> history_;
};

// An amount far above what the card usually pays: mean + `deviations` standard deviations of its payments so far.
struct UnusualAmount {
  std::uint32_t payments_min = 8;  // Before that, nothing is usual.
  double deviations = 6;
  double amount_min = 50;  // Below it, nobody cares.

  struct Usual {  // Welford's running moments.
    std::uint64_t count = 0;
    double mean = 0;
    double squares = 0;
  };

  void open(penstock::OperatorContext& context) {
    usual_ = context.value_state<Usual>("usual_amount");
  }

  std::optional<Reason> judge(const Payment& payment) noexcept {
    Usual& usual = usual_.get_or_create();
    if (usual.count >= payments_min && payment.amount > amount_min) {
      const double deviation = std::sqrt(usual.squares / static_cast<double>(usual.count));
      // A flagged amount stays out of the moments, or the next one like it would look usual.
      if (payment.amount > usual.mean + deviations * deviation) {
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

// Two countries closer in time than anybody travels.
struct ImpossibleTravel {
  std::chrono::minutes travel_min{30};

  struct LastSeen {
    penstock::InlineString<2> country;
    std::int64_t at_micros = 0;
  };

  void open(penstock::OperatorContext& context) {
    last_ = context.value_state<LastSeen>("last_country");
  }

  std::optional<Reason> judge(const Payment& payment) noexcept {
    LastSeen& last = last_.get_or_create();
    const LastSeen before = last;
    last = {payment.country, payment.at.micros};
    if (before.country.empty() || before.country == payment.country) return std::nullopt;
    const std::int64_t apart = std::abs(payment.at.micros - before.at_micros);
    if (apart >= std::chrono::microseconds(travel_min).count()) return std::nullopt;
    return reason_of("%.2s and %.2s within %lld s", before.country.view().data(),
                     payment.country.view().data(), static_cast<long long>(apart / 1'000'000));
  }

 private:
  penstock::ValueState<LastSeen> last_;
};

// All rules in one operator: one look-up per payment finds the state of all of them.
struct FraudRules {
  using Output = Alert;

  Velocity velocity;
  UnusualAmount unusual_amount;
  ImpossibleTravel impossible_travel;

  void open(penstock::OperatorContext& context) {
    clock_ = context.task().clock;
    velocity.open(context);
    unusual_amount.open(context);
    impossible_travel.open(context);
  }

  void on_record(const penstock::Record<Payment>& record,
                 penstock::CollectorOf<Alert> auto&& out) noexcept {
    const Payment& payment = record.value;
    emit(payment, Rule::kVelocity, velocity.judge(payment), out);
    emit(payment, Rule::kUnusualAmount, unusual_amount.judge(payment), out);
    emit(payment, Rule::kImpossibleTravel, impossible_travel.judge(payment), out);
  }

 private:
  void emit(const Payment& payment, Rule rule, const std::optional<Reason>& reason,
            auto& out) noexcept {
    if (!reason) [[likely]]
      return;
    Alert alert;
    alert.id = alert_id(payment.origin, rule);
    alert.rule = penstock::InlineString<20>::of(rule_name(rule));
    alert.card = payment.card;
    alert.tx = payment.tx;
    alert.reason = *reason;
    alert.at = payment.at;
    // The clock is read for alerts only: they are rare.
    alert.latency_us = static_cast<double>((clock_->now() - payment.arrival).count()) / 1000.0;
    out.collect(penstock::Record<Alert>{alert, payment.at});
  }

  const penstock::Clock* clock_ = nullptr;
};

}  // namespace fraud
