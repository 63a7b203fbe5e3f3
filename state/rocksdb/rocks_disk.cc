#include "penstock/state/rocksdb/rocks_disk.h"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>

#include <utility>
#include <vector>

#include "penstock/core/base/crash_point.h"
#include "penstock/core/stream/source.h"
#include "penstock/state/disk/disk_records.h"

namespace penstock {
namespace {

rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RecordFilter final : public rocksdb::CompactionFilter {
 public:
  explicit RecordFilter(const ExpiryFilter& expiry) : expiry_(expiry) {}
  const char* Name() const override { return "penstock.ExpiryFilter"; }
  bool Filter(int, const rocksdb::Slice& name, const rocksdb::Slice& value, std::string*,
              bool*) const override {
    return expiry_.has_expired(view_of(name), view_of(value));
  }

 private:
  const ExpiryFilter& expiry_;
};

}  // namespace

void RocksDisk::Outcome::settle(Status how) {
  {
    const std::lock_guard lock(mutex);
    status = std::move(how);
    is_settled = true;
  }
  settled.notify_all();
}

Status RocksDisk::Outcome::wait() {
  std::unique_lock lock(mutex);
  settled.wait(lock, [this] { return is_settled; });
  return status;
}

RocksDisk::RocksDisk(RocksShared& shared, const StateDiskOptions& options, DiskFolder folder)
    : shared_(shared),
      options_(options),
      folder_(std::move(folder)),
      expiry_(options.prefix_bytes, options.states),
      filter_(std::make_unique<RecordFilter>(expiry_)) {
  shared_.disks.fetch_add(1);
}

RocksDisk::~RocksDisk() {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    done_.wait(lock, [this] { return under_way_ == 0; });
  }
  db_.reset();
  shared_.disks.fetch_sub(1);
}

Status RocksDisk::begin() {
  folder_.remove_unneeded();
  PENSTOCK_RETURN_IF_ERROR(folder_.begin());
  return open_live();
}

rocksdb::Options RocksDisk::db_options() const {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = shared_.cache;
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = !options_.has_maps;
  table.optimize_filters_for_memory = true;
  // In small pieces: whole ones push each other out of a cache that is smaller than all of them.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.pin_top_level_index_and_filter = true;
  table.format_version = 5;
  rocksdb::Options options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_manager = shared_.write_buffers;
  options.write_buffer_size = shared_.write_buffer_bytes;
  // All of a key's records have one prefix, which one look at a filter can rule out.
  if (options_.has_maps)
    options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(options_.prefix_bytes));
  options.level_compaction_dynamic_level_bytes = true;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kLZ4Compression;
  options.create_if_missing = true;
  options.avoid_flush_during_shutdown = true;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  if (expiry_.any_expires()) options.compaction_filter = filter_.get();
  return options;
}

Status RocksDisk::open_live() {
  PENSTOCK_CRASH_POINT("state_disk.begun");
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(db_options(), folder_.live(), &db);
  db_.reset(db);
  return with_place(opened, "open");
}

Status RocksDisk::with_place(const rocksdb::Status& status, const std::string& what) const {
  if (status.ok()) return {};
  const StatusCode code = status.IsCorruption() ? StatusCode::kDataError
                          : status.IsNoSpace()  ? StatusCode::kResourceExhausted
                                                : StatusCode::kUnavailable;
  return {code, "RocksDB cannot " + what + " '" + folder_.live() + "': " + status.ToString() +
                    "; make room on the disk, or start the job again from its last checkpoint"};
}

void RocksDisk::fail(Status status) {
  if (status.ok()) return;
  {
    const std::lock_guard lock(mutex_);
    if (failure_.ok()) failure_ = std::move(status);
  }
  failed_.store(true, std::memory_order_release);
}

Status RocksDisk::status() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

// What is not begun when the disk goes is dropped: `work` looks at closing_ where others wait for it.
void RocksDisk::post(WorkQueue& queue, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  queue.post([this, work = std::move(work)] {
    work();
    if (options_.waker != nullptr) options_.waker->wake();
    const std::lock_guard lock(mutex_);
    --under_way_;
    done_.notify_all();
  });
}

// ---- changes ----

std::uint64_t RocksDisk::write(std::string block) {
  waiting_bytes_.fetch_add(block.size(), std::memory_order_relaxed);
  post(*shared_.writer, [this, block = std::move(block), number = ++blocks_] {
    apply(block);
    waiting_bytes_.fetch_sub(block.size(), std::memory_order_relaxed);
    if (!failed()) written_.store(number, std::memory_order_release);
  });
  return blocks_;
}

void RocksDisk::apply(const std::string& block) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || !failure_.ok()) return;
  }
  rocksdb::WriteBatch batch(block.size() + 64);
  const bool whole = for_each_change(
      block,
      [&](std::string_view name, std::string_view value) {
        static_cast<void>(batch.Put(slice_of(name), slice_of(value)));
      },
      [&](std::string_view name) { static_cast<void>(batch.Delete(slice_of(name))); });
  if (!whole) return fail(Status::internal("a block of changes for a state disk is damaged"));
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  fail(with_place(db_->Write(options, &batch), "write to"));
}

