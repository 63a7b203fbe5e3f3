// bench/core/ring/ring_ratios.h -- our ring against the better of its two peers, in figures that can be compared.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace penstock::bench {

struct RingFigure {
  const char* course;  // "throughput" or "round_trip"
  std::size_t element_bytes;
  // Medians; nanoseconds per element or per round trip.
  double ours_ns;
  double moodycamel_ns;
  double boost_ns;

  // 1 means as fast as the better peer, more means faster.
  double ratio() const noexcept { return std::min(moodycamel_ns, boost_ns) / ours_ns; }
};

struct RingFigures {
  std::array<RingFigure, 4> figures;  // Both courses, with elements of 32 and of 64 bytes.

  double throughput_ratio() const noexcept { return worst("throughput"); }
  double round_trip_ratio() const noexcept { return worst("round_trip"); }

 private:
  double worst(const char* course) const noexcept;
};

// Runs every contestant `repeats` times, in turns, so that what else the machine does strikes all alike. About
// 1.5 s per repeat on two free CPUs. REQUIRES: repeats > 0.
RingFigures measure_ring_ratios(int repeats);

}  // namespace penstock::bench
