#include "penstock/bench/core/stream/chain_ratio.h"

#include <chrono>

#include "penstock/bench/workloads/split_mix.h"
#include "penstock/core/base/clock.h"
#include "penstock/core/stream/chain.h"
#include "penstock/operators/filter.h"
#include "penstock/operators/map.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kRecords = 20'000'000;

struct Tick {
  std::uint64_t number;
  std::uint64_t price;
  std::uint64_t size;
};

Tick make_tick(std::uint64_t i) noexcept { return {i, fin(i) & 0xffff, i & 0xff}; }

Tick scale(const Tick& tick) noexcept { return {tick.number, tick.price * 3, tick.size}; }
bool above(const Tick& tick) noexcept { return tick.price > 30'000; }
Tick mix(const Tick& tick) noexcept { return {tick.number, tick.price ^ tick.size, tick.size + 1}; }
bool odd(const Tick& tick) noexcept { return (tick.price & 1) != 0; }

struct Sum {
  std::uint64_t total = 0;
  void collect(const Record<Tick>& record) noexcept {
    total += record.value.price + record.value.size;
  }
  void watermark(EventTime) noexcept {}
  void idle() noexcept {}
};

// A function as a type of its own, so that a chain can inline it as it inlines a lambda.
template <auto kFunction>
struct Call {
  auto operator()(const Tick& tick) const noexcept { return kFunction(tick); }
};

double nanos_per_record(std::chrono::nanoseconds spent) {
  return static_cast<double>(spent.count()) / static_cast<double>(kRecords);
}

double run_chain(std::uint64_t& check) {
  Sum sum;
  Chain chain(sum, Map<Tick, Call<scale>>({}), Filter<Tick, Call<above>>({}),
              Map<Tick, Call<mix>>({}), Filter<Tick, Call<odd>>({}));
  const RealClock clock;
  const Instant start = clock.now();
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    chain.collect(Record<Tick>{make_tick(i), EventTime{static_cast<std::int64_t>(i)}});
  }
  check = sum.total;
  return nanos_per_record(clock.now() - start);
}

double run_loop(std::uint64_t& check) {
  std::uint64_t total = 0;
  const RealClock clock;
  const Instant start = clock.now();
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    const Tick scaled = scale(make_tick(i));
    if (!above(scaled)) continue;
    const Tick mixed = mix(scaled);
    if (odd(mixed)) total += mixed.price + mixed.size;
  }
  check = total;
  return nanos_per_record(clock.now() - start);
}

}  // namespace

PairedResult measure_chain_ratio(int repeats) {
  std::uint64_t by_chain = 0;
  std::uint64_t by_loop = 0;
  PairedResult result = run_paired(
      "chain", {GoalKind::kAtMost, 1.3}, repeats, [&] { return run_chain(by_chain); },
      [&] { return run_loop(by_loop); });
  PENSTOCK_CHECK(by_chain == by_loop);
  return result;
}

}  // namespace penstock::bench
