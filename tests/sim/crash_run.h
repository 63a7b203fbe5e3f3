// tests/sim/crash_run.h -- a keyed job that crashes, or is drained, and goes on from its checkpoints, up to its end.
//
// All runs share a disk (sim_file_system.h), a clock and a ledger of what was published; nothing else survives. What
// was published in the end must be the naive answer: no row lost, none doubled, each key's in order; and all steps of
// the protocol must keep its rules (protocol_check.h). Where the build has it, rare behaviour is drawn from the seed
// (core/base/buggify.h).
// Threads    One.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/buggify.h"
#include "penstock/core/base/protocol_trace.h"
#include "penstock/tests/sim/keyed_job.h"
#include "penstock/tests/sim/sim_file_system.h"
#include "penstock/tests/sim/sim_run.h"

namespace penstock::sim {

// How a run that is not the last ends.
struct Stop {
  std::uint64_t after_steps = 0;
  bool drains = false;  // Else it crashes.
};

struct CrashSchedule {
  std::uint64_t seed = 0;
  Schedule shape{};  // Of each run; `seed`, `ending`, `steps_max` and `epochs` are not used.
  std::chrono::microseconds interval{1000};
  double coordinator = 0.2;  // Steps that are the coordinator's.
  bool rare = false;         // See core/base/buggify.h.
  std::vector<Stop> stops{};
  std::vector<std::uint32_t> keyed_tasks{};  // Of the runs, in turn; empty: see KeyedJobSeeds.
};
CrashSchedule random_crashes(std::uint64_t seed);
std::string describe(const CrashSchedule& schedule);

struct CrashOutcome {
  std::string story;           // Where each run began and how far it came.
  std::string defect;          // Empty: none.
  std::uint64_t steps = 0;     // Of the last run.
  std::uint64_t restored = 0;  // Runs that went on from a checkpoint.
  std::uint64_t epochs = 0;    // That became durable.
  std::uint64_t events = 0;    // Of the protocol.
  Buggify::Hits rare{};
};

class CrashRun {
 public:
  CrashRun(const KeyedJobSeeds& seeds, CrashSchedule schedule);
  ~CrashRun() { trace_protocol(nullptr); }
  CrashRun(const CrashRun&) = delete;
  CrashRun& operator=(const CrashRun&) = delete;
  CrashOutcome run();

 private:
  Status start();
  void step();
  void step_all();
  bool all_done() const;
  std::string run_all();
  std::string run_until(const Stop& stop);
  std::string run_to_the_end();
  void crash();
  void tell();
  std::string check() const;

  KeyedJobSeeds seeds_;
  CrashSchedule schedule_;
  std::size_t runs_ = 0;  // Begun.
  Random random_;
  VirtualClock clock_;
  SimFileSystem files_;
  std::optional<Buggify> rare_;
  std::vector<ProtocolEvent> events_;
  KeyedLedger ledger_;
  KeyedJob made_;
  std::unique_ptr<Engine> engine_;
  std::vector<bool> done_;
  CrashOutcome outcome_;
};

}  // namespace penstock::sim
