#include "penstock/tools/penstock/bench_epochs.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <string>

#include "penstock/bench/harness/machine.h"
#include "penstock/bench/workloads/epoch_cost.h"

namespace penstock::tools {
namespace {

int report(const Status& status) {
  if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
  return status.exit_code();
}

Status print_epochs(int repeats, double seconds, const std::string& only) {
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  const bench::Noise before = bench::read_noise();
  const bench::EpochLoad load{
      .interval = std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6))};
  for (const char* name : {"fraud", "q5"}) {
    if (!only.empty() && only != name) continue;
    const Result<bench::EpochRatio> figures =
        bench::measure_epochs(*bench::find_workload(name), load, repeats);
    if (!figures.ok()) return figures.status();
    std::printf("%s\nepochs name=%s interval_s=%g events=%" PRIu64 " epochs_at_least=%" PRIu64 "\n",
                bench::format_paired(figures->rates).c_str(), name, seconds, figures->events,
                figures->epochs_least);
    std::fflush(stdout);
  }
  std::printf("%s\n", bench::format_noise(bench::read_noise() - before).c_str());
  return Status();
}

double millis(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

Status print_restart(std::uint64_t keys, std::uint32_t workers) {
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  const Result<bench::RestartTimes> times = bench::measure_restart(keys, workers);
  if (!times.ok()) return times.status();
  const double first = millis(times->first_output);
  std::printf("restart keys=%" PRIu64
              " workers=%u checkpoint_mib=%.1f first_output_ms=%.1f "
              "verify_ms=%.1f read_ms=%.1f insert_and_rest_ms=%.1f goal=<=2000 %s\n",
              times->keys, workers, static_cast<double>(times->bytes) / (1024.0 * 1024.0), first,
              millis(times->verify), millis(times->read), millis(times->insert_and_rest),
              first <= 2000 ? "ok" : "SHORT");
  return Status();
}

struct EpochOptions {
  int repeats = 5;
  double seconds = 1;
  std::string only;
};

}  // namespace

void add_bench_epochs(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<EpochOptions>();
  CLI::App* epochs = bench.add_subcommand(
      "epochs", "Rates with snapshots into a real folder against those without, in turns");
  epochs->add_option("--repeats", options->repeats, "pairs of runs; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  epochs->add_option("--checkpoint-seconds", options->seconds, "between two snapshots")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  epochs->add_option("--only", options->only, "fraud or q5")->check(CLI::IsMember({"fraud", "q5"}));
  epochs->callback([options, &exit_code] {
    exit_code = report(print_epochs(options->repeats, options->seconds, options->only));
  });

  auto keys = std::make_shared<std::uint64_t>(1'000'000);
  auto workers = std::make_shared<std::uint32_t>(1);
  CLI::App* restart = bench.add_subcommand(
      "restart", "How soon the first record is out of a job that goes on from a snapshot");
  restart->add_option("--keys", *keys, "with state")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  restart->add_option("--workers", *workers, "threads that run operators")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  restart->callback(
      [keys, workers, &exit_code] { exit_code = report(print_restart(*keys, *workers)); });
}

}  // namespace penstock::tools
