// core/stream/task_context.h -- what a task gives the operators, sources and sinks of its stage when it opens them.
//
// Threads    Belongs to the worker that owns the task. TaskCounters have one writer (that worker) and any reader.
// Ownership  Everything pointed to outlives the task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/core/base/key_group.h"
#include "penstock/core/base/memory_budget.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/erased.h"
#include "penstock/core/stream/source.h"

namespace penstock {

class StateBackend;  // state/disk/state_backend.h

// A number with one writer that others may read while it runs.
class Counter {
 public:
  void add(std::uint64_t by) noexcept { value_.store(get() + by, std::memory_order_relaxed); }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct TaskCounters {
  Counter records_in;
  Counter records_out;
  Counter errors;        // Records that could not be read, whatever became of them.
  Counter skipped;       // Of these: dropped by policy.
  Counter dead_letters;  // Of these: kept in the dead-letter file.
  Counter late;
  Counter misdated;     // Their time cannot be right: kept from the watermark.
  Counter side_unread;  // Emitted into a side output that nobody reads.
  Counter overflows;    // Elements that did not fit their ring at first.
  Counter
      row_blocks;  // Rows that left in blocks of their own: too large for the ring's bytes, or it was full.
  Counter state_keys;
  Counter state_bytes;
  Counter hottest_group;          // The key group with most records of late...
  Counter hottest_group_records;  // ...how many of them were its, of those that count...
  Counter sampled_records;        // ...and how many these are.
  Counter lag;        // Records that a source knows of and has not read, as of about a second ago.
  Counter delivered;  // Records, dead letters among them, that who they were sent to has confirmed.
  Counter undelivered;  // Those that were refused or given up.
  std::atomic<std::int64_t> watermark_micros{kMinEventTime.micros};
  std::atomic<std::uint64_t> epoch{0};  // Last barrier that has passed.
};

// How many more records a task may emit before it has to look at its rings again. Shared by all gates of a task; who
// reads records looks at it between two of them.
struct Credit {
  std::int64_t left = 0;
};

// The first error of a task. Set by operators and gates, read by the task after each batch. It takes the task's credit
// away, so that the one check between two records serves both.
class TaskFailure {
 public:
  void takes(Credit& credit) noexcept { credit_ = &credit; }
  bool failed() const noexcept { return failed_; }
  const Status& status() const noexcept { return status_; }
  // Keeps the first error; later ones are consequences of it.
  void set(Status status) noexcept {
    if (failed_) return;
    failed_ = true;
    status_ = std::move(status);
    if (credit_ != nullptr) credit_->left = 0;
  }

 private:
  bool failed_ = false;
  Credit* credit_ = nullptr;
  Status status_;
};

// Side outputs of a stage, by name; the type is checked when an operator asks for one.
struct SideOutputSlot {
  std::string name;
  const std::type_info* type = nullptr;
  void* collector = nullptr;  // AnyCollector<T>*
};

// The pace at which what a watermark made due comes out: entries or timers visited per step, so that records wait for
// no more than one slice, and at least so many for each record that came in, so that it is done before more is due.
struct FiringPace {
  std::size_t slice = 1024;
  std::size_t per_record = 32;
};

struct TaskContext {
  std::string stage_name;
  std::uint32_t task_index = 0;
  std::uint32_t task_count = 1;
  KeyGroupRange key_groups;
  std::uint64_t seed = 0;  // For hash tables: differs from process to process.
  std::uint64_t state_keys_max = ~0ULL;
  std::uint64_t state_keys_expected = 0;  // Room for so many is made when state is opened.
  MemoryBudget* state_memory = nullptr;   // Of the job; null: without a limit.
  StateBackend* state_backend = nullptr;  // Null: keyed state is in memory.
  std::string state_disk;                 // A name for what this task keeps there.
  std::string checkpoint_folder;          // Of the job; empty: none.
  FiringPace firing;
  bool takes_snapshots = false;  // Sinks then publish what belongs to an epoch once it is durable.
  Epoch restored_epoch;          // What it starts from; 0: from nothing.
  bool may_drop_state = false;   // States of the snapshot that nobody has any more may be dropped.
  SourceLog source_log;
  Clock* clock = nullptr;  // Never null, like the rest of these.
  FileSystem* file_system = nullptr;
  Waker* waker = nullptr;
  Notices* notices = nullptr;
  TaskFailure* failure = nullptr;
  const Credit* credit = nullptr;
  TaskCounters* counters = nullptr;
  std::vector<SideOutputSlot> side_outputs;

  // Whether a stream reads side output `name`, and its collector; one that drops everything when none does.
  template <class T>
  bool has_side_output(std::string_view name) const {
    return find_side_output(name, typeid(T)) != nullptr;
  }
  template <class T>
  AnyCollector<T> side_output(std::string_view name) const {
    const SideOutputSlot* slot = find_side_output(name, typeid(T));
    return slot == nullptr ? AnyCollector<T>() : *static_cast<AnyCollector<T>*>(slot->collector);
  }

 private:
  const SideOutputSlot* find_side_output(std::string_view name, const std::type_info& type) const {
    for (const SideOutputSlot& slot : side_outputs) {
      if (slot.name == name && *slot.type == type) return &slot;
    }
    return nullptr;
  }
};

}  // namespace penstock
