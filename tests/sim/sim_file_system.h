// tests/sim/sim_file_system.h -- a disk in memory that crashes, tears writes and fails calls as a
// seed or a test says.
//
// Model      What a call returned is in the cache; what a crash leaves is on the disk. sync() puts
//            a file's content on the disk, not its name; sync_directory() puts the names of that
//            directory there. A rename is atomic. Of everything that was not synced, crash() keeps
//            a part that a real file system might keep: some operations on names, in an order in
//            which each builds on the earlier ones of the same file and name, and of each file's
//            new bytes a beginning, perhaps with zeros behind it or in pages amid it, where the length
//            came through and the data did not. A failed sync leaves its bytes in doubt for good.
// Locks      Nobody holds one after a crash.
// Threads    As FileSystem demands; deterministic if the order of calls is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/core/base/file_system.h"

namespace penstock {

namespace sim {

struct SimDisk;

enum class CallKind : std::uint8_t {
  kOpen,
  kRead,
  kSize,
  kAppend,
  kSync,
  kClose,
  kRename,
  kRemove,
  kTruncate,
  kMakeDirectory,
  kSyncDirectory,
  kList,
  kLock,
};
inline constexpr int kCallKinds = 13;

}  // namespace sim

class SimFileSystem final : public FileSystem {
 public:
  explicit SimFileSystem(std::uint64_t seed);
  ~SimFileSystem() override;

  Result<std::unique_ptr<ReadableFile>> open_for_reading(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> open_for_writing(const std::string& path,
                                                         WriteMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status truncate(const std::string& path, std::uint64_t bytes) override;
  Status create_directories(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  // The power goes and comes back: open files are dead, and the cache is what the disk holds.
  void crash();

  // Another disk with all that its users see on this one, as after a sync of everything. Nobody holds a lock there.
  std::unique_ptr<SimFileSystem> copy(std::uint64_t seed) const;

  // Calls that can fail, so far, those of open files included: the way to fail each of them once.
  std::uint64_t calls() const;
  std::uint64_t calls(sim::CallKind kind) const;
  // Lets call number `call` (the first is 0) fail with this errno, or that one and all after it. A
  // failing append leaves a beginning of its bytes.
  enum class Repeat { kOnce, kForever };
  void fail_call(std::uint64_t call, int error_number, Repeat repeat = Repeat::kOnce);
  // The same, counting calls of one kind only.
  void fail_call(sim::CallKind kind, std::uint64_t call, int error_number,
                 Repeat repeat = Repeat::kOnce);
  void clear_faults();

 private:
  std::shared_ptr<sim::SimDisk> disk_;  // Shared with open files.
};

}  // namespace penstock