std::function<Status()> RocksDisk::keep(Epoch epoch) {
  auto outcome = std::make_shared<Outcome>();
  post(*shared_.writer, [this, outcome, epoch] { outcome->settle(make_kept(epoch)); });
  return [outcome] { return outcome->wait(); };
}

Status RocksDisk::make_kept(Epoch epoch) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Status::failed_precondition("the task has ended");
    if (!failure_.ok()) return failure_;
  }
  if (options_.checkpoints.empty()) return {};
  PENSTOCK_RETURN_IF_ERROR(folder_.before_keep(epoch));
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  PENSTOCK_CRASH_POINT("state_disk.keeping");
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder_.kept(epoch));
  PENSTOCK_RETURN_IF_ERROR(with_place(status, "keep an epoch of"));
  PENSTOCK_CRASH_POINT("state_disk.kept");
  folder_.remove_unneeded();
  return folder_.after_keep();
}

// ---- requests ----

void RocksDisk::fetch(std::string request) {
  post(*shared_.readers, [this, request = std::move(request)] {
    std::string answer_bytes;
    if (!failed()) fail(answer(request, answer_bytes));
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer_bytes));
  });
}

bool RocksDisk::take_answer(std::string& answer) {
  const std::lock_guard lock(mutex_);
  if (answers_.empty()) return false;
  answer = std::move(answers_.front());
  answers_.pop_front();
  return true;
}

Status RocksDisk::answer(const std::string& request, std::string& into) const {
  return options_.has_maps ? answer_with_maps(request, into) : answer_without_maps(request, into);
}

Status RocksDisk::answer_without_maps(const std::string& request, std::string& into) const {
  const std::size_t keys = request.size() / asked_bytes();
  std::vector<std::string> names(keys);
  std::vector<rocksdb::Slice> slices(keys);
  std::vector<rocksdb::PinnableSlice> values(keys);
  std::vector<rocksdb::Status> found(keys);
  for (std::size_t i = 0; i < keys; ++i) {
    const std::string_view asked =
        std::string_view(request).substr(i * asked_bytes(), asked_bytes());
    names[i].assign(asked.substr(sizeof(std::uint64_t)));
    names[i].push_back(static_cast<char>(kDiskKeyTable));
    slices[i] = names[i];
  }
  db_->MultiGet(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), keys, slices.data(),
                values.data(), found.data());
  DiskAnswer answer;
  for (std::size_t i = 0; i < keys; ++i) {
    answer.begin(std::string_view(request).substr(i * asked_bytes(), asked_bytes()));
    if (found[i].ok()) answer.record(names[i], view_of(values[i]));
    if (!found[i].ok() && !found[i].IsNotFound()) return with_place(found[i], "read from");
    answer.end();
  }
  into = answer.take();
  return {};
}

Status RocksDisk::answer_with_maps(const std::string& request, std::string& into) const {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  DiskAnswer answer;
  for (std::size_t i = 0; i < request.size(); i += asked_bytes()) {
    const std::string_view asked = std::string_view(request).substr(i, asked_bytes());
    const std::string_view prefix = asked.substr(sizeof(std::uint64_t));
    answer.begin(asked);
    for (at->Seek(slice_of(prefix)); at->Valid() && at->key().starts_with(slice_of(prefix));
         at->Next())
      answer.record(view_of(at->key()), view_of(at->value()));
    if (!at->status().ok()) return with_place(at->status(), "read from");
    answer.end();
  }
  into = answer.take();
  return {};
}

// ---- restore ----

Status RocksDisk::go_on_from(const std::string& name, Epoch epoch) {
  db_.reset();
  PENSTOCK_RETURN_IF_ERROR(folder_.begin_from(folder_.kept_by(name, epoch)));
  return open_live();
}

Status RocksDisk::visit(const std::string& name, Epoch epoch, KeyGroupRange groups,
                        const Visit& visit) {
  rocksdb::Options options = db_options();
  options.create_if_missing = false;
  options.compaction_filter = nullptr;
  rocksdb::DB* opened = nullptr;
  const std::string kept = folder_.kept_by(name, epoch);
  PENSTOCK_RETURN_IF_ERROR(
      with_place(rocksdb::DB::OpenForReadOnly(options, kept, &opened), "read '" + kept + "' for"));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::ReadOptions all;
  all.total_order_seek = true;
  all.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(all));
  std::string first;
  append_disk_group(first, {groups.first});
  for (at->Seek(first); at->Valid(); at->Next()) {
    const std::string_view record = view_of(at->key());
    if (record.size() < kDiskGroupBytes || !groups.contains(disk_group_of(record))) break;
    PENSTOCK_RETURN_IF_ERROR(visit(record, view_of(at->value())));
    // Copies are not held back otherwise.
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return has_room() || !failure_.ok(); });
    if (!failure_.ok()) return failure_;
  }
  return with_place(at->status(), "read '" + kept + "' for");
}

Result<std::string> RocksDisk::read(const std::string& request) {
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return under_way_ == 0; });
    if (!failure_.ok()) return failure_;
  }
  std::string into;
  PENSTOCK_RETURN_IF_ERROR(answer(request, into));
  return into;
}

}  // namespace penstock
