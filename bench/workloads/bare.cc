#include "penstock/bench/workloads/bare.h"

#include <chrono>

#include "penstock/bench/workloads/bare_keyed.h"
#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/bid_rows.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/clock.h"

namespace penstock::bench {
namespace {

template <Query kQuery>
RowSum run_loop(Disorder disorder, std::uint64_t events) noexcept {
  return with_constant(disorder, [events](auto constant) noexcept {
    RowSum out;
    NexmarkGenerator<constant()> generator(0, 1);
    for (std::uint64_t i = 0; i < events; ++i) add_row<kQuery>(generator.next(), out);
    return out;
  });
}

RowSum run_query(Query query, Disorder disorder, std::uint64_t events) {
  switch (query) {
    case Query::kQ0:
      return run_loop<Query::kQ0>(disorder, events);
    case Query::kQ1:
      return run_loop<Query::kQ1>(disorder, events);
    case Query::kQ2:
      return run_loop<Query::kQ2>(disorder, events);
    case Query::kQ5:
      return run_bare_q5(disorder, events);
    case Query::kQ7:
      return run_bare_q7(disorder, events);
    case Query::kYsb:
      return run_bare_ysb(disorder, events);
    case Query::kFraud:
      return run_bare_fraud(events);
    case Query::kWordcount:
      break;  // Has sentences that are made first.
    case Query::kKeyed:
      return run_bare_keyed(events);
  }
  PENSTOCK_CHECK(false);
  return {};
}

// `run` gives the rows.
template <class Run>
RunResult timed(std::uint64_t events, Run run) {
  const RealClock clock;
  const Instant start = clock.now();
  const RowSum output = run();
  const std::chrono::duration<double> seconds = clock.now() - start;
  return {.events = events, .output = output, .seconds = seconds.count()};
}

RunResult run_wordcount(std::uint64_t events) {
  const Sentences sentences;
  return timed(events, [&] { return run_bare_wordcount(sentences, events); });
}

RunResult run_fraud_json(std::uint64_t events) {
  const TransactionsJson lines(events);
  return timed(events, [&] { return run_bare_fraud_json(lines); });
}

}  // namespace

RunResult run_bare(Query query, Disorder disorder, std::uint64_t events) {
  if (query == Query::kWordcount) return run_wordcount(events);
  return timed(events, [=] { return run_query(query, disorder, events); });
}

RunResult run_bare(const Workload& workload, std::uint64_t events) {
  if (workload.form == Form::kBinary) {
    return run_bare(workload.query, workload.disorder, events);
  }
  if (workload.query == Query::kFraud) return run_fraud_json(events);
  return run_bare_json(workload.query, NexmarkJson(events));
}

}  // namespace penstock::bench
