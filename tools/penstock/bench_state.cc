#include "penstock/tools/penstock/bench_state.h"

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "penstock/bench/harness/machine.h"
#include "penstock/bench/workloads/state_size.h"

namespace penstock::tools {
namespace {

double mebibytes(std::uint64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024.0); }

Status print_state_size(bench::StateSizeLoad load) {
  std::printf("%s\n", bench::format_machine(bench::read_machine()).c_str());
  for (const bool on_disk : {true, false}) {
    load.on_disk = on_disk;
    const Result<bench::StateSizeFigures> figures = bench::measure_state_size(load);
    if (!figures.ok()) return figures.status();
    std::printf("state backend=%s keys=%" PRIu64 " records=%" PRIu64
                " memory_mib=%.0f resident_mib=%.0f of_files_mib=%.0f disk_mib=%.0f "
                "fill_per_s=%.0f rate_per_s=%.0f\n",
                on_disk ? "rocksdb" : "memory", load.keys, load.records,
                on_disk ? mebibytes(load.memory_bytes) : 0.0,
                mebibytes(figures->resident_bytes_max), mebibytes(figures->of_files),
                mebibytes(figures->disk_bytes), figures->fill_rate, figures->rate);
    std::fflush(stdout);
  }
  return Status();
}

}  // namespace

void add_bench_state(CLI::App& bench, int& exit_code) {
  auto load = std::make_shared<bench::StateSizeLoad>();
  auto memory_mib = std::make_shared<std::uint64_t>(load->memory_bytes >> 20);
  CLI::App* state = bench.add_subcommand(
      "state",
      "Rate and memory of state that is larger than its memory, and of the same in memory");
  state->add_option("--keys", load->keys, "with about 100 bytes of state each")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  state->add_option("--records", load->records, "of keys drawn evenly, once all have come")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  state->add_option("--memory-mib", *memory_mib, "of the state backend")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20));
  state->add_option("--workers", load->workers, "threads that run operators")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  state->add_option("--checkpoint-seconds", load->checkpoint_seconds, "between two; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3600.0));
  state->callback([load, memory_mib, &exit_code] {
    load->memory_bytes = *memory_mib << 20;
    const Status status = print_state_size(*load);
    if (!status.ok()) std::fprintf(stderr, "penstock: %s\n", status.to_string().c_str());
    exit_code = status.exit_code();
  });
}

}  // namespace penstock::tools
