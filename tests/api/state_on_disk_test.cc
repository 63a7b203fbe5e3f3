// Jobs whose keyed state is on a disk: the answers of state in memory, also by other numbers of workers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "penstock/state/rocksdb/rocks_backend.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock {
namespace {

using test::TemporaryFolder;

struct Hit {
  std::uint32_t key = 0;
};
struct Seen {
  std::uint32_t key = 0;
  std::uint64_t hits = 0;
  std::uint64_t kinds = 0;
};

// Hits of many keys, from where the snapshot says; each run reads a part and ends.
class Hits {
 public:
  using Value = Hit;
  Hits(std::uint64_t count, std::uint32_t keys) : count_(count), keys_(keys) {}

  Status open(const SourceContext&) { return Status(); }
  PollResult poll(std::size_t max, Instant, auto& emit) noexcept {
    PollResult result;
    for (; result.records < max && read_ < count_ && !emit.full(); ++read_, ++result.records) {
      const std::uint32_t key = static_cast<std::uint32_t>(key_hash(begun_ + read_) >> 20) % keys_;
      emit(Record<Hit>{{key}, EventTime{static_cast<std::int64_t>(begun_ + read_)}});
    }
    if (read_ == count_) result.state = SourceState::kEnded;
    return result;
  }
  void capture(Epoch, SnapshotWriter& out) const {
    const std::uint64_t at = begun_ + read_;
    out.section("hits", 1);
    out.add({reinterpret_cast<const char*>(&at), sizeof(at)});
  }
  Status restore(const SnapshotItem& item) {
    std::memcpy(&begun_, item.bytes.data(), sizeof(begun_));
    return {};
  }

 private:
  std::uint64_t count_;
  std::uint32_t keys_;
  std::uint64_t begun_ = 0;
  std::uint64_t read_ = 0;
};

struct CountHits {
  using Output = Seen;
  void open(OperatorContext& context) {
    hits_ = context.value_state<std::uint64_t>("hits");
    kinds_ = context.map_state<std::uint32_t, std::uint64_t>("kinds");
  }
  void on_record(const Record<Hit>& hit, CollectorOf<Seen> auto&& out) noexcept {
    ++kinds_.get_or_create(static_cast<std::uint32_t>(hit.time.micros % 3));
    out.collect(Record<Seen>{{hit.value.key, ++hits_.get_or_create(), kinds_.size()}, hit.time});
  }

 private:
  ValueState<std::uint64_t> hits_;
  MapState<std::uint32_t, std::uint64_t> kinds_;
};

using Newest = std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>>;

// One run of the job; what it saw last of each key.
Status run(const Options& options, std::uint64_t hits, std::uint32_t keys, Newest& newest) {
  Job job("hits");
  std::mutex mutex;
  job.source(Hits(hits, keys), "hits")
      .parallelism(1)
      .key_by(&Hit::key)
      .process(CountHits{})
      .for_each([&](const Seen& seen) {
        const std::lock_guard lock(mutex);
        newest[seen.key] = std::max(newest[seen.key], {seen.hits, seen.kinds});
      });
  return job.run(options);
}

Options options_of(const std::string& folder, std::uint32_t workers, bool on_disk) {
  Options options;
  options.workers = workers;
  options.checkpoint.directory = folder;
  options.checkpoint.interval = std::chrono::milliseconds(5);
  if (on_disk) options.state_backend = rocks_backend({.memory_bytes = 1 << 20}).value();
  return options;
}

// Each block that a thread reads is a race that ThreadSanitizer has to look up as suppressed (tests/tsan.supp).
#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kHits = 4'000;
constexpr std::uint32_t kKeys = 1500;
#else
constexpr std::uint64_t kHits = 30'000;
constexpr std::uint32_t kKeys = 8000;
#endif

TEST(StateOnDisk, RunsOfDifferentNumbersOfWorkersGoOnFromEachOtherAsInMemory) {
  const TemporaryFolder memory;
  const TemporaryFolder disk;
  Newest wanted;
  Newest seen;
  for (const std::uint32_t workers : {1U, 3U, 2U, 2U, 8U, 4U, 1U}) {
    SCOPED_TRACE(workers);
    ASSERT_TRUE(run(options_of(memory.path(), 1, false), kHits, kKeys, wanted).ok());
    const Status status = run(options_of(disk.path(), workers, true), kHits, kKeys, seen);
    ASSERT_TRUE(status.ok()) << status.to_string();
    ASSERT_EQ(seen, wanted);
  }
  EXPECT_GT(wanted.begin()->second.first, 10U);
}

TEST(StateOnDisk, AJobGoesOnFromStateThatWasInMemory) {
  const TemporaryFolder folder;
  Newest seen;
  ASSERT_TRUE(run(options_of(folder.path(), 2, false), kHits, kKeys, seen).ok());
  ASSERT_TRUE(run(options_of(folder.path(), 2, true), kHits, kKeys, seen).ok());
  std::uint64_t all = 0;
  for (const auto& [key, newest] : seen) all += newest.first;
  EXPECT_EQ(all, 2 * kHits);
  const Status back = run(options_of(folder.path(), 2, false), kHits, kKeys, seen);
  EXPECT_THAT(back.to_string(), testing::HasSubstr("state backend that it had"));
}

}  // namespace
}  // namespace penstock
