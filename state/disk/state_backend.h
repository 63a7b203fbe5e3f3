// state/disk/state_backend.h -- where keyed state lives that does not fit into memory.
//
// Without a backend all state of a job is in memory (state/state_table.h). With one, memory holds the keys that are in
// use (state/disk/state_pages.h), and a disk, one for each keyed operator in each task, the rest.
// Records    A key's state is some records whose names begin with the same bytes (state/disk/disk_records.h).
// Order      Blocks of changes are applied in the order in which they were written, keep() in its place among them.
//            A read sees all blocks up to written(), and perhaps later ones.
// Epochs     keep() makes what was written before it durable under an epoch. Nothing else is: a disk begins empty, or
//            as one of the epochs left it.
// Threads    The calls of a worker never wait. Calls while a task opens or restores may. Backends are shared by the
//            workers of a job, disks belong to one.
// Errors     status() of a disk never goes back to OK: its task ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/key_group.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"

namespace penstock {

class Waker;

// What the values of a state are like, for who lets go of what has expired.
struct DiskState {
  bool is_map = false;
  std::uint32_t key_bytes = 0;        // In its items: of the key, or of an element's.
  std::uint32_t value_bytes = 0;      // The first 8 of one that expires say when it was last used.
  std::chrono::microseconds after{};  // 0: never.
  TimeDomain time = TimeDomain::kProcessingTime;
};

struct StateDiskOptions {
  std::string checkpoints{};  // Folder of the job's checkpoints; empty: there are none.
  std::string name{};         // Of the disk: the same for a task in every run.
  std::uint32_t prefix_bytes = 0;
  bool has_maps = false;            // A key may have more than one record.
  std::vector<DiskState> states{};  // By position.
  Waker* waker = nullptr;           // Woken when there is an answer, or room. Outlives the disk.
};

class StateDisk {
 public:
  virtual ~StateDisk() = default;

  // ---- the worker, while it runs ----

  // A block of changes (state/disk/disk_records.h) for those who apply it. Its number: 1, 2, ...
  virtual std::uint64_t write(std::string block) = 0;
  virtual std::uint64_t written() const noexcept = 0;
  // False: so much waits that no more should be written.
  virtual bool has_room() const noexcept = 0;
  // Asks for the records of some keys: a request of state/disk/disk_records.h. Keys may be answered for in parts.
  virtual void fetch(std::string request) = 0;
  // Answers in any order. False: none yet.
  virtual bool take_answer(std::string& answer) = 0;
  // Work for the thread that makes snapshots durable: until all that was written before is, as state of `epoch`.
  virtual std::function<Status()> keep(Epoch epoch) = 0;  // lint: allow(hot) once per epoch
  // Records may go that have expired by then.
  virtual void tell_time(TimeDomain domain, EventTime now) noexcept = 0;
  virtual Status status() const = 0;
  virtual bool failed() const noexcept = 0;

  // ---- while the task opens; may wait ----

  using Visit = std::function<Status(std::string_view name,
                                     std::string_view value)>;  // lint: allow(hot) of a restore

  // Goes on from what was kept under this epoch by the disk of this name. Before anything is written.
  virtual Status go_on_from(const std::string& name, Epoch epoch) = 0;
  // All records of some key groups that were kept.
  virtual Status visit(const std::string& name, Epoch epoch, KeyGroupRange groups,
                       const Visit& visit) = 0;
  // The answer to a request, with all that was written.
  virtual Result<std::string> read(const std::string& request) = 0;
};

class StateBackend {
 public:
  virtual ~StateBackend() = default;

  virtual Result<std::unique_ptr<StateDisk>> open(const StateDiskOptions& options) = 0;
  // Of the state in memory that a disk stands behind, as of now: disks share it.
  virtual std::uint64_t memory_bytes() const noexcept = 0;
};

}  // namespace penstock
