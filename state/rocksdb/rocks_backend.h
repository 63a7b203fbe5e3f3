// state/rocksdb/rocks_backend.h -- keeps keyed state that does not fit into memory in RocksDB: a library of its own,
// penstock::state_rocksdb.
//
//   options.state_backend = *rocks_backend({.memory_bytes = 1 << 30});
//
// Memory     Five sixteenths of memory_bytes are for keys in use, four for what RocksDB has read, its indexes, filters,
//            two for what it has not written yet, the rest for what is on its way and for its own work. Windows and
//            timers come on top: they stay in memory.
// Disk       DIR/state/TASK/live of the checkpoint folder is what a task works on; it is thrown away when the job
//            starts. DIR/state/TASK/epoch-N is what belongs to the checkpoint e-N: hard links to files of live that
//            never change, so it costs what has changed. It goes with e-N. Without checkpoints, a folder of its own
//            below `directory`, for as long as the job runs.
// Epochs     No log is written ahead: what is not in a kept epoch is recomputed from the sources.
// Threads    One applies changes and keeps epochs, some read; RocksDB has its own for compaction.
// Errors     Of opening: the folder, and what is wrong with it. While it runs: the task ends, and the job with it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/state/disk/state_backend.h"

namespace penstock {

struct RocksOptions {
  std::uint64_t memory_bytes = std::uint64_t{512} << 20;  // At least 1 MiB.
  std::string directory{};                                // For jobs without checkpoints.
  std::uint32_t readers = 2;                              // Threads; 1 .. 64.
};

Result<std::shared_ptr<StateBackend>> rocks_backend(const RocksOptions& options);

// By name: "memory" is none (null), "rocksdb" is this one.
Result<std::shared_ptr<StateBackend>> state_backend(std::string_view name,
                                                    const RocksOptions& options);
// As PENSTOCK__STATE says (memory, if it says nothing), with PENSTOCK__STATE_MEMORY_BYTES and
// PENSTOCK__STATE_DIRECTORY. A value that cannot be read is an error that names the variable.
Result<std::shared_ptr<StateBackend>> state_backend_from_environment();

}  // namespace penstock
