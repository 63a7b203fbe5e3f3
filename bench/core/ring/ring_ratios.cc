#include "penstock/bench/core/ring/ring_ratios.h"

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "penstock/bench/core/ring/ring_contest.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kThroughputElements = 8'000'000;
constexpr std::uint64_t kRoundTrips = 500'000;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Calls the three measurements in turns, beginning with another one each time.
template <class Ours, class Moodycamel, class Boost>
RingFigure compare(const char* course, std::size_t element_bytes, int repeats, Ours ours,
                   Moodycamel moodycamel, Boost boost) {
  std::array<std::vector<double>, 3> nanos;
  const auto run = [&](std::size_t which) {
    nanos[which].push_back(which == 0 ? ours() : which == 1 ? moodycamel() : boost());
  };
  for (std::size_t repeat = 0; repeat < static_cast<std::size_t>(repeats); ++repeat) {
    for (std::size_t turn = 0; turn < nanos.size(); ++turn) run((repeat + turn) % nanos.size());
  }
  return {course, element_bytes, median(nanos[0]), median(nanos[1]), median(nanos[2])};
}

template <class E>
RingFigure compare_throughput(int repeats) {
  return compare(
      "throughput", sizeof(E), repeats,
      [] { return measure_throughput<OurRing<E>>(kThroughputElements); },
      [] { return measure_throughput<MoodycamelQueue<E>>(kThroughputElements); },
      [] { return measure_throughput<BoostSpscQueue<E>>(kThroughputElements); });
}

template <class E>
RingFigure compare_round_trip(int repeats) {
  return compare(
      "round_trip", sizeof(E), repeats, [] { return measure_round_trip<OurRing<E>>(kRoundTrips); },
      [] { return measure_round_trip<MoodycamelQueue<E>>(kRoundTrips); },
      [] { return measure_round_trip<BoostSpscQueue<E>>(kRoundTrips); });
}

}  // namespace

double RingFigures::worst(const char* course) const noexcept {
  double ratio = std::numeric_limits<double>::infinity();
  for (const RingFigure& figure : figures) {
    if (std::string_view(figure.course) == course) ratio = std::min(ratio, figure.ratio());
  }
  return ratio;
}

RingFigures measure_ring_ratios(int repeats) {
  PENSTOCK_CHECK(repeats > 0);
  return {{compare_throughput<Element32>(repeats), compare_throughput<Element64>(repeats),
           compare_round_trip<Element32>(repeats), compare_round_trip<Element64>(repeats)}};
}

}  // namespace penstock::bench
