// Our ring and its peers one by one; the drawing of the course is in ring_contest.h. Manual time: wall-clock time from
// the common start of both pinned threads, as nanoseconds per element or per round trip.
#include <benchmark/benchmark.h>

#include "penstock/bench/core/ring/ring_contest.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kElements = 4'000'000;
constexpr std::uint64_t kRoundTrips = 200'000;

void report(benchmark::State& state, std::uint64_t items, double nanos_per_item) {
  state.SetIterationTime(nanos_per_item * static_cast<double>(items) * 1e-9);
  state.counters["ns_per_item"] = nanos_per_item;
}

template <class Queue>
void BM_Throughput(benchmark::State& state) {
  for (auto _ : state) report(state, kElements, measure_throughput<Queue>(kElements));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kElements));
}

template <class Queue>
void BM_RoundTrip(benchmark::State& state) {
  for (auto _ : state) report(state, kRoundTrips, measure_round_trip<Queue>(kRoundTrips));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRoundTrips));
}

BENCHMARK(BM_Throughput<OurRing<Element32>>)->UseManualTime();
BENCHMARK(BM_Throughput<MoodycamelQueue<Element32>>)->UseManualTime();
BENCHMARK(BM_Throughput<BoostSpscQueue<Element32>>)->UseManualTime();
BENCHMARK(BM_Throughput<OurRing<Element64>>)->UseManualTime();
BENCHMARK(BM_Throughput<MoodycamelQueue<Element64>>)->UseManualTime();
BENCHMARK(BM_Throughput<BoostSpscQueue<Element64>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<OurRing<Element32>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<MoodycamelQueue<Element32>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<BoostSpscQueue<Element32>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<OurRing<Element64>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<MoodycamelQueue<Element64>>)->UseManualTime();
BENCHMARK(BM_RoundTrip<BoostSpscQueue<Element64>>)->UseManualTime();

// One thread, a batch in and out: what a worker pays for a channel to itself.
template <class E>
void BM_SelfRing(benchmark::State& state) {
  OurRing<E> ring;
  const auto batch = static_cast<std::size_t>(state.range(0));
  std::uint64_t sum = 0;
  for (auto _ : state) {
    ring.send(sum, batch);
    ring.receive([&](const E& element) { sum += digest(element); });
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SelfRing<Element32>)->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK(BM_SelfRing<Element64>)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace penstock::bench
