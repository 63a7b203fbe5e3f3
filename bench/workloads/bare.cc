#include "penstock/bench/workloads/bare.h"

#include <chrono>

#include "penstock/bench/workloads/bare_keyed.h"
#include "penstock/bench/workloads/bid_rows.h"
#include "penstock/core/base/clock.h"

namespace penstock::bench {
namespace {

template <Query kQuery>
RowSum run_loop(Disorder disorder, std::uint64_t events) noexcept {
  RowSum out;
  NexmarkGenerator generator(0, 1, disorder);
  for (std::uint64_t i = 0; i < events; ++i) add_row<kQuery>(generator.next(), out);
  return out;
}

RowSum run_query(Query query, Disorder disorder, std::uint64_t events) noexcept {
  switch (query) {
    case Query::kQ0:
      return run_loop<Query::kQ0>(disorder, events);
    case Query::kQ1:
      return run_loop<Query::kQ1>(disorder, events);
    case Query::kQ2:
      return run_loop<Query::kQ2>(disorder, events);
    case Query::kKeyed:
      break;
  }
  return run_bare_keyed(events);
}

}  // namespace

RunResult run_bare(Query query, Disorder disorder, std::uint64_t events) {
  const RealClock clock;
  const Instant start = clock.now();
  const RowSum output = run_query(query, disorder, events);
  const std::chrono::duration<double> seconds = clock.now() - start;
  return {.events = events, .output = output, .seconds = seconds.count()};
}

RunResult run_bare(const Workload& workload, std::uint64_t events) {
  if (workload.form == Form::kJson) return run_bare_json(workload.query, NexmarkJson(events));
  return run_bare(workload.query, workload.disorder, events);
}

}  // namespace penstock::bench
