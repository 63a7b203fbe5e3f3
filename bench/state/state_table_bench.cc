// Keyed counting by our table and by boost::unordered_flat_map; single insertions while a table grows; snapshot slices.
#include <benchmark/benchmark.h>
#include <time.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "penstock/bench/harness/histogram.h"
#include "penstock/bench/state/keyed_count.h"
#include "penstock/core/base/hash.h"
#include "penstock/state/state_table.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kRecords = 1 << 22;

void count(benchmark::State& state, Counter& counter, Draw draw) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  const std::vector<std::uint64_t> records = draw_keys(keys, kRecords, draw, 7);
  counter.insert_all(keys);
  for (auto _ : state) counter.count(records);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRecords));
}

void BM_Ours(benchmark::State& state, OurCounterOptions options, Draw draw) {
  if (options.expected_keys != 0)
    options.expected_keys = static_cast<std::uint64_t>(state.range(0));
  count(state, *make_our_counter(options), draw);
}

void BM_Boost(benchmark::State& state, Draw draw) { count(state, *make_boost_counter(), draw); }

constexpr std::int64_t kMillion = 1'000'000;
constexpr OurCounterOptions kGrown{};
constexpr OurCounterOptions kExpected{.expected_keys = 1};
constexpr OurCounterOptions kNoLookahead{.ahead = false};

BENCHMARK_CAPTURE(BM_Ours, grown_uniform, kGrown, Draw::kUniform)
    ->Arg(1000)
    ->Arg(kMillion)
    ->Arg(10 * kMillion);
BENCHMARK_CAPTURE(BM_Ours, expected_uniform, kExpected, Draw::kUniform)
    ->Arg(kMillion)
    ->Arg(10 * kMillion);
BENCHMARK_CAPTURE(BM_Ours, no_lookahead_uniform, kNoLookahead, Draw::kUniform)->Arg(kMillion);
BENCHMARK_CAPTURE(BM_Boost, uniform, Draw::kUniform)->Arg(1000)->Arg(kMillion)->Arg(10 * kMillion);
BENCHMARK_CAPTURE(BM_Ours, grown_skewed, kGrown, Draw::kSkewed)->Arg(kMillion)->Arg(10 * kMillion);
BENCHMARK_CAPTURE(BM_Boost, skewed, Draw::kSkewed)->Arg(kMillion)->Arg(10 * kMillion);

// Time of this thread alone: what other programs take is no stall of ours.
std::int64_t thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Each insertion timed on its own: growth must show as many small delays, never as one long one.
void BM_InsertStall(benchmark::State& state) {
  Histogram stalls;
  for (auto _ : state) {
    StateLayout layout;
    benchmark::DoNotOptimize(layout.add_slot(8, 8, false));
    StateTable table;
    if (!layout.seal(KeyShape::of<std::uint64_t>()).ok() || !table.open(layout, {}).ok()) {
      state.SkipWithError("no memory");
      return;
    }
    for (std::int64_t n = 0; n < state.range(0); ++n) {
      const std::uint64_t key = nth_key(static_cast<std::uint64_t>(n));
      const std::int64_t begin = thread_ns();
      benchmark::DoNotOptimize(table.insert_new(key_hash(key), &key));
      stalls.record(thread_ns() - begin);
    }
  }
  const auto micros = [](std::int64_t ns) { return static_cast<double>(ns) * 1e-3; };
  state.counters["p50_us"] = micros(stalls.percentile(50));
  state.counters["p99.9_us"] = micros(stalls.percentile(99.9));
  state.counters["p99.99_us"] = micros(stalls.percentile(99.99));
  state.counters["max_us"] = micros(stalls.max());
}
BENCHMARK(BM_InsertStall)
    ->Arg(kMillion)
    ->Arg(10 * kMillion)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// A snapshot's slice of 256 entries, and what an update costs while a walk runs.
void BM_WalkSlice(benchmark::State& state) {
  StateLayout layout;
  benchmark::DoNotOptimize(layout.add_slot(8, 8, false));
  StateTable table;
  if (!layout.seal(KeyShape::of<std::uint64_t>()).ok() || !table.open(layout, {}).ok()) {
    state.SkipWithError("no memory");
    return;
  }
  for (std::uint64_t n = 0; n < 1'000'000; ++n) table.insert_new(key_hash(nth_key(n)), &n);
  std::uint64_t given = 0;
  Epoch epoch{1};
  for (auto _ : state) {
    const WalkState walked =
        table.walk(256, [&given](const StateEntry& entry) { given += entry.key_hash() != 0; });
    if (walked == WalkState::kRunning) continue;
    if (!table.begin_walk(epoch).ok()) state.SkipWithError("the walk did not begin");
    ++epoch.value;
  }
  benchmark::DoNotOptimize(given);
}
BENCHMARK(BM_WalkSlice);

}  // namespace
}  // namespace penstock::bench
