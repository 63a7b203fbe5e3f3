// bench/workloads/fraud_load.h -- the fraud workload as an open loop: when transactions are due, how late rows are.
//
// Transaction i is due at T0 + i / rate, whatever the engine does; its event time stays i / 5 ms. The latency of a
// change row counts from when its transaction was due, that of a window's row from when the first transaction at or
// behind the window's end was, which is number 5 * end. Rows that were due in the warm-up, and those of windows that
// only the end of input closes, are counted and not measured: which rows are measured depends on the load alone, never
// on time.
#pragma once

#include <cstdint>

#include "penstock/api/options.h"
#include "penstock/bench/harness/histogram.h"
#include "penstock/bench/workloads/checksum.h"
#include "penstock/core/base/status.h"

namespace penstock {
class Clock;
class Job;
}  // namespace penstock

namespace penstock::bench {

struct FraudLoad {
  std::uint64_t rate_per_second = 100'000;
  double seconds = 30;
  double warm_seconds = 10;  // The first of them.

  std::uint64_t events() const noexcept;
};

// OK, or which option of `penstock bench latency` cannot be, and what to choose.
Status check_load(const FraudLoad& load, std::uint32_t workers);

// What one run gave: all rows, and the latencies of those that are measured.
struct FraudLatency {
  RowSum changes;
  RowSum windows;
  std::uint64_t unmeasured = 0;
  Histogram change_ns;
  Histogram window_ns;

  void merge(const FraudLatency& other) noexcept;
  RowSum rows() const noexcept;
};

// All rows of the load, from the bare loop that knows no schedule.
RowSum expected_rows(const FraudLoad& load);
// OK, or what is wrong with the rows. `whose` is for the message.
Status check_rows(const char* whose, const FraudLatency& seen, const RowSum& expected);
// OK, or which kind of row one side has more of, in all or among those measured.
Status check_same_rows(const FraudLatency& engine, const FraudLatency& bare);

// REQUIRES for both: check_load() is OK.
Result<FraudLatency> run_engine_load(const FraudLoad& load, const Options& options);
// The same rules on the calling thread, without an engine: it looks at the clock until something is due.
FraudLatency run_bare_load(const FraudLoad& load);

}  // namespace penstock::bench
