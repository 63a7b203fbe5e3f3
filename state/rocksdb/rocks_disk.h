// state/rocksdb/rocks_disk.h -- the disk of one keyed operator in one task, in a RocksDB of its own.
//
// Threads    As StateDisk; blocks and epochs are worked off by the backend's writer, requests by its readers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "penstock/state/disk/state_backend.h"
#include "penstock/state/rocksdb/disk_folder.h"
#include "penstock/state/rocksdb/expiry_filter.h"
#include "penstock/state/rocksdb/work_queue.h"

namespace rocksdb {
class Cache;
class CompactionFilter;
class DB;
class Status;
class WriteBufferManager;
struct Options;
}  // namespace rocksdb

namespace penstock {

// What the disks of a job share.
struct RocksShared {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
  std::uint64_t write_buffer_bytes = 0;
  std::unique_ptr<WorkQueue> writer;
  std::unique_ptr<WorkQueue> readers;
  std::atomic<std::uint32_t> disks{0};
};

class RocksDisk final : public StateDisk {
 public:
  RocksDisk(RocksShared& shared, const StateDiskOptions& options, DiskFolder folder);
  ~RocksDisk() override;

  Status begin();

  std::uint64_t write(std::string block) override;
  std::uint64_t written() const noexcept override {
    return written_.load(std::memory_order_acquire);
  }
  bool has_room() const noexcept override {
    return waiting_bytes_.load(std::memory_order_relaxed) < kRoomBytes;
  }
  void fetch(std::string request) override;
  bool take_answer(std::string& answer) override;
  std::function<Status()> keep(Epoch epoch) override;
  void tell_time(TimeDomain domain, EventTime now) noexcept override {
    expiry_.tell_time(domain, now);
  }
  Status status() const override;
  bool failed() const noexcept override { return failed_.load(std::memory_order_acquire); }
  Status go_on_from(const std::string& name, Epoch epoch) override;
  Status visit(const std::string& name, Epoch epoch, KeyGroupRange groups,
               const Visit& visit) override;
  Result<std::string> read(const std::string& request) override;

 private:
  static constexpr std::uint64_t kRoomBytes = std::uint64_t{8} << 20;
  // What the thread that makes snapshots durable waits for.
  struct Outcome {
    std::mutex mutex;
    std::condition_variable settled;
    bool is_settled = false;
    Status status;

    void settle(Status how);
    Status wait();
  };

  rocksdb::Options db_options() const;
  Status open_live();
  Status with_place(const rocksdb::Status& status, const std::string& what) const;
  void fail(Status status);
  void post(WorkQueue& queue, std::function<void()> work);
  void apply(const std::string& block);
  Status make_kept(Epoch epoch);
  Status answer(const std::string& request, std::string& into) const;
  Status answer_with_maps(const std::string& request, std::string& into) const;
  Status answer_without_maps(const std::string& request, std::string& into) const;
  std::size_t asked_bytes() const noexcept { return sizeof(std::uint64_t) + options_.prefix_bytes; }

  RocksShared& shared_;
  StateDiskOptions options_;
  DiskFolder folder_;
  ExpiryFilter expiry_;
  std::unique_ptr<rocksdb::CompactionFilter> filter_;
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t blocks_ = 0;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> waiting_bytes_{0};
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;  // Of what follows.
  std::condition_variable done_;
  std::uint64_t under_way_ = 0;
  bool closing_ = false;
  std::deque<std::string> answers_;
  Status failure_;
};

}  // namespace penstock
