#include "penstock/bench/workloads/state_size.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "penstock/api/job.h"
#include "penstock/bench/harness/temporary_folder.h"
#include "penstock/bench/workloads/split_mix.h"
#include "penstock/state/rocksdb/rocks_backend.h"

namespace penstock::bench {
namespace {

struct Hit {
  std::uint64_t key;
};

struct Progress {
  std::atomic<std::int64_t> filled_nanos{0};
  std::atomic<std::uint64_t> sum{0};  // Of all counts that came out.
};

// Each key once, then keys drawn evenly.
class DrawnKeys {
 public:
  using Value = Hit;
  DrawnKeys(const StateSizeLoad& load, std::shared_ptr<Progress> progress)
      : keys_(load.keys), all_(load.keys + load.records), progress_(std::move(progress)) {}

  Status open(const SourceContext& context) {
    next_ = context.task_index;
    step_ = context.task_count;
    return Status();
  }
  PollResult poll(std::size_t max, Instant now, auto& emit) noexcept {
    PollResult result;
    if (next_ >= keys_ && progress_ != nullptr)
      std::exchange(progress_, nullptr)->filled_nanos.store(now.nanos);
    for (; result.records < max && next_ < all_ && !emit.full(); next_ += step_) {
      const std::uint64_t key = next_ < keys_ ? next_ : fin(next_) % keys_;
      emit(Record<Hit>{{fin(key)}, EventTime{}});
      ++result.records;
    }
    if (next_ >= all_) result.state = SourceState::kEnded;
    return result;
  }
  void capture(Epoch, SnapshotWriter&) const noexcept {}  // A run is never gone on from.

 private:
  std::uint64_t keys_;
  std::uint64_t all_;
  std::uint64_t next_ = 0;
  std::uint64_t step_ = 1;
  std::shared_ptr<Progress> progress_;
};

// A payload as a profile of a customer may have.
struct Profile {
  std::uint64_t count = 0;
  std::array<std::uint64_t, 5> rest{};
};

struct CountPerKey {
  using Output = std::uint64_t;
  void open(OperatorContext& context) { profile_ = context.value_state<Profile>("profile"); }
  void on_record(const Record<Hit>& hit, CollectorOf<std::uint64_t> auto&& out) noexcept {
    Profile& profile = profile_.get_or_create();
    profile.rest[profile.count % profile.rest.size()] = hit.value.key;
    out.collect(Record<std::uint64_t>{++profile.count, hit.time});
  }

 private:
  ValueState<Profile> profile_;
};

struct Resident {
  std::uint64_t bytes = 0;
  std::uint64_t of_files = 0;
};
Resident resident_now() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t all = 0;
  Resident now;
  statm >> all >> now.bytes >> now.of_files;
  return {now.bytes * 4096, now.of_files * 4096};
}
std::uint64_t above(std::uint64_t bytes, std::uint64_t before) {
  return bytes - std::min(bytes, before);
}

// What all counts add up to when none is lost: 1 + 2 + ... for each key.
std::uint64_t expected_sum(const StateSizeLoad& load) {
  std::vector<std::uint32_t> drawn(load.keys, 1);
  std::uint64_t sum = load.keys;
  for (std::uint64_t i = load.keys; i < load.keys + load.records; ++i)
    sum += ++drawn[fin(i) % load.keys];
  return sum;
}

std::uint64_t folder_bytes(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path, ignored))
    if (file.is_regular_file(ignored) && file.hard_link_count(ignored) > 0)
      bytes += file.file_size(ignored) / file.hard_link_count(ignored);
  return bytes;
}

}  // namespace

Result<StateSizeFigures> measure_state_size(const StateSizeLoad& load) {
  const TemporaryFolder folder;
  const auto progress = std::make_shared<Progress>();
  Options options;
  options.workers = load.workers;
  if (load.on_disk) {
    auto backend = rocks_backend({.memory_bytes = load.memory_bytes, .directory = folder.path()});
    if (!backend.ok()) return backend.status();
    options.state_backend = std::move(*backend);
  }
  if (load.checkpoint_seconds > 0) {
    options.checkpoint.directory = folder.path() + "/checkpoints";
    options.checkpoint.interval =
        std::chrono::microseconds(static_cast<std::int64_t>(load.checkpoint_seconds * 1e6));
  }
  Job job("state size");
  job.source(DrawnKeys(load, progress), "hits")
      .key_by(&Hit::key)
      .process(CountPerKey{})
      .for_each([progress](std::uint64_t count) noexcept {
        progress->sum.fetch_add(count, std::memory_order_relaxed);
      });
  const RealClock clock;
  const Resident before = resident_now();
  StateSizeFigures figures;
  const Instant begun = clock.now();
  Result<JobHandle> handle = job.start(options);
  if (!handle.ok()) return handle.status();
  Resident most;
  while (!handle->wait_for(std::chrono::milliseconds(20))) {
    if (const Resident now = resident_now(); now.bytes > most.bytes) most = now;
  }
  const Instant ended = clock.now();
  PENSTOCK_RETURN_IF_ERROR(handle->wait());
  figures.resident_bytes_max = above(most.bytes, before.bytes);
  figures.of_files = above(most.of_files, before.of_files);
  figures.disk_bytes = folder_bytes(folder.path());
  const Instant filled{progress->filled_nanos.load()};
  const auto rate = [](std::uint64_t records, std::chrono::nanoseconds time) {
    return static_cast<double>(records) * 1e9 / static_cast<double>(time.count());
  };
  figures.fill_rate = rate(load.keys, filled - begun);
  figures.rate = rate(load.records, ended - filled);
  if (progress->sum.load() != expected_sum(load))
    return Status::internal("the counts add up to " + std::to_string(progress->sum.load()) +
                            ", and should to " + std::to_string(expected_sum(load)));
  return figures;
}

}  // namespace penstock::bench
