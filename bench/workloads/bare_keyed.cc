#include "penstock/bench/workloads/bare_keyed.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "penstock/bench/workloads/engine_keyed.h"

namespace penstock::bench {

RowSum run_bare_keyed(std::uint64_t events) {
  RowSum out;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> counts;
  for (std::uint64_t i = 0; i < events; ++i) {
    const std::uint64_t key = fin(i) % kKeyedKeys;
    out.add(key, ++counts[key]);
  }
  return out;
}

}  // namespace penstock::bench
