#include "penstock/tools/penstock/bench_latency.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <optional>

#include "penstock/bench/harness/latency_line.h"
#include "penstock/bench/harness/machine.h"
#include "penstock/bench/harness/open_loop.h"
#include "penstock/bench/workloads/epoch_cost.h"
#include "penstock/bench/workloads/run_result.h"

namespace penstock::tools {
namespace {

using bench::FraudLatency;
using bench::Histogram;

// What `side` says of one kind of row, and in full.
void print_side(const char* side, const FraudLatency& seen) {
  const std::string name(side);
  std::printf("%s\n%s\n", bench::format_latency(name + "_change_rows", seen.change_ns).c_str(),
              bench::format_latency(name + "_window_rows", seen.window_ns).c_str());
  std::printf("rows name=%s change=%" PRIu64 " window=%" PRIu64 " unmeasured=%" PRIu64 " sum=%s\n",
              side, seen.changes.rows, seen.windows.rows, seen.unmeasured,
              bench::format_sum(seen.rows().sum).c_str());
  std::fflush(stdout);
}

double micros(std::int64_t nanos) { return static_cast<double>(nanos) / 1000; }

double micros_more(const Histogram& engine, const Histogram& bare, double percent) {
  return micros(engine.percentile(percent) - bare.percentile(percent));
}

void print_difference(const char* name, const Histogram& engine, const Histogram& bare) {
  const auto at = [&](double percent) { return micros_more(engine, bare, percent); };
  std::printf(
      "difference name=%s unit=us p50=%+.1f p90=%+.1f p99=%+.1f p99.9=%+.1f p99.99=%+.1f "
      "max=%+.1f\n",
      name, at(50), at(90), at(99), at(99.9), at(99.99), micros(engine.max() - bare.max()));
}

void print_goal(const char* name, double value_us, double goal_us) {
  std::printf("goal name=%s unit=us value=%.1f goal=<=%.0f %s\n", name, value_us, goal_us,
              value_us <= goal_us ? "ok" : "SHORT");
}

void print_beside(const FraudLatency& engine, const FraudLatency& bare) {
  print_difference("change_rows", engine.change_ns, bare.change_ns);
  print_difference("window_rows", engine.window_ns, bare.window_ns);
  if (engine.change_ns.count() > 0) {
    print_goal("change_p50", micros(engine.change_ns.percentile(50)), 3);
    print_goal("change_p99_more_than_bare", micros_more(engine.change_ns, bare.change_ns, 99), 300);
  }
  if (engine.window_ns.count() > 0)
    print_goal("window_p50", micros(engine.window_ns.percentile(50)), 300);
}

Options run_options(const LatencyOptions& options) {
  Options run;
  run.workers = options.workers;
  run.profile = options.profile == "latency" ? WaitProfile::kLatency : WaitProfile::kBalanced;
  run.pin_workers = options.pin;
  return run;
}

Result<std::optional<FraudLatency>> run_engine(const LatencyOptions& options) {
  if (options.bare) return std::optional<FraudLatency>();
  Result<FraudLatency> seen = bench::run_engine_load(options.load, run_options(options));
  if (!seen.ok()) return seen.status();
  print_side("engine", *seen);
  return std::optional(*std::move(seen));
}

std::optional<FraudLatency> run_bare(const LatencyOptions& options) {
  if (options.engine) return std::nullopt;
  FraudLatency seen = bench::run_bare_load(options.load);
  print_side("bare", seen);
  return seen;
}

Status check(const LatencyOptions& options, const std::optional<FraudLatency>& engine,
             const std::optional<FraudLatency>& bare) {
  const bench::RowSum expected = bench::expected_rows(options.load);
  if (engine) PENSTOCK_RETURN_IF_ERROR(bench::check_rows("engine", *engine, expected));
  if (bare) PENSTOCK_RETURN_IF_ERROR(bench::check_rows("bare loop", *bare, expected));
  if (engine && bare) PENSTOCK_RETURN_IF_ERROR(bench::check_same_rows(*engine, *bare));
  std::printf("rows checked=%s\n", engine && bare ? "equal" : "right");
  return Status();
}

// Snapshots move no median, and no more than a tenth of a millisecond at p99.
void print_epoch_goals(const char* name, const Histogram& epochs, const Histogram& plain) {
  if (plain.count() == 0) return;
  const std::string rows(name);
  print_difference(name, epochs, plain);
  // A histogram's buckets are an eighth wide: less is not seen.
  print_goal((rows + "_p50_more").c_str(), micros_more(epochs, plain, 50),
             std::max(1.0, micros(plain.percentile(50)) / 8));
  print_goal((rows + "_p99_more").c_str(), micros_more(epochs, plain, 99), 100);
}

Status print_epoch_latency(const LatencyOptions& options) {
  const auto interval =
      std::chrono::microseconds(static_cast<std::int64_t>(options.checkpoint_seconds * 1e6));
  const Result<bench::EpochLatency> seen =
      bench::measure_epoch_latency(options.load, run_options(options), interval, options.turns);
  if (!seen.ok()) return seen.status();
  print_side("plain", seen->plain);
  print_side("epochs", seen->epochs);
  PENSTOCK_RETURN_IF_ERROR(bench::check_same_rows(seen->epochs, seen->plain));
  print_epoch_goals("change_rows", seen->epochs.change_ns, seen->plain.change_ns);
  print_epoch_goals("window_rows", seen->epochs.window_ns, seen->plain.window_ns);
  return Status();
}

int report(const Status& status) {
  if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
  return status.exit_code();
}

}  // namespace

Status print_latency(const LatencyOptions& options) {
  if (options.workload != "fraud") {
    return Status::invalid_argument("workload \"" + options.workload +
                                    "\" has no load for latencies: choose fraud");
  }
  PENSTOCK_RETURN_IF_ERROR(bench::check_load(options.load, options.workers));
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  std::printf("load workload=fraud rate=%" PRIu64
              " seconds=%g warm=%g workers=%u profile=%s n=%" PRIu64 "\n",
              options.load.rate_per_second, options.load.seconds, options.load.warm_seconds,
              options.workers, options.profile.c_str(), options.load.events());
  std::fflush(stdout);
  const bench::Noise before = bench::read_noise();
  if (options.checkpoint_seconds > 0) {
    PENSTOCK_RETURN_IF_ERROR(print_epoch_latency(options));
    std::printf("%s\n", bench::format_noise(bench::read_noise() - before).c_str());
    return Status();
  }
  const Result<std::optional<FraudLatency>> engine = run_engine(options);
  if (!engine.ok()) return engine.status();
  const std::optional<FraudLatency> bare = run_bare(options);
  const bench::Noise noise = bench::read_noise() - before;
  PENSTOCK_RETURN_IF_ERROR(check(options, *engine, bare));
  if (*engine && bare) print_beside(**engine, *bare);
  std::printf("%s\n", bench::format_noise(noise).c_str());
  return Status();
}

void add_bench_latency(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<LatencyOptions>();
  CLI::App* latency = bench.add_subcommand(
      "latency", "Latencies from the due time at a given rate, engine beside bare loop");
  latency->add_option("workload", options->workload, "fraud")->required();
  latency->add_option("--rate", options->load.rate_per_second, "events due per second")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, bench::OpenLoopSchedule::kRateMax));
  latency->add_option("--seconds", options->load.seconds, "how long events are due")
      ->capture_default_str();
  latency->add_option("--warm", options->load.warm_seconds, "of these the first, not measured")
      ->capture_default_str();
  latency->add_option("--workers", options->workers, "threads that run operators: 1, 2, 4 or 8")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  latency
      ->add_option("--profile", options->profile,
                   "balanced: workers sleep when nothing is due; latency: they never do")
      ->capture_default_str()
      ->check(CLI::IsMember({"balanced", "latency"}));
  latency->add_flag("--pin", options->pin, "one core per worker");
  latency
      ->add_option("--checkpoint-seconds", options->checkpoint_seconds,
                   "the engine with snapshots so often beside the engine without; 0: beside the "
                   "bare loop")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  latency->add_option("--turns", options->turns, "runs of each side, with --checkpoint-seconds")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  CLI::Option* bare =
      latency->add_flag("--bare", options->bare, "only the bare loop, without the engine");
  latency->add_flag("--engine", options->engine, "only the engine")->excludes(bare);
  latency->callback([options, &exit_code] { exit_code = report(print_latency(*options)); });
}

}  // namespace penstock::tools
