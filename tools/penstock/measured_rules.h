// tools/penstock/measured_rules.h -- the fraud rules, and how long each payment took from arrival to verdict.
//
// The clock is read once per batch, after its last record: a payment's figure is the time at which its whole batch was
// judged, never earlier. Payments of the warm-up are left out.
// Snapshots  Payments and alerts are counted on over a restart, each once; latencies are of this process.
// Threads    Each task measures for itself and adds its figures to the shared ones when it closes.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/bench/harness/histogram.h"
#include "penstock/examples/fraud/fraud_rules.h"

namespace penstock::tools {

struct Figures {
  std::mutex mutex;
  bench::Histogram latency_ns;
  struct Totals {
    std::uint64_t payments = 0;
    std::uint64_t alerts = 0;
  };
  std::map<std::uint32_t, Totals> of_task;  // In its last run, with what it has gone on from.

  Totals totals() const {
    Totals sum;
    for (const auto& [task, own] : of_task) {
      sum.payments += own.payments;
      sum.alerts += own.alerts;
    }
    return sum;
  }
};

class MeasuredRules {
 public:
  using Output = fraud::Alert;

  MeasuredRules(fraud::FraudRules rules, std::shared_ptr<Figures> figures,
                std::chrono::nanoseconds warm_up)
      : rules_(std::move(rules)), figures_(std::move(figures)), warm_up_(warm_up) {}

  void open(OperatorContext& context) {
    clock_ = context.task().clock;
    task_ = context.task().task_index;
    rules_.open(context);
    arrivals_.reserve(kReserved);
  }

  void on_record(const Record<fraud::Payment>& record,
                 CollectorOf<fraud::Alert> auto&& out) noexcept {
    rules_.on_record(record, Counting<decltype(out)>{out, totals_.alerts});
    arrivals_.push_back(record.value.arrival);
  }

  auto windows() noexcept { return rules_.windows(); }
  void on_window(const Window<fraud::Activity>& window, const KeyContext<fraud::Card>& card,
                 CollectorOf<fraud::Alert> auto&& out) noexcept {
    rules_.on_window(window, card, Counting<decltype(out)>{out, totals_.alerts});
  }
  void on_broadcast(const Record<fraud::RuleSet>& rules, auto&& out) {
    rules_.on_broadcast(rules, out);
  }

  void capture(SnapshotWriter& out) {
    rules_.capture(out);
    const Figures::Totals now{totals_.payments + arrivals_.size(), totals_.alerts};
    out.section(kSection, 1);
    std::memcpy(out.add_room(sizeof now), &now, sizeof now);
  }
  // One task goes on with what all have counted.
  Status restore(const SnapshotItem& item) {
    if (item.section != kSection) return rules_.restore(item);
    Figures::Totals then;
    if (item.bytes.size() != sizeof then) return Status::data_error("the figures are cut off");
    if (task_ != 0) return {};
    std::memcpy(&then, item.bytes.data(), sizeof then);
    totals_.payments += then.payments;
    totals_.alerts += then.alerts;
    return {};
  }

  void end_batch(Instant, auto&&) noexcept {
    if (arrivals_.empty()) return;
    const Instant now = clock_->now();
    if (first_ == kNever) first_ = arrivals_.front();
    for (const Instant arrival : arrivals_) {
      if (arrival - first_ >= warm_up_) latency_ns_.record((now - arrival).count());
    }
    totals_.payments += arrivals_.size();
    arrivals_.clear();
  }

  Status close(auto&&) {
    const std::lock_guard lock(figures_->mutex);
    figures_->latency_ns.merge(latency_ns_);
    figures_->of_task[task_] = totals_;
    return {};
  }

 private:
  static constexpr std::size_t kReserved = 65536;
  static constexpr std::string_view kSection = "figures";

  template <class Out>
  struct Counting {
    Out& out;
    std::uint64_t& alerts;
    void collect(const Record<fraud::Alert>& alert) noexcept {
      ++alerts;
      out.collect(alert);
    }
  };

  fraud::FraudRules rules_;
  std::shared_ptr<Figures> figures_;
  std::chrono::nanoseconds warm_up_;
  const Clock* clock_ = nullptr;
  Instant first_ = kNever;
  std::vector<Instant> arrivals_;
  bench::Histogram latency_ns_;
  std::uint32_t task_ = 0;
  Figures::Totals totals_;
};

}  // namespace penstock::tools
