#include "penstock/tools/penstock/bench_ratios.h"

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "penstock/bench/core/ring/ring_ratios.h"
#include "penstock/bench/core/runtime/row_exchange_ratio.h"
#include "penstock/bench/core/stream/chain_ratio.h"
#include "penstock/bench/harness/machine.h"
#include "penstock/bench/harness/paired.h"
#include "penstock/bench/state/keyed_count_ratio.h"
#include "penstock/bench/workloads/bare.h"
#include "penstock/bench/workloads/engine_run.h"
#include "penstock/bench/workloads/row_repartition.h"

namespace penstock::tools {
namespace {

void print(const bench::PairedResult& result) {
  std::printf("%s\n", bench::format_paired(result).c_str());
  std::fflush(stdout);
}

void print_rings(int repeats) {
  const bench::RingFigures figures = bench::measure_ring_ratios(repeats);
  for (const bench::RingFigure& figure : figures.figures) {
    std::printf(
        "ratio name=ring_%s_%zu ours=%.2fns moodycamel=%.2fns boost=%.2fns ratio=%.2f goal=>=0.90 "
        "%s\n",
        figure.course, figure.element_bytes, figure.ours_ns, figure.moodycamel_ns, figure.boost_ns,
        figure.ratio(), figure.ratio() >= 0.9 ? "ok" : "SHORT");
  }
  std::fflush(stdout);
}

double events_per_second(const Result<bench::RunResult>& result) {
  PENSTOCK_CHECK(result.ok());
  return result->events_per_second();
}

// The engine with one worker against the bare loop, over the workload's own number of events.
void print_workload(const char* name, int repeats) {
  const bench::Workload workload = *bench::find_workload(name);
  print(bench::run_paired(
      name, {bench::GoalKind::kAtLeast, 0.7}, repeats,
      [&] {
        return events_per_second(bench::run_engine(workload, workload.default_events, Options{}));
      },
      [&] { return bench::run_bare(workload, workload.default_events).events_per_second(); }));
}

// Two pinned workers against one, on a keyed pipeline: not slower.
void print_scaling(int repeats) {
  const bench::Workload workload = *bench::find_workload("keyed");
  const auto with_workers = [&](std::uint32_t workers) {
    Options options;
    options.workers = workers;
    options.pin_workers = true;
    return events_per_second(bench::run_engine(workload, workload.default_events, options));
  };
  print(bench::run_paired(
      "keyed_two_workers", {bench::GoalKind::kAtLeast, 1.0}, repeats,
      [&] { return with_workers(2); }, [&] { return with_workers(1); }));
}

struct Ratio {
  const char* name;
  std::function<void(int)> print;
};

std::vector<Ratio> all_ratios() {
  std::vector<Ratio> ratios = {{"ring", print_rings}};
  ratios.push_back({"chain", [](int repeats) { print(bench::measure_chain_ratio(repeats)); }});
  ratios.push_back({"keyed_count", [](int repeats) {
                      for (const auto& result : bench::measure_keyed_count_ratio(repeats))
                        print(result);
                    }});
  for (const char* name : {"q0", "q1", "q2", "q0_json", "q1_json", "q2_json", "keyed"}) {
    ratios.push_back({name, [name](int repeats) { print_workload(name, repeats); }});
  }
  ratios.push_back({"keyed_two_workers", print_scaling});
  ratios.push_back({"row_exchange", [](int repeats) {
                      for (const auto& result : bench::measure_row_exchange(repeats)) print(result);
                    }});
  ratios.push_back({"row_repartition", [](int repeats) {
                      for (const auto& result : bench::measure_row_repartition(repeats))
                        print(result);
                    }});
  return ratios;
}

std::string names_of(const std::vector<Ratio>& ratios) {
  std::string names;
  for (const Ratio& ratio : ratios) names.append(names.empty() ? "" : ", ").append(ratio.name);
  return names;
}

}  // namespace

Status print_ratios(int repeats, const std::string& only) {
  std::vector<Ratio> wanted = all_ratios();
  const std::string names = names_of(wanted);
  if (!only.empty()) std::erase_if(wanted, [&](const Ratio& each) { return only != each.name; });
  if (wanted.empty())
    return Status::invalid_argument("unknown ratio \"" + only + "\"; there are: " + names);
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  const bench::Noise before = bench::read_noise();
  for (const Ratio& ratio : wanted) ratio.print(repeats);
  std::printf("%s\n", bench::format_noise(bench::read_noise() - before).c_str());
  return {};
}

}  // namespace penstock::tools
