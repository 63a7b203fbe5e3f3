#include "penstock/bench/state/keyed_count_ratio.h"

#include <chrono>
#include <memory>
#include <string>

#include "penstock/core/base/check.h"

namespace penstock::bench {
namespace {

constexpr std::size_t kRecords = 4'000'000;

double time_count(Counter& counter, const std::vector<std::uint64_t>& keys) {
  const auto begin = std::chrono::steady_clock::now();
  counter.count(keys);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(keys.size());
}

}  // namespace

PairedResult measure_keyed_count(std::uint64_t keys, Draw draw, int repeats) {
  const std::vector<std::uint64_t> records = draw_keys(keys, kRecords, draw, 7);
  const auto ours = make_our_counter({});
  const auto bare = make_boost_counter();
  ours->insert_all(keys);
  bare->insert_all(keys);
  const std::string name =
      std::string("keyed_count_") + (draw == Draw::kUniform ? "uniform" : "skewed");
  PairedResult result = run_paired(
      name, kKeyedCountGoal, repeats, [&] { return time_count(*ours, records); },
      [&] { return time_count(*bare, records); });
  for (std::uint64_t n = 0; n < keys; n += 997) {
    PENSTOCK_CHECK(ours->count_of(nth_key(n)) == bare->count_of(nth_key(n)));
  }
  return result;
}

std::vector<PairedResult> measure_keyed_count_ratio(int repeats) {
  std::vector<PairedResult> results;
  for (const Draw draw : {Draw::kUniform, Draw::kSkewed}) {
    results.push_back(measure_keyed_count(1'000'000, draw, repeats));
  }
  return results;
}

}  // namespace penstock::bench
