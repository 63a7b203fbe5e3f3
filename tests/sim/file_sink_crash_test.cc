// A file sink whose job dies at every operation on its disk: in the end each record is there once, and in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/random.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_file_system.h"
#include "penstock/tests/sim/simulated_life.h"

namespace penstock {
namespace {

constexpr std::uint32_t kTasks = 2;
constexpr std::uint64_t kRecords = 40;                            // Of each task.
constexpr std::uint64_t kSecondCrashes = kInstrumented ? 4 : 12;  // Of each first.

class NoWaker final : public Waker {
 public:
  void wake() noexcept override {}
  void wake_if_parked() noexcept override {}
};

class NoNotices final : public Notices {
 public:
  void post(const Notice&) noexcept override {}
};

// What a snapshot has: the items of each task, and how much of its input had been written.
struct Durable {
  std::uint64_t epoch = 0;
  std::vector<std::string> chunks;  // By task.
  std::vector<std::uint64_t> next;
};

// The power went, or the process was killed: thrown out of the run.
using sim::Died;
using sim::Failed;  // A sink: the job begins again from its last epoch.
using sim::kForever;

// One life of a job with two tasks that write to one sink, in steps drawn from a seed.
class Life {
 public:
  Life(SimFileSystem& disk, const std::string& path, std::uint64_t seed, std::uint64_t dies_at,
       std::optional<Durable>& durable)
      : disk_(disk),
        random_(seed),
        dies_at_(dies_at),
        durable_(durable),
        sink_(line_file_sink({.path = path})) {}

  void run() {
    open();
    while (next_ < std::vector<std::uint64_t>(kTasks, kRecords)) {
      if (std::all_of(next_.begin(), next_.end(), [](auto n) { return n == kRecords; })) break;
      write_some(random_.below(4));
      if (random_.chance(0.4)) make_epoch();
    }
    for (auto& writer : writers_) must(writer->close());
    for (int attempt = 0; attempt < 10; ++attempt) {
      if (make_epoch() && published_) return;
    }
    ADD_FAILURE() << "no last epoch";
  }

  std::uint64_t epochs() const { return epoch_; }

 private:
  void alive() const {
    if (disk_.calls() > dies_at_) throw Died();
  }
  void must(const Status& status) const {
    alive();
    if (!status.ok()) throw Failed{status};
  }

  void open() {
    next_.assign(kTasks, 0);
    for (std::uint32_t task = 0; task < kTasks; ++task) {
      auto writer = sink_->open({.task_index = task,
                                 .task_count = kTasks,
                                 .file_system = &disk_,
                                 .waker = &waker_,
                                 .notices = &notices_,
                                 .clock = &clock_,
                                 .takes_snapshots = true});
      must(writer.status());
      writers_.push_back(std::move(*writer));
    }
    if (!durable_) return;
    epoch_ = durable_->epoch + 2;  // One that was given up is not used again.
    next_ = durable_->next;
    for (auto& writer : writers_) {
      for (std::uint32_t task = 0; task < kTasks; ++task) {
        SnapshotParser parser(task, kTasks);
        must(parser.parse(durable_->chunks[task],
                          [&](const SnapshotItem& item) { return writer->restore(item); }));
      }
      must(writer->restored());
    }
  }

  void write_some(std::uint64_t most) {
    for (std::uint32_t task = 0; task < kTasks; ++task) write_some(task, most);
  }
  void write_some(std::uint32_t task, std::uint64_t most) {
    for (std::uint64_t i = random_.below(most + 1); i > 0 && next_[task] < kRecords; --i) {
      must(writers_[task]->write(std::to_string(task) + ":" + std::to_string(next_[task]++)));
      if (random_.chance(0.5)) must(writers_[task]->flush());
    }
    if (writers_[task]->wake_at() != kNever) must(writers_[task]->flush());
  }

  // False when it was given up.
  bool make_epoch() {
    const Epoch epoch{++epoch_};
    Durable made{epoch.value, {}, {}};
    std::vector<harness::PendingPart> parts(kTasks);
    for (std::uint32_t task = 0; task < kTasks; ++task) {
      SnapshotWriter out(parts[task]);
      must(writers_[task]->flush());
      writers_[task]->capture(epoch, out);
      alive();
      out.flush();
      made.chunks.push_back(parts[task].bytes);
      made.next.push_back(next_[task]);
      write_some(task, 2);
    }
    bool good = !random_.chance(0.2);
    for (harness::PendingPart& part : parts) {
      if (!good) break;
      good = part.ack().ok();
      alive();
    }
    if (!good) {
      for (auto& writer : writers_) writer->cancel_capture();
      return false;
    }
    durable_ = std::move(made);
    write_some(2);
    published_ = true;
    for (harness::PendingPart& part : parts) {
      published_ = part.commit().ok() && published_;
      alive();
    }
    return true;
  }

