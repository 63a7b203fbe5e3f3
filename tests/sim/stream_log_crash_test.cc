// A stream that cannot be read again, with its write-ahead log: its job dies at every operation on the disk, and in the
// end each line that was handed on is there once, and in order.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/random.h"
#include "penstock/io/file/stream_line_reader.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_file_system.h"
#include "penstock/tests/sim/simulated_life.h"

namespace penstock {
namespace {

using sim::kForever;
constexpr std::uint64_t kSegmentBytes = 300;
constexpr std::size_t kLines = 200;
constexpr std::uint64_t kSecondCrashes = kInstrumented ? 4 : 12;  // Of each first.
const std::string kFolder = "job/wal-standard%20input";

class NoWaker final : public Waker {
 public:
  void wake() noexcept override {}
  void wake_if_parked() noexcept override {}
};

class NoNotices final : public Notices {
 public:
  void post(const Notice&) noexcept override {}
};

// Whose pump is worked by the test.
class SteppedReader final : public StreamLineReader {
 public:
  SteppedReader() : StreamLineReader(1 << 20) {}

  BlockQueue& blocks() { return *queue_; }
  std::uint64_t logged() const { return logged_; }
  Result<PollResult> poll(std::span<RawRecord> batch, Instant) override {
    PollResult result;
    result.records = splitter_.take(batch, arrival_);
    const Block* block = result.records == 0 ? queue_->front() : nullptr;
    if (block == nullptr) return result;
    result.records = take(*block, batch);
    queue_->release();
    return result;
  }

 protected:
  Status start(const SourceContext&, std::unique_ptr<StreamLog> log) override {
    logged_ = log->end();
    queue_ = std::make_unique<BlockQueue>(waker_, std::move(log));
    return Status();
  }

 private:
  NoWaker waker_;
  std::unique_ptr<BlockQueue> queue_;
  std::uint64_t logged_ = 0;
};

// What the newest complete epoch has: the reader's part, and the lines of before the cut.
struct Durable {
  std::string part;
  std::string lines;
};

using sim::Died;
using sim::Failed;

// One life of the job. Its input goes on at what the log holds: a writer that knows it.
class Life {
 public:
  Life(SimFileSystem& disk, const std::string& input, std::uint64_t seed, std::uint64_t dies_at,
       std::optional<Durable>& durable, std::uint64_t& handed_on)
      : disk_(disk),
        input_(input),
        random_(seed),
        dies_at_(dies_at),
        durable_(durable),
        handed_on_(handed_on) {}

  void run() {
    open();
    replay();
    while (next_ < input_.size()) {
      read_block();
      poll(random_.below(4));
      if (random_.chance(0.4)) make_epoch();
    }
    poll(kLines);
    take(filled_ - taken_);
    for (bool complete = false; !complete;) complete = make_epoch();
  }

 private:
  void must(const Status& status) const {
    if (disk_.calls() > dies_at_) throw Died();
    if (!status.ok()) throw Failed{status};
  }

  void open() {
    must(reader_.open({.clock = &clock_,
                       .file_system = &disk_,
                       .waker = &waker_,
                       .notices = &notices_,
                       .restores = durable_.has_value(),
                       .log = {kFolder, 2, kSegmentBytes}}));
    if (durable_) {
      lines_ = durable_->lines;
      SnapshotParser parser(0, 1);
      must(parser.parse(durable_->part,
                        [&](const SnapshotItem& item) { return reader_.restore(item); }));
      must(reader_.restored());
    }
    next_ = reader_.logged();
    EXPECT_GE(next_, handed_on_) << "the log has lost what was handed on";
  }

  void replay() {
    for (bool more = true; more;) {
      ASSERT_TRUE(reader_.blocks().wait_for_room());
      const Result<bool> published = reader_.blocks().publish_from_log();
      must(published.status());
      more = *published;
      poll(kLines);
    }
  }

  void read_block() {
    // There is no other thread that would make room.
    if (random_.chance(0.2) || ++unread_blocks_ == BlockQueue::kBlocksMax) {
      poll(kLines);
      unread_blocks_ = 0;
    }
    ASSERT_TRUE(reader_.blocks().wait_for_room());
    Block& block = reader_.blocks().back();
    block.size = std::min<std::size_t>(1 + random_.below(60), input_.size() - next_);
    std::memcpy(block.memory.data(), input_.data() + next_, block.size);
    next_ += block.size;
    must(reader_.blocks().publish());
    handed_on_ = std::max<std::uint64_t>(handed_on_, next_);
  }

