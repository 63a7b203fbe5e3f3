// core/base/file_system.h -- the only door to files, so that the simulator can own the disk and its faults.
//
// Threads    A FileSystem may be used from any thread; a file object by one thread at a time.
// Errors     Every call may fail with a Status that names the path. Short writes and EINTR are handled inside; a
//            failed sync() is final for that file: it must be thrown away, never synced again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock {

class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads at most buffer.size() bytes from `offset`; 0 means end of file (as it is now: it may grow).
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status append(std::string_view bytes) = 0;
  virtual Status sync() = 0;
  virtual Status close() = 0;
};

// A lock that is held until it is destroyed, or its process ends in whatever way.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class WriteMode { kTruncate, kAppend, kCreateNew };

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<ReadableFile>> open_for_reading(const std::string& path) = 0;
  // New files get mode 0600.
  virtual Result<std::unique_ptr<WritableFile>> open_for_writing(const std::string& path,
                                                                 WriteMode mode) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Cuts a file off behind its first `bytes`; a shorter one stays as it is. On the disk with the next sync().
  virtual Status truncate(const std::string& path, std::uint64_t bytes) = 0;
  virtual Status create_directories(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;  // Names, sorted.
  virtual bool exists(const std::string& path) = 0;
  // Takes the lock of a file, which is made if need be and never removed. kFailedPrecondition, with the number of the
  // process if it is known, when another one or this one has it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// The operating system's files. No state: one per job or one per process makes no difference.
std::unique_ptr<FileSystem> make_posix_file_system();

}  // namespace penstock