  SimFileSystem& disk_;
  Random random_;
  const std::uint64_t dies_at_;
  std::optional<Durable>& durable_;
  std::shared_ptr<const ByteSink> sink_;
  NoWaker waker_;
  NoNotices notices_;
  VirtualClock clock_;
  std::vector<std::unique_ptr<ByteWriter>> writers_;
  std::vector<std::uint64_t> next_;
  std::uint64_t epoch_ = 0;
  bool published_ = false;
};

std::string content(FileSystem& disk, const std::string& path) {
  auto file = disk.open_for_reading(path);
  if (!file.ok()) return "";
  std::string text(file.value()->size().value(), '\0');
  text.resize(file.value()->read_at(0, text).value());
  return text;
}

// All that readers see, in the order of epochs; empty names of files that should be gone.
std::string output(SimFileSystem& disk, const std::string& path) {
  if (!path.ends_with('/')) return content(disk, path);
  std::map<std::pair<unsigned, unsigned>, std::string> files;
  const auto names = disk.list(path);
  for (const std::string& name : names.value()) {
    unsigned epoch = 0;
    unsigned task = 0;
    if (std::sscanf(name.c_str(), "part-%u-%u.ndjson", &epoch, &task) == 2)
      files[{epoch, task}] = content(disk, path + name);
  }
  std::string all;
  for (const auto& [number, text] : files) all += text;
  return all;
}

// Of task `task`, the numbers in their order; "" when they are 0, 1, 2, ...
std::string wrong(const std::string& text, std::uint32_t task) {
  std::uint64_t expected = 0;
  const std::string mine = std::to_string(task) + ":";
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++lines;
    if (!line.starts_with(mine)) continue;
    if (line != mine + std::to_string(expected++))
      return line + " in line " + std::to_string(lines);
  }
  if (expected != kRecords) return "only " + std::to_string(expected);
  return lines == kTasks * kRecords ? "" : "further lines";
}

class FileSinkCrash : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { prepare(disk_); }
  void prepare(SimFileSystem& disk) const {
    ASSERT_TRUE(disk.create_directories("job").ok());
    ASSERT_TRUE(disk.sync_directory("/").ok());
  }
  const std::string& path() const { return GetParam(); }

  // A life, perhaps cut short. False when it was.
  bool live(SimFileSystem& disk, std::uint64_t seed, std::uint64_t calls) {
    const std::uint64_t dies_at = sim::call_in(disk, calls);
    return sim::live_until(disk, Life(disk, path(), seed, dies_at, durable_), dies_at);
  }

  void expect_nothing_left(SimFileSystem& disk, const std::string& what) {
    const auto names = disk.list(path().ends_with('/') ? path() : "job");
    for (const std::string& name : names.value())
      ASSERT_EQ(name.find(".pending"), std::string::npos) << what << ": " << name;
  }
  void expect_exactly_once(SimFileSystem& disk, const std::string& what) {
    const std::string text = output(disk, path());
    for (std::uint32_t task = 0; task < kTasks; ++task)
      ASSERT_EQ(wrong(text, task), "") << what << "\n" << text;
  }

  std::optional<Durable> durable_;

 private:
  SimFileSystem disk_{1};
};

TEST_P(FileSinkCrash, ARunWithoutACrashWritesEachRecordOnce) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimFileSystem disk(seed);
    prepare(disk);
    durable_.reset();
    ASSERT_TRUE(live(disk, seed, kForever));
    expect_exactly_once(disk, "seed " + std::to_string(seed));
    expect_nothing_left(disk, "seed " + std::to_string(seed));
  }
}

TEST_P(FileSinkCrash, ACrashAtAnyOperationAndAtAnyOfItsRecoveryLosesAndDoublesNothing) {
  for (const bool power_cut : {true, false}) {
    bool whole = false;
    for (std::uint64_t call = 0; !whole; ++call) {
      Random random(call);
      for (std::uint64_t second = 0; second < kSecondCrashes; ++second) {
        SimFileSystem disk(call * 100 + second);
        prepare(disk);
        durable_.reset();
        whole = live(disk, 7, call);
        if (power_cut) disk.crash();
        // The first operations of a life are its recovery.
        for (std::uint64_t again = second; again > 0; again = again / 2) {
          live(disk, call + again, again - 1);
          if (power_cut) disk.crash();
        }
        ASSERT_TRUE(live(disk, call, kForever));
        const std::string what = "call " + std::to_string(call) + ", then " +
                                 std::to_string(second) + (power_cut ? ", power cut" : "");
        expect_exactly_once(disk, what);
        expect_nothing_left(disk, what);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(FileSinkCrash, AnErrorOfAnyOperationCostsAnEpochAtMost) {
  for (const int error_number : {EIO, ENOSPC}) {
    bool failed = true;
    std::uint64_t call = 0;
    for (std::uint64_t calls = 1; call < calls; ++call) {
      SimFileSystem disk(call);
      prepare(disk);
      durable_.reset();
      disk.fail_call(disk.calls() + call, error_number);
      failed = false;
      do {
        Life life(disk, path(), 3, kForever, durable_);
        try {
          life.run();
          failed = false;
        } catch (const Failed&) {
          failed = true;
        }
      } while (failed);
      calls = disk.calls();
      disk.clear_faults();
      expect_exactly_once(disk, "call " + std::to_string(call));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FileSinkCrash, testing::Values("job/out.ndjson", "job/parts/"),
                         [](const auto& target) { return target.index == 0 ? "File" : "Folder"; });

}  // namespace
}  // namespace penstock
