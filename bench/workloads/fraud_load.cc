#include "penstock/bench/workloads/fraud_load.h"

#include <array>
#include <cstdio>
#include <limits>
#include <string>

#include "penstock/bench/harness/open_loop.h"
#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/run_result.h"

namespace penstock::bench {
namespace {

constexpr double kSecondsMax = 86'400;
constexpr std::uint64_t kEventsMax = std::numeric_limits<std::uint32_t>::max();

std::string text_of(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::string text_of(const RowSum& rows) {
  return "rows=" + std::to_string(rows.rows) + " sum=" + format_sum(rows.sum);
}

}  // namespace

std::uint64_t FraudLoad::events() const noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(rate_per_second) * seconds);
}

Status check_load(const FraudLoad& load, std::uint32_t workers) {
  if (load.rate_per_second == 0 || load.rate_per_second > OpenLoopSchedule::kRateMax) {
    return Status::invalid_argument("--rate is " + std::to_string(load.rate_per_second) +
                                    ": choose 1 to " + std::to_string(OpenLoopSchedule::kRateMax));
  }
  // Also what is no number is refused.
  if (!(load.seconds > 0 && load.seconds <= kSecondsMax)) {
    return Status::invalid_argument("--seconds is " + text_of(load.seconds) +
                                    ": choose more than 0, at most " + text_of(kSecondsMax));
  }
  if (!(load.warm_seconds >= 0 && load.warm_seconds < load.seconds)) {
    return Status::invalid_argument("--warm is " + text_of(load.warm_seconds) +
                                    ": choose at least 0 and less than --seconds, which is " +
                                    text_of(load.seconds));
  }
  if (load.events() == 0 || load.events() > kEventsMax) {
    return Status::invalid_argument("--rate times --seconds is " + std::to_string(load.events()) +
                                    " events: choose them so that it is 1 to " +
                                    std::to_string(kEventsMax));
  }
  if (workers != 1 && workers != 2 && workers != 4 && workers != 8) {
    return Status::invalid_argument(
        "--workers is " + std::to_string(workers) +
        ": choose 1, 2, 4 or 8, for which each card has one source and its changes one order");
  }
  return Status();
}

void FraudLatency::merge(const FraudLatency& other) noexcept {
  changes.add(other.changes);
  windows.add(other.windows);
  unmeasured += other.unmeasured;
  change_ns.merge(other.change_ns);
  window_ns.merge(other.window_ns);
}

RowSum FraudLatency::rows() const noexcept {
  RowSum all = changes;
  all.add(windows);
  return all;
}

RowSum expected_rows(const FraudLoad& load) { return run_bare_fraud(load.events()); }

Status check_rows(const char* whose, const FraudLatency& seen, const RowSum& expected) {
  if (seen.rows() == expected) return Status();
  return Status::internal(std::string(whose) + ": wrong result of the fraud load, " +
                          text_of(seen.rows()) + ", expected " + text_of(expected));
}

Status check_same_rows(const FraudLatency& engine, const FraudLatency& bare) {
  const auto check = [](const char* kind, const RowSum& all, std::uint64_t measured,
                        const RowSum& bare_all, std::uint64_t bare_measured) {
    if (all == bare_all && measured == bare_measured) return Status();
    return Status::internal(std::string(kind) + " rows of the engine: " + text_of(all) +
                            " measured=" + std::to_string(measured) + ", of the bare loop: " +
                            text_of(bare_all) + " measured=" + std::to_string(bare_measured));
  };
  PENSTOCK_RETURN_IF_ERROR(check("change", engine.changes, engine.change_ns.count(), bare.changes,
                                 bare.change_ns.count()));
  return check("window", engine.windows, engine.window_ns.count(), bare.windows,
               bare.window_ns.count());
}

}  // namespace penstock::bench
