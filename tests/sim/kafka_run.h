// tests/sim/kafka_run.h -- a job with exactly-once output to a simulated cluster, that fails in every way that the seed
// draws and is started again, up to its end.
//
// Runs share a clock, a cluster (sim_kafka.h) and a disk. While they go on, readers of committed records look: of each
// key they have to see every count once and in order, whatever happens; at the end all of them, in both topics and the
// file, with no transaction left open.
// Zombies    A run that lives on beside the next one, on a disk of its own that was the same until then. Some stand
//            still in the middle of going on under another producer epoch, and wake when the next one has written.
// Failures   A run that fails for a reason that may pass is started again, as a job with restarts is. No other failure
//            is allowed to one that is no zombie.
// Threads    One.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/buggify.h"
#include "penstock/core/runtime/engine.h"
#include "penstock/tests/sim/kafka_job.h"
#include "penstock/tests/sim/sim_file_system.h"
#include "penstock/tests/sim/sim_kafka.h"
#include "penstock/tests/sim/sim_run.h"

namespace penstock::sim {

// How a run ends, or is disturbed.
enum class Blow : std::uint8_t {
  kKilled,      // What it has written is on the disk.
  kPowerCut,    // Of that, what was synced.
  kAtDiskCall,  // The same in the middle of whatever it does.
  kZombie,      // It lives on, and another one starts.
  kPause,       // It stands still for longer than a transaction may be open.
  kDrained,     // It is ended in good order.
};
inline constexpr std::size_t kBlows = 6;

struct KafkaStop {
  std::uint64_t after_steps = 0;
  Blow blow = Blow::kKilled;
  std::uint64_t disk_calls = 0;  // Of kAtDiskCall.
};

struct KafkaSchedule {
  std::uint64_t seed = 0;
  Schedule shape{};  // Of each run; see CrashSchedule.
  std::chrono::microseconds interval{1000};
  double coordinator = 0.2;
  bool rare = false;  // See core/base/buggify.h.
  std::vector<KafkaStop> stops{};
  std::vector<std::uint32_t> keyed_tasks{};  // Of the runs, in turn.
  std::optional<KafkaDefect> defect{};       // That has to be found.
};
KafkaSchedule random_kafka_schedule(std::uint64_t seed);
std::string describe(const KafkaSchedule& schedule);

struct KafkaOutcome {
  std::string story;
  std::string defect;  // Empty: none.
  std::uint64_t starts = 0;
  std::uint64_t rescaled =
      0;  // Starts from a checkpoint with another number of tasks than the run before.
  std::uint64_t restored = 0;
  std::uint64_t failures = 0;  // Of runs, for reasons that may pass.
  std::uint64_t rows = 0;
  std::uint64_t timed_out = 0;  // Transactions.
  std::uint64_t late_commits_done = 0;
  std::uint64_t late_commits_refused = 0;
  std::uint64_t made_anew = 0;
  std::uint64_t fenced = 0;
  std::uint64_t overtaken_in_doubt = 0;
  std::uint64_t won_in_doubt = 0;  // Of those: went on, as the other had committed nothing.
  std::array<std::uint64_t, kBlows> blows{};
  SimKafka::Hits hits{};

  std::uint64_t faults() const;
};

class KafkaRun {
 public:
  explicit KafkaRun(KafkaSchedule schedule);
  KafkaOutcome run();

 private:
  // Of the zombie: whether it was left in the middle of taking another producer epoch, and how far it has come.
  enum class Doubt : std::uint8_t { kNone, kStandsStill, kWakes, kOver };
  struct Life {
    std::shared_ptr<SimKafka::Process> process;
    std::unique_ptr<Job> job;
    std::unique_ptr<Engine> engine;
    std::vector<bool> done;
    std::uint32_t keyed_tasks = 0;
  };

  std::string run_all();
  std::string run_until(const KafkaStop& stop);
  std::string run_to_the_end();
  std::string strike(const KafkaStop& stop);
  std::string come_up();
  Status start();
  // After each step: it may have died, or failed.
  std::string look_after();
  std::string read();
  std::string check();
  void step(Life& life);
  void step_all();
  void turn();
  bool all_done() const;
  bool zombie_moves() const { return zombie_.engine != nullptr && doubt_ != Doubt::kStandsStill; }
  void end(Life& life, bool power_cut);
  void leave_zombie();
  void bury_zombie();
  void be_overtaken_in_doubt();
  void let_zombie_win();
  void lives_on_without_disk_faults(SimKafka::Process& zombie);
  void dies_of_its_disk(SimKafka::Process& process);
  void note(const std::string& what) { outcome_.story += what + "; "; }

  KafkaSchedule schedule_;
  Random random_;
  VirtualClock clock_;
  SourcePart events_;
  SimKafka kafka_;
  std::unique_ptr<SimFileSystem> disk_;
  std::unique_ptr<SimFileSystem> zombie_disk_;
  std::optional<Buggify> rare_;
  Life life_;
  bool drains_ = false;
  Life zombie_;
  Random doubts_;
  Doubt doubt_ = Doubt::kNone;
  std::string defect_of_doubt_;  // Found while the zombie stood still.
  std::uint64_t dies_at_call_ = ~std::uint64_t{0};
  std::uint32_t last_tasks_ = 0;
  TopicReader reader_;
  KafkaOutcome outcome_;
};

}  // namespace penstock::sim
