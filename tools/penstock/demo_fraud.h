// tools/penstock/demo_fraud.h -- `penstock demo fraud`: the fraud job on generated or real payments, with its figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"

namespace CLI {
class App;
}

namespace penstock::tools {

struct DemoFraudOptions {
  std::string from =
      "generator";             // generator | PATH | - (standard input) | kafka://... | tcp://...
  std::string to = "console";  // console | PATH | - (JSON lines on standard output) | the same
  std::string start;           // Of a Kafka source: see tools/penstock/endpoint.h.
  std::vector<std::string> kafka_properties;
  double rate = 20'000;  // Payments per second; 0: as fast as they are taken.
  double seconds = 10;   // Of generated payments; 0: until stopped.
  std::uint64_t seed = 1;
  std::uint32_t workers = 1;
  std::string checkpoint;         // A folder; empty: no checkpoints.
  double checkpoint_seconds = 1;  // Between them.
  bool write_ahead_log = false;   // Of what cannot be read again.
  std::string restore;            // newest | none | e-17; empty: as the environment says.
  bool allow_dropped_state = false;
  std::string state;                     // memory | rocksdb; empty: as the environment says.
  std::uint64_t state_memory_mib = 512;  // For rocksdb.
  std::string state_directory;           // For rocksdb without checkpoints.
  std::int64_t restarts = -1;            // Below 0: as the environment says, or 3 with checkpoints.
  std::string rules;                     // A file of them, watched; empty: the program's own.
  bool follow = false;                   // Keep reading a growing file.
  std::string on_error = "dead_letter";  // fail | skip | dead_letter
  std::string dead_letters = "payments.dead.ndjson";  // Or kafka://...
};

Status run_demo_fraud(const DemoFraudOptions& options);

// Adds the subcommand; what it returns goes to `exit_code`.
void add_demo_fraud(CLI::App& demo, int& exit_code);

}  // namespace penstock::tools
