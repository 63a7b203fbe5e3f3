// core/checkpoint/coordinator.h -- decides when an epoch begins, and makes it durable when all tasks have captured it.
//
//   waiting -> capturing(e) -> committed(e) -> waiting        or, from capturing(e): -> given up(e) -> waiting
//
// Epochs     One at a time. The next begins `interval` after the last one ended, if the job has done anything since;
//            and at once when all tasks have ended, which makes the last epoch.
// Failure    An epoch that takes too long, or whose files cannot be written, is given up with a Notice; the job goes
//            on, and the last good one stays. Only where the last epoch fails again and again, as nothing else could
//            ever make the results durable, the job fails.
// Savepoints One that is asked for begins as soon as none is under way, also if the job has done nothing. See
//            savepoint_requests.h.
// Changes    A job that goes on from a checkpoint of another shape says at the start what is kept, dropped and begins
//            anew; where it would drop state it refuses, unless CheckpointOptions::allow_dropped_state.
// Committing Output of which another system decides what readers see (EpochTransactions) is committed first of all when
//            the epoch is durable; where that fails, the job does, as nobody knows what they have seen.
// Publishing What sinks have asked for (SnapshotWriter::after_commit) runs when the epoch is durable, before the next.
// Threads    open() before the others; then step() from one thread at a time: its own, see start(), or by hand. Ports
//            wake it. EpochCommands are called from that thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/helper_thread.h"
#include "penstock/core/base/status.h"
#include "penstock/core/checkpoint/checkpoint_store.h"
#include "penstock/core/checkpoint/output_epochs.h"
#include "penstock/core/checkpoint/restore_progress.h"
#include "penstock/core/checkpoint/savepoint_requests.h"
#include "penstock/core/checkpoint/snapshot_port.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {

struct CheckpointOptions {
  std::string directory;  // Empty: no checkpoints.
  std::chrono::microseconds interval{1'000'000};
  std::chrono::milliseconds timeout{60'000};  // Of one epoch.
  std::size_t retain = 3;
  // Lines of standard input and TCP are in a log on the disk before the job gets them, so that it can go on from there.
  bool write_ahead_log = false;
  Epoch restore_from;       // 0: the newest good one, or a new start when there is none.
  bool begin_anew = false;  // From nothing, though there are some; these stay.
  // State that the job has no place for any more is dropped; else such a job does not start.
  bool allow_dropped_state = false;
};

// What to go on from, as people write it: "newest", "none", "e-17" or "17".
Status read_restore_choice(std::string_view text, CheckpointOptions& options);

// What the coordinator has the job do.
class EpochCommands {
 public:
  virtual ~EpochCommands() = default;
  virtual void request(Epoch epoch) noexcept = 0;
  virtual void give_up(Epoch epoch) noexcept = 0;
  // `last`: all tasks had ended.
  virtual void committed(Epoch epoch, bool last) noexcept = 0;
  virtual void fail(const Status& status) noexcept = 0;
  // A number that changes when the job does anything.
  virtual std::uint64_t progress() const noexcept = 0;
};

struct CheckpointMetrics {
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;
  Epoch newest;       // Durable.
  Instant newest_at;  // When it became so.
  std::uint64_t newest_bytes = 0;
  std::chrono::nanoseconds newest_took{0};  // From the request to durable.
};

class CheckpointCoordinator {
 public:
  struct Task {
    StageId stage;
    std::uint32_t index = 0;
    std::uint32_t count = 1;
    SnapshotPort* port = nullptr;
  };

  // Everything pointed to outlives it.
  CheckpointCoordinator(CheckpointOptions options, FileSystem& files, const Clock& clock,
                        Notices& notices, EpochCommands& commands);
  ~CheckpointCoordinator();

  // Before open().
  void use(std::shared_ptr<EpochTransactions> transactions) {
    outputs_.use(std::move(transactions));
  }
  // Takes the folder and finds what to go on from. `plan` is of the job that starts.
  Status open(std::string job, std::vector<StageFingerprint> plan);
  // What is gone on from; 0: nothing.
  Epoch restored() const noexcept { return restored_ ? restored_->epoch : Epoch{}; }
  // What tasks begin with: the first epoch that is requested, perhaps before they have opened, is a later one.
  Epoch base_epoch() const noexcept { return base_epoch_; }
  // Everything that the tasks of `stage` had captured. Any thread.
  Status restore(StageId stage, const SnapshotParser::Visit& visit) const;

  void add_task(const Task& task);
  // A bounded amount of work; when to come again at the latest.
  Instant step(Instant now);

  Status start();
  void stop();

  // Waits for a savepoint that holds all that the job has done so far. REQUIRES: another thread steps.
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout);
  // The job has failed: whoever waits for a savepoint is told.
  void refuse_savepoints(const Status& why) { savepoints_.close(why); }

  CheckpointMetrics metrics() const;

 private:
  struct Part {
    Task task;
    std::optional<PartWriter> writer;
    std::optional<PartInfo> info;  // All of it is on the disk.
    bool ended = false;
  };
  static constexpr int kLastEpochTries = 5;

  void run();
  Status open_outputs();
  Status choose();
  Status explain_differences() const;
  std::uint64_t bytes_to_restore() const;
  std::optional<StageId> stage_of(std::string_view name) const;
  bool take_deliveries(Instant now);
  Status take(Part& part, SnapshotPort::Delivery delivery);
  Status publish();
  void complete(Epoch epoch, bool last);
  bool is_due(Instant now) const;
  bool all_ended() const;
  void begin(Instant now);
  void finish_if_complete(Instant now);
  void give_up(const Status& why, Instant now);
  std::string missing_parts() const;

  CheckpointOptions options_;
  const Clock& clock_;
  Notices& notices_;
  EpochCommands& commands_;
  CheckpointStore store_;
  OutputEpochs outputs_;
  SavepointRequests savepoints_;
  mutable RestoreProgress restore_progress_;
  std::string job_;
  std::vector<StageFingerprint> plan_;
  std::optional<Manifest> restored_;
  Epoch base_epoch_;
  std::vector<Part> parts_;
  std::vector<std::function<Status()>> publications_;
  std::optional<Epoch> current_;
  Instant began_;
  Instant next_at_;
  Instant retry_at_{};                          // After a failure, also for savepoints.
  std::uint64_t progress_ = ~std::uint64_t{0};  // At the last request.
  int last_failures_ = 0;
  bool over_ = false;

  mutable std::mutex mutex_;  // Of what follows.
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  CheckpointMetrics metrics_;
  std::unique_ptr<ThreadHandle> thread_;
};

}  // namespace penstock