  // Some lines of each poll stay unread until the next one, or until the cut.
  void poll(std::uint64_t times) {
    for (; times > 0; --times) {
      take(filled_ - taken_);
      taken_ = 0;
      filled_ = reader_.poll(batch_, {}).value().records;
      take(random_.below(filled_ + 1));
    }
  }
  void take(std::size_t count) {
    for (; count > 0; --count) lines_ += std::string(batch_[taken_++].bytes) + "\n";
  }

  // False when it was given up.
  bool make_epoch() {
    harness::PendingPart part;
    SnapshotWriter out(part);
    out.select_operator("input");
    reader_.capture(std::span(batch_).subspan(taken_, filled_ - taken_), out);
    out.flush();
    if (random_.chance(0.2)) return false;
    durable_ = {part.bytes, lines_};
    must(part.commit());
    return true;
  }

  SimFileSystem& disk_;
  const std::string& input_;
  Random random_;
  const std::uint64_t dies_at_;
  std::optional<Durable>& durable_;
  std::uint64_t& handed_on_;
  NoWaker waker_;
  NoNotices notices_;
  VirtualClock clock_;
  SteppedReader reader_;
  std::size_t next_ = 0;
  std::string lines_;
  std::array<RawRecord, 3> batch_;
  std::size_t filled_ = 0;
  std::size_t taken_ = 0;
  std::size_t unread_blocks_ = 0;
};

class StreamLogCrash : public testing::Test {
 protected:
  StreamLogCrash() {
    for (std::size_t i = 0; i < kLines; ++i) input_ += "line " + std::to_string(i) + "\n";
  }

  static void prepare(SimFileSystem& disk) {
    ASSERT_TRUE(disk.create_directories("job").ok());
    ASSERT_TRUE(disk.sync_directory("/").ok());
  }

  // A life, perhaps cut short after so many calls. False when it was.
  bool live(SimFileSystem& disk, std::uint64_t seed, std::uint64_t calls) {
    const std::uint64_t dies_at = sim::call_in(disk, calls);
    return sim::live_until(disk, Life(disk, input_, seed, dies_at, durable_, handed_on_), dies_at);
  }

  void expect_all_once(const std::string& what) const {
    ASSERT_TRUE(durable_) << what;
    ASSERT_EQ(durable_->lines, input_) << what;
  }

  std::string input_;
  std::optional<Durable> durable_;
  std::uint64_t handed_on_ = 0;  // Of the input, in any life.
};

TEST_F(StreamLogCrash, ACrashAtAnyOperationAndAtAnyOfItsRecoveryLosesAndDoublesNothing) {
  enum class Way { kPowerCut, kKilled, kKilledThenPowerCut };
  for (const Way way : {Way::kPowerCut, Way::kKilled, Way::kKilledThenPowerCut}) {
    bool whole = false;
    for (std::uint64_t call = 0; !whole; ++call) {
      for (std::uint64_t second = 0; second < kSecondCrashes; ++second) {
        SimFileSystem disk(call * 100 + second);
        prepare(disk);
        durable_.reset();
        handed_on_ = 0;
        whole = live(disk, 7, call);
        if (way == Way::kPowerCut) disk.crash();
        for (std::uint64_t again = second; again > 0; again = again / 2) {
          live(disk, call + again, again - 1);
          if (way != Way::kKilled) disk.crash();
        }
        ASSERT_TRUE(live(disk, call, kForever));
        expect_all_once("call " + std::to_string(call) + ", then " + std::to_string(second) +
                        ", way " + std::to_string(static_cast<int>(way)));
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST_F(StreamLogCrash, AnErrorOfAnyOperationStopsTheJobAndCostsNothingThatWasHandedOn) {
  for (const int error_number : {EIO, ENOSPC}) {
    for (std::uint64_t call = 0, calls = 1; call < calls; ++call) {
      SimFileSystem disk(call);
      prepare(disk);
      durable_.reset();
      handed_on_ = 0;
      disk.fail_call(disk.calls() + call, error_number);
      for (bool failed = true; failed;) {
        Life life(disk, input_, 3, kForever, durable_, handed_on_);
        try {
          life.run();
          failed = false;
        } catch (const Failed&) {
        }
      }
      calls = disk.calls();
      expect_all_once("call " + std::to_string(call));
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST_F(StreamLogCrash, OldSegmentsGoWhenNoCheckpointNeedsThem) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    durable_.reset();
    handed_on_ = 0;
    SimFileSystem disk(seed);
    prepare(disk);
    ASSERT_TRUE(live(disk, seed, kForever));
    expect_all_once("seed " + std::to_string(seed));
    EXPECT_GT(disk.list(kFolder)->front(), "00000000000000000000.log");
    EXPECT_LE(disk.list(kFolder)->size(), 3u);
  }
}

}  // namespace
}  // namespace penstock
