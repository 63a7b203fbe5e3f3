#include "penstock/core/plan/plan.h"

#include <algorithm>
#include <utility>

namespace penstock {

std::string_view exchange_kind_name(ExchangeKind kind) noexcept {
  switch (kind) {
    case ExchangeKind::kForward:
      return "forward";
    case ExchangeKind::kHash:
      return "hash";
    case ExchangeKind::kBroadcast:
      return "broadcast";
    case ExchangeKind::kRebalance:
      return "rebalance";
  }
  return "unknown";
}

namespace {

// Whether they are the same, or one is in the other.
bool overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) return overlap(b, a);
  if (!b.starts_with(a)) return false;
  return a.size() == b.size() || a.ends_with('/');
}

}  // namespace

void Plan::use_path(PathUse use) {
  if (use.path.empty()) return;
  for (const PathUse& other : paths_) {
    const bool share = use.kind == other.kind && use.kind != PathUse::kWrites;
    if (share || !overlap(use.path, other.path)) continue;
    const std::string both = use.path == other.path ? use.path : use.path + " and " + other.path;
    if (use.kind != PathUse::kReads && other.kind != PathUse::kReads) {
      const bool both_sinks = use.kind == other.kind;
      refuse(Status::invalid_argument(both + ": " +
                                      (both_sinks ? "two sinks" : "a sink and bad records") +
                                      " would destroy each other's output there: give each a file "
                                      "or folder of its own"));
    } else {
      refuse(Status::invalid_argument(
          both + ": the job would read what it writes itself: write to another file or folder"));
    }
  }
  paths_.push_back(std::move(use));
}

StageId Plan::add_stage(std::string name) {
  stages_.push_back(StageSpec{.name = std::move(name), .make_body = nullptr});
  return {static_cast<std::uint32_t>(stages_.size() - 1)};
}

void Plan::seal(StageId stage, StageBodyFactory make_body) {
  PENSTOCK_CHECK(!stages_[stage.value].make_body);
  stages_[stage.value].make_body = std::move(make_body);
}

void Plan::connect(ExchangeSpec exchange) {
  // Streams are written front to back, so an exchange leads to a later stage: no cycle can be written. A broadcast may
  // lead to an earlier one that nothing leaves yet: no cycle either.
  const bool is_open = exchange.kind == ExchangeKind::kBroadcast &&
                       !stages_[exchange.to.value].make_body && exchange.from != exchange.to &&
                       std::none_of(exchanges_.begin(), exchanges_.end(),
                                    [&](const ExchangeSpec& e) { return e.from == exchange.to; });
  PENSTOCK_CHECK(exchange.from < exchange.to || is_open);
  exchanges_.push_back(std::move(exchange));
}

void Plan::refuse(Status why) {
  if (refused_.ok()) refused_ = std::move(why);
}

Status Plan::validate() const {
  PENSTOCK_RETURN_IF_ERROR(refused_);
  if (stages_.empty()) {
    return Status::invalid_argument(
        "the job has no source: begin with job.source(...) or job.input<T>()");
  }
  for (const StageSpec& stage : stages_) {
    if (!stage.make_body) {
      return Status::invalid_argument("stream \"" + stage.name +
                                      "\" leads nowhere: end it with sink(...) or for_each(...)");
    }
    if (stage.parallelism > kKeyGroups) {
      return Status::invalid_argument(
          "stage \"" + stage.name + "\": parallelism " + std::to_string(stage.parallelism) +
          " is above the number of key groups, " + std::to_string(kKeyGroups));
    }
  }
  return Status();
}

std::string Plan::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    text += "stage " + std::to_string(i) + ": " + stages_[i].name + "\n";
    for (const ExchangeSpec& exchange : exchanges_) {
      if (exchange.from.value != i) continue;
      text += "  -> stage " + std::to_string(exchange.to.value) + " (" +
              std::string(exchange_kind_name(exchange.kind)) + ")\n";
    }
  }
  return text;
}

namespace {

// Of a stage that only Forward exchanges lead to: that of the widest stage before it, since records change task, and
// with it their order, where the two differ. 0 for the others.
std::uint32_t inherited_parallelism(const Plan& plan, StageId stage,
                                    const std::vector<std::uint32_t>& counts) {
  std::uint32_t widest = 0;
  for (const ExchangeSpec& exchange : plan.exchanges()) {
    if (exchange.to != stage) continue;
    if (exchange.kind != ExchangeKind::kForward) return 0;
    widest = std::max(widest, counts[exchange.from.value]);
  }
  return widest;
}

}  // namespace

std::vector<std::uint32_t> resolve_parallelism(const Plan& plan, std::uint32_t workers) {
  std::vector<std::uint32_t> counts;
  for (std::uint32_t i = 0; i < plan.stages().size(); ++i) {
    const StageSpec& stage = plan.stages()[i];
    std::uint32_t wanted = stage.parallelism;
    if (wanted == 0) wanted = inherited_parallelism(plan, {i}, counts);
    if (wanted == 0) wanted = workers;
    counts.push_back(std::max(1u, std::min(wanted, stage.parallelism_max)));
  }
  return counts;
}

}  // namespace penstock
