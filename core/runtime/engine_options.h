// core/runtime/engine_options.h -- what an engine is told when it is built.
//
// Ownership  What a pointer leads to belongs to the caller and outlives the engine; null stands for the engine's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/core/runtime/engine_checkpoints.h"
#include "penstock/core/runtime/worker.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

struct EngineOptions {
  std::uint32_t workers = 1;  // 1 .. 256
  WaitProfile profile = WaitProfile::kBalanced;
  bool pin_workers = false;       // One core each, chosen from those this process may use.
  std::size_t batch_max = 1024;   // Records per task and step: reached under full load only.
  FiringPace firing{};            // Of windows and timers that come due.
  std::size_t ring_slots = 4096;  // Per ring; a power of two.
  // Per ring whose records are rows, for what they hold; a power of two. A row of more than a quarter of it is
  // allocated by itself.
  std::size_t ring_bytes = std::size_t{1} << 20;
  std::uint64_t state_keys_max = ~0ULL;  // Per task.
  // Of keyed state, all tasks together; 0: three quarters of the memory that the process may have. A job that would go
  // over it ends with kResourceExhausted.
  std::uint64_t state_bytes_max = 0;
  // Where keyed state goes that does not fit into memory (state/rocksdb/rocks_backend.h). Null: it has to.
  std::shared_ptr<StateBackend> state_backend{};
  std::uint64_t seed = 0;             // Of hash tables; 0: from the operating system.
  Clock* clock = nullptr;             // Null: the real one.
  FileSystem* file_system = nullptr;  // Null: the operating system's.
  Scheduler* scheduler = nullptr;     // Null: the operating system's threads.
  Notices* notices = nullptr;         // Null: lines on standard error.
  std::string job_name{};             // In checkpoints.
  CheckpointOptions checkpoint{};
};

// kInvalidArgument names the first option that is out of its range, its value and what to choose.
Status check(const EngineOptions& options);

}  // namespace penstock
