#include "penstock/tools/penstock/bench_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "penstock/bench/harness/latency_line.h"
#include "penstock/bench/harness/paired.h"
#include "penstock/bench/workloads/bare.h"
#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/expected.h"
#include "penstock/bench/workloads/idle_wake.h"
#include "penstock/bench/workloads/slide_cost.h"
#include "penstock/bench/workloads/step_times.h"
#include "penstock/tools/penstock/bench_epochs.h"
#include "penstock/tools/penstock/bench_kafka.h"
#include "penstock/tools/penstock/bench_latency.h"
#include "penstock/tools/penstock/bench_ratios.h"
#include "penstock/tools/penstock/bench_state.h"

namespace penstock::tools {
namespace {

struct RunOptions {
  std::string workload;
  std::uint32_t workers = 1;
  std::uint64_t events = 0;  // 0: the workload's own number.
  bool pin = false;
  bool bare = false;
};

int list_workloads() {
  for (const bench::Workload& workload : bench::all_workloads()) {
    std::printf("%-10.*s  %9llu events  %.*s\n", static_cast<int>(workload.name.size()),
                workload.name.data(), static_cast<unsigned long long>(workload.default_events),
                static_cast<int>(workload.description.size()), workload.description.data());
  }
  return 0;
}

// A wrong answer is no figure: it is an error, whatever its speed.
Status check_result(const bench::Workload& workload, const bench::RunResult& result) {
  const std::optional<bench::RowSum> expected = bench::find_expected(workload.name, result.events);
  if (!expected || *expected == result.output) return Status();
  return Status::internal("workload " + std::string(workload.name) +
                          ": wrong result, expected rows=" + std::to_string(expected->rows) +
                          " sum=" + bench::format_sum(expected->sum));
}

Result<bench::RunResult> run_engine(const bench::Workload& workload, std::uint64_t events,
                                    const RunOptions& options) {
  Options run;
  run.workers = options.workers;
  run.pin_workers = options.pin;
  return bench::run_engine(workload, events, run);
}

Status run_workload(const RunOptions& options) {
  const std::optional<bench::Workload> workload = bench::find_workload(options.workload);
  if (!workload) {
    return Status::invalid_argument("unknown workload \"" + options.workload +
                                    "\": see `penstock bench list`");
  }
  const std::uint64_t events = options.events != 0 ? options.events : workload->default_events;
  const Result<bench::RunResult> result =
      options.bare ? bench::run_bare(*workload, events) : run_engine(*workload, events, options);
  if (!result.ok()) return result.status();
  const unsigned workers = options.bare ? 1 : options.workers;
  std::printf("%s%s\n", bench::format_run(workload->name, workers, *result).c_str(),
              options.bare ? " bare=yes" : "");
  return check_result(*workload, *result);
}

int report(const Status& status) {
  if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
  return status.exit_code();
}

void add_run(CLI::App& bench, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run = bench.add_subcommand(
      "run", "Runs a workload through the engine, or bare; prints rate, rows and checksum");
  run->add_option("workload", options->workload, "see `penstock bench list`")->required();
  run->add_option("--workers", options->workers, "threads that run operators")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  run->add_option("--events", options->events, "input events; 0: the workload's own number")
      ->capture_default_str();
  run->add_flag("--pin", options->pin, "one core per worker");
  run->add_flag("--bare", options->bare, "the same work as a bare loop, without the engine");
  run->callback([options, &exit_code] { exit_code = report(run_workload(*options)); });
}

void add_ratios(CLI::App& bench, int& exit_code) {
  auto repeats = std::make_shared<int>(5);
  auto only = std::make_shared<std::string>();
  CLI::App* ratios =
      bench.add_subcommand("ratios", "Engine and parts against bare loops and libraries, in turns");
  ratios->add_option("--repeats", *repeats, "pairs of runs; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  ratios->add_option("--only", *only, "one ratio by name");
  ratios->callback(
      [repeats, only, &exit_code] { exit_code = report(print_ratios(*repeats, *only)); });
}

Status print_idle() {
  const Result<bench::IdleFigures> figures = bench::measure_idle(std::chrono::seconds(2), 500);
  if (!figures.ok()) return figures.status();
  const auto us = [&](double percent) {
    return static_cast<double>(figures->wake_ns.percentile(percent)) / 1000.0;
  };
  std::printf("idle cpu_percent=%.2f wake_us p50=%.1f p99=%.1f max=%.1f records=%llu\n",
              figures->cpu_percent, us(50), us(99), us(100),
              static_cast<unsigned long long>(figures->wake_ns.count()));
  return Status();
}

Status print_steps(std::uint64_t keys, const std::string& only) {
  bool found = false;
  for (const bench::StepSubject subject : bench::kStepSubjects) {
    const std::string name(bench::name_of(subject));
    if (!only.empty() && only != name) continue;
    found = true;
    const Result<bench::StepFigures> figures = bench::measure_steps(subject, keys);
    if (!figures.ok()) return figures.status();
    std::printf("steps subject=%s keys=%llu keys_at_end=%llu records=%llu fired=%llu\n",
                name.c_str(), static_cast<unsigned long long>(figures->keys_most),
                static_cast<unsigned long long>(figures->keys_at_end),
                static_cast<unsigned long long>(figures->records),
                static_cast<unsigned long long>(figures->came_out));
    std::printf("%s\n", bench::format_latency(name + "_step", figures->took_ns).c_str());
    std::printf("%s\n", bench::format_latency(name + "_step_cpu", figures->on_cpu_ns).c_str());
    for (const bench::StepRecord& step : figures->slowest)
      std::printf("%s\n", bench::format_step(step).c_str());
    std::fflush(stdout);
  }
  return found ? Status() : Status::invalid_argument("unknown subject \"" + only + "\"");
}

void add_steps(CLI::App& bench, int& exit_code) {
  auto keys = std::make_shared<std::uint64_t>(10'000'000);
  auto only = std::make_shared<std::string>();
  CLI::App* steps = bench.add_subcommand(
      "steps", "How long a worker's steps take while many keys come, fire and go");
  steps->add_option("--keys", *keys, "keys of the stage")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  steps->add_option("--only", *only, "windows, timers or expiry");
  steps->callback([keys, only, &exit_code] { exit_code = report(print_steps(*keys, *only)); });
}

void add_slides(CLI::App& bench) {
  auto repeats = std::make_shared<int>(5);
  CLI::App* slides = bench.add_subcommand(
      "slides", "What a record costs a window of 60 slides against one of 2, in turns");
  slides->add_option("--repeats", *repeats, "pairs of runs; the median counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  slides->callback([repeats] {
    std::printf("%s\n", bench::format_paired(bench::measure_slides(*repeats)).c_str());
  });
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_code) {
  CLI::App* bench =
      app.add_subcommand("bench", "Workloads: how fast, against what, with which result");
  bench->require_subcommand(1);
  bench->add_subcommand("list", "Workloads by name")->callback([&exit_code] {
    exit_code = list_workloads();
  });
  add_run(*bench, exit_code);
  add_ratios(*bench, exit_code);
  add_steps(*bench, exit_code);
  add_slides(*bench);
  add_bench_latency(*bench, exit_code);
  add_bench_epochs(*bench, exit_code);
  add_bench_state(*bench, exit_code);
  add_bench_kafka(*bench, exit_code);
  bench
      ->add_subcommand("idle",
                       "What an idle engine costs, and how soon a record is out that comes then")
      ->callback([&exit_code] { exit_code = report(print_idle()); });
}

}  // namespace penstock::tools
