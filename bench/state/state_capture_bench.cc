// What a snapshot costs keyed state: the part of it that records wait for, and an update averaged over an epoch.
#include <benchmark/benchmark.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "penstock/bench/harness/histogram.h"
#include "penstock/bench/state/keyed_count.h"
#include "penstock/core/base/hash.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/state/keyed_state.h"
#include "penstock/state/lookahead.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kBatch = 1024;
constexpr std::size_t kSlice = 1024;  // Captured between two batches.

class Nowhere final : public SnapshotTarget {
 public:
  void take(std::string chunk) noexcept override { bytes += chunk.size(); }
  std::uint64_t bytes = 0;
};

// Counts keys.
class Counts {
 public:
  explicit Counts(std::uint64_t keys) : store_("bench") {
    count_ = store_.value_state<std::uint64_t>("count").value();
    KeyedStateOptions options;
    options.seed = 42;
    if (!store_.seal<std::uint64_t>(options).ok()) std::abort();
    for (std::uint64_t n = 0; n < keys; ++n) {
      const std::uint64_t key = nth_key(n);
      store_.set_current_key(key_hash(key), key);
      count_.set(0);
    }
    while (store_.maintain(1024)) {
    }
  }
  KeyedStateStore& store() { return store_; }
  void update(const std::uint64_t* keys, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) hashes_[i] = key_hash(keys[i]);
    for_each_ahead(
        store_.table(), count, [this](std::size_t i) { return hashes_[i]; },
        [&](std::size_t i, std::uint32_t candidate) {
          store_.set_current_key(hashes_[i], keys[i], candidate);
          ++count_.get_or_create();
        });
  }

 private:
  KeyedStateStore store_;
  ValueState<std::uint64_t> count_;
  std::uint64_t hashes_[kBatch] = {};
};

std::int64_t thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// The cut: what happens before the next record. Updates then go on until the walk is done.
void BM_CaptureCut(benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  Counts counts(keys);
  const std::vector<std::uint64_t> drawn = draw_keys(keys, 1 << 20, Draw::kUniform, 7);
  Histogram cuts;
  Histogram slices;
  std::size_t at = 0;
  Epoch epoch{1};
  for (auto _ : state) {
    Nowhere nowhere;
    SnapshotWriter out(nowhere);
    const std::int64_t begin = thread_ns();
    counts.store().capture(epoch, out);
    cuts.record(thread_ns() - begin);
    for (bool more = true; more; at = (at + kBatch) % drawn.size()) {
      counts.update(drawn.data() + at, kBatch);
      const std::int64_t slice = thread_ns();
      more = counts.store().capture_more(kSlice, out);
      slices.record(thread_ns() - slice);
    }
    ++epoch.value;
  }
  const auto micros = [](std::int64_t ns) { return static_cast<double>(ns) * 1e-3; };
  state.counters["cut_p50_us"] = micros(cuts.percentile(50));
  state.counters["cut_p99_us"] = micros(cuts.percentile(99));
  state.counters["cut_max_us"] = micros(cuts.max());
  state.counters["slice_p99_us"] = micros(slices.percentile(99));
}
BENCHMARK(BM_CaptureCut)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// As many updates as fit into about a second, with and without a snapshot that begins with them, by turns.
void BM_UpdateOverAnEpoch(benchmark::State& state) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  const auto updates = static_cast<std::size_t>(state.range(1));
  Counts counts(keys);
  const std::vector<std::uint64_t> drawn = draw_keys(keys, 1 << 22, Draw::kUniform, 7);
  Epoch epoch{1};
  double seconds[2] = {0, 0};
  for (auto _ : state) {
    for (const bool captures : {false, true}) {
      const auto begin = std::chrono::steady_clock::now();
      Nowhere nowhere;
      SnapshotWriter out(nowhere);
      if (captures) counts.store().capture(epoch, out);
      bool more = captures;
      for (std::size_t done = 0; done < updates; done += kBatch) {
        counts.update(drawn.data() + done % drawn.size(), kBatch);
        if (more) more = counts.store().capture_more(kSlice, out);
      }
      if (more) state.SkipWithError("the walk takes longer than the epoch");
      seconds[captures] +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    ++epoch.value;
  }
  const double each = static_cast<double>(state.iterations()) * static_cast<double>(updates) * 1e-9;
  state.counters["plain_ns"] = seconds[0] / each;
  state.counters["epoch_ns"] = seconds[1] / each;
  state.counters["ratio"] = seconds[1] / seconds[0];
}
BENCHMARK(BM_UpdateOverAnEpoch)
    ->Args({1'000, 1 << 25})
    ->Args({100'000, 1 << 25})
    ->Args({1'000'000, 1 << 24})
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::bench
