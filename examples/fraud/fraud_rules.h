// examples/fraud/fraud_rules.h -- all rules in one operator: one look-up per payment finds the state of all of them.
//
// Beside the rules that judge each payment there are two over sliding windows, which speak when a window closes: more
// payments, or more money, of one card within a minute than the rule set allows.
// Rules      A rule set that comes on the broadcast input is in force from the next payment, and for windows that close
//            from then on. Once it is in force in every task it goes into the side output kRulesInForce.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <tuple>

#include "penstock/examples/fraud/rules.h"
#include "penstock/operators/side_output.h"

namespace fraud {

inline constexpr const char* kRulesInForce = "rules in force";

// What a card has done in a window.
struct Activity {
  std::uint64_t payments = 0;
  std::int64_t cents = 0;

  void add(const Payment& payment) noexcept {
    ++payments;
    cents += cents_of(payment.amount);
  }
  void merge(const Activity& other) noexcept {
    payments += other.payments;
    cents += other.cents;
  }
  bool retract(const Activity& other) noexcept {
    payments -= other.payments;
    cents -= other.cents;
    return true;
  }
};

constexpr auto penstock_state_fields(penstock::Tag<Activity>) {
  return penstock::state_fields(penstock::state_field("payments", &Activity::payments),
                                penstock::state_field("cents", &Activity::cents));
}

// Tells which task is the last to take a rule set over.
class Adoption {
 public:
  void reset() noexcept {
    for (auto& count : tasks_) count.store(0, std::memory_order_relaxed);
  }
  // `change`: the how manieth of this task.
  bool is_last(std::uint64_t change, std::uint32_t tasks) noexcept {
    auto& count = tasks_[change % kChanges];
    if (count.fetch_add(1, std::memory_order_acq_rel) + 1 < tasks) return false;
    count.store(0, std::memory_order_relaxed);
    return true;
  }

 private:
  static constexpr std::size_t kChanges = 1024;  // More than can be on their way between two tasks.
  std::array<std::atomic<std::uint32_t>, kChanges> tasks_{};
};

class FraudRules {
 public:
  using Output = Alert;

  explicit FraudRules(RuleSet rules = {}) { replace(rules); }

  void open(penstock::OperatorContext& context) {
    clock_ = context.task().clock;
    counters_ = context.task().counters;
    tasks_ = context.task().task_count;
    if (context.task().task_index == 0) adoption_->reset();
    in_force_.open(context.task());
    velocity_.open(context);
    unusual_amount_.open(context);
    impossible_travel_.open(context);
  }
  auto windows() noexcept { return std::tie(activity_); }

  void on_record(const penstock::Record<Payment>& record,
                 penstock::CollectorOf<Alert> auto&& out) noexcept {
    const Payment& payment = record.value;
    emit(payment, Rule::kBlockedMerchant, blocked_merchant_.judge(payment), out);
    emit(payment, Rule::kVelocity, velocity_.judge(payment, rules_), out);
    emit(payment, Rule::kUnusualAmount, unusual_amount_.judge(payment, rules_), out);
    emit(payment, Rule::kImpossibleTravel, impossible_travel_.judge(payment, rules_), out);
    if (!activity_.add(payment.at, payment)) counters_->late.add(1);
  }

  void on_window(const penstock::Window<Activity>& window, const penstock::KeyContext<Card>& card,
                 penstock::CollectorOf<Alert> auto&& out) noexcept {
    const Activity& seen = window.value;
    if (seen.payments > rules_.window_payments_max) {
      emit(window, card.key(), Rule::kVelocityWindow,
           reason_of("%llu payments in a window of 60 s",
                     static_cast<unsigned long long>(seen.payments)),
           out);
    }
    if (seen.cents > cents_of(rules_.window_spend_max)) {
      emit(window, card.key(), Rule::kSpendWindow,
           reason_of("%lld.%02lld spent in a window of 60 s",
                     static_cast<long long>(seen.cents / 100),
                     static_cast<long long>(seen.cents % 100)),
           out);
    }
  }

  void on_broadcast(const penstock::Record<RuleSet>& rules, auto&&) {
    replace(rules.value);
    if (adoption_->is_last(changes_++, tasks_)) in_force_.collect(rules);
  }

  // Every task has the same.
  void capture(penstock::SnapshotWriter& out) {
    out.section(kSection, 1);
    out.add(captured(rules_));
  }
  penstock::Status restore(const penstock::SnapshotItem& item) {
    if (item.section != kSection || item.task_index != 0) return {};
    const penstock::Result<RuleSet> rules = restored_rules(item.bytes);
    if (rules.ok()) replace(*rules);
    return rules.status();
  }

 private:
  static constexpr const char* kSection = "rules";

  void replace(const RuleSet& rules) {
    rules_ = rules;
    blocked_merchant_.replace(rules);
  }

  void emit(const Payment& payment, Rule rule, const std::optional<Reason>& reason,
            auto& out) noexcept {
    if (!reason) [[likely]]
      return;
    Alert alert = alert_of(rule, payment.card, *reason, payment.at);
    alert.id = alert_id(payment.origin, rule);
    alert.tx = payment.tx;
    // The clock is read for alerts only: they are rare.
    alert.latency_us = static_cast<double>((clock_->now() - payment.arrival).count()) / 1000.0;
    out.collect(penstock::Record<Alert>{alert, payment.at});
  }
  void emit(const penstock::Window<Activity>& window, const Card& card, Rule rule,
            const Reason& reason, auto& out) noexcept {
    Alert alert = alert_of(rule, card, reason, window.time());
    alert.id = alert_id(card, window.end, rule);
    out.collect(penstock::Record<Alert>{alert, window.time()});
  }
  Alert alert_of(Rule rule, const Card& card, const Reason& reason, penstock::EventTime at) {
    Alert alert;
    alert.rule = penstock::InlineString<20>::of(rule_name(rule));
    alert.version = rules_.version;
    alert.card = card;
    alert.reason = reason;
    alert.at = at;
    return alert;
  }

  RuleSet rules_;
  BlockedMerchant blocked_merchant_;
  Velocity velocity_;
  UnusualAmount unusual_amount_;
  ImpossibleTravel impossible_travel_;
  penstock::WindowPanes<Activity> activity_{
      "activity", penstock::sliding(std::chrono::seconds(60), std::chrono::seconds(10))};
  penstock::SideOutput<RuleSet> in_force_{kRulesInForce};
  std::shared_ptr<Adoption> adoption_ = std::make_shared<Adoption>();
  std::uint64_t changes_ = 0;
  std::uint32_t tasks_ = 1;
  const penstock::Clock* clock_ = nullptr;
  penstock::TaskCounters* counters_ = nullptr;
};

}  // namespace fraud
