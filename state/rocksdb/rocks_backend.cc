#include "penstock/state/rocksdb/rocks_backend.h"

#include <rocksdb/cache.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "penstock/state/rocksdb/rocks_disk.h"

namespace penstock {
namespace {

constexpr std::uint64_t kMemoryBytesMin = std::uint64_t{1} << 20;
constexpr std::uint32_t kReadersMax = 64;

class RocksBackend final : public StateBackend {
 public:
  explicit RocksBackend(RocksOptions options) : options_(std::move(options)) {
    shared_.cache = rocksdb::NewLRUCache(options_.memory_bytes / 4);
    // It does not stall writers: with many disks and little memory it would for ever. Two full buffers of a disk do.
    shared_.write_buffers =
        std::make_shared<rocksdb::WriteBufferManager>(options_.memory_bytes / 8);
    shared_.write_buffer_bytes = options_.memory_bytes / 16;
    shared_.writer = std::make_unique<WorkQueue>(1);
    shared_.readers = std::make_unique<WorkQueue>(options_.readers);
  }

  Result<std::unique_ptr<StateDisk>> open(const StateDiskOptions& options) override {
    auto folder = DiskFolder::make(options.checkpoints, options_.directory, options.name);
    if (!folder.ok()) return folder.status();
    auto disk = std::make_unique<RocksDisk>(shared_, options, std::move(*folder));
    PENSTOCK_RETURN_IF_ERROR(disk->begin());
    return std::unique_ptr<StateDisk>(std::move(disk));
  }
  std::uint64_t memory_bytes() const noexcept override {
    return options_.memory_bytes / 16 * 5 / std::max<std::uint32_t>(shared_.disks.load(), 1);
  }

 private:
  RocksOptions options_;
  RocksShared shared_;
};

}  // namespace

Result<std::shared_ptr<StateBackend>> rocks_backend(const RocksOptions& options) {
  if (options.memory_bytes < kMemoryBytesMin) {
    return Status::invalid_argument("RocksOptions::memory_bytes is " +
                                    std::to_string(options.memory_bytes) +
                                    "; it must be at least " + std::to_string(kMemoryBytesMin));
  }
  if (options.readers == 0 || options.readers > kReadersMax) {
    return Status::invalid_argument("RocksOptions::readers is " + std::to_string(options.readers) +
                                    "; it must be 1 .. " + std::to_string(kReadersMax));
  }
  return std::shared_ptr<StateBackend>(std::make_shared<RocksBackend>(options));
}

Result<std::shared_ptr<StateBackend>> state_backend(std::string_view name,
                                                    const RocksOptions& options) {
  if (name == "memory") return std::shared_ptr<StateBackend>();
  if (name == "rocksdb") return rocks_backend(options);
  return Status::invalid_argument("there is no state backend \"" + std::string(name) +
                                  "\": choose memory or rocksdb");
}

Result<std::shared_ptr<StateBackend>> state_backend_from_environment() {
  RocksOptions options;
  const char* name = std::getenv("PENSTOCK__STATE");
  if (const char* directory = std::getenv("PENSTOCK__STATE_DIRECTORY"))
    options.directory = directory;
  if (const char* text = std::getenv("PENSTOCK__STATE_MEMORY_BYTES")) {
    const std::string_view value(text);
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), options.memory_bytes);
    if (error != std::errc() || end != value.data() + value.size()) {
      return Status::invalid_argument("PENSTOCK__STATE_MEMORY_BYTES is \"" + std::string(value) +
                                      "\": a whole number is wanted");
    }
  }
  auto backend = state_backend(name != nullptr ? name : "memory", options);
  if (!backend.ok()) return backend.status().with_place("PENSTOCK__STATE");
  return backend;
}

}  // namespace penstock
