#include "penstock/state/rocksdb/rocks_backend.h"

#include <algorithm>
#include <utility>

#include "penstock/state/rocksdb/rocks_disk.h"

namespace penstock {
namespace {

constexpr std::uint64_t kMemoryBytesMin = std::uint64_t{16} << 20;
constexpr std::uint32_t kReadersMax = 64;

class RocksBackend final : public StateBackend {
 public:
  explicit RocksBackend(RocksOptions options) : options_(std::move(options)) {
    shared_.cache = rocksdb::NewLRUCache(options_.memory_bytes / 4);
    shared_.write_buffers =
        std::make_shared<rocksdb::WriteBufferManager>(options_.memory_bytes / 4);
    shared_.write_buffer_bytes = options_.memory_bytes / 8;
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
    return options_.memory_bytes / 2 / std::max<std::uint32_t>(shared_.disks.load(), 1);
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

}  // namespace penstock
