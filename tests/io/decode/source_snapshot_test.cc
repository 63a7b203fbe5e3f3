// Every source that can be read again: captured anywhere and restored into a new reader, the rest is what it would be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/io/file/standard_input_source.h"
#include "penstock/io/file/watched_file_source.h"
#include "penstock/io/generator/payment_generator.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using test::ReaderRun;
using test::ReadLine;
using ::testing::HasSubstr;

// How much of a line was seen when it was given out depends on where its blocks began.
bool operator==(const ReadLine& a, const ReadLine& b) {
  return a.text == b.text && a.origin == b.origin &&
         (a.cut_from_bytes > 0) == (b.cut_from_bytes > 0);
}

using Quoted = std::optional<QuotedLines>;

std::vector<ReadLine> all_of(const ByteSource& source, std::uint32_t task = 0,
                             std::uint32_t tasks = 1, const Quoted& quoted = {}) {
  ReaderRun run(source, task, tasks, false, {}, quoted);
  EXPECT_TRUE(run.open_status().ok());
  EXPECT_TRUE(run.run().ok());
  return run.lines;
}

// Reads in batches of `batch` until `taken` records are taken, which may be in the middle of a batch.
std::vector<std::string> capture_behind(ReaderRun& run, std::size_t taken, std::size_t batch) {
  while (run.lines.size() < taken) {
    const Result<PollResult> result = run.poll(batch);
    if (!result.ok() || (result->records == 0 && result->state == SourceState::kEnded)) break;
  }
  return {run.capture(run.lines.size() - std::min(taken, run.lines.size()))};
}

void expect_the_rest_is_equal(const ByteSource& source, const Quoted& quoted = {}) {
  const std::vector<ReadLine> all = all_of(source, 0, 1, quoted);
  ASSERT_FALSE(all.empty());
  for (std::size_t taken = 0; taken <= all.size(); ++taken) {
    for (const std::size_t batch : {1U, 3U, 256U}) {
      ReaderRun first(source, 0, 1, false, {}, quoted);
      const std::vector<std::string> snapshot = capture_behind(first, taken, batch);
      ReaderRun second(source, 0, 1, true, {}, quoted);
      const Status restored = second.restore(snapshot);
      ASSERT_TRUE(restored.ok()) << restored.to_string();
      ASSERT_TRUE(second.run(batch).ok());
      ASSERT_EQ(second.lines.size(), all.size() - taken) << "behind " << taken;
      for (std::size_t i = taken; i < all.size(); ++i) {
        ASSERT_TRUE(second.lines[i - taken] == all[i])
            << "behind " << taken << ": " << second.lines[i - taken].text << " for " << all[i].text;
      }
    }
  }
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> lines;
  for (int n = 0; n < count; ++n) lines.push_back("line " + std::to_string(n));
  return lines;
}

class SourceSnapshotTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "lines";
};

TEST_F(SourceSnapshotTest, AFileGoesOnWithTheNextLine) {
  for (const char* text : {"a\nbb\r\n\nccc\ndddd\n", "one\ntwo\nwithout a newline", "\n\n\n"}) {
    test::write_file(path_, text);
    expect_the_rest_is_equal(*line_file_source({.path = path_}));
  }
}

TEST_F(SourceSnapshotTest, AFileGoesOnBeforeInAndBehindALineThatIsTooLong) {
  std::string text = "a\n";
  text.append(1 << 20, 'x');  // Several blocks, and given out long before its end.
  text += "\nb\n" + std::string(40, 'y') + "\nc\n";
  test::write_file(path_, text);
  expect_the_rest_is_equal(*line_file_source({.path = path_, .line_bytes_max = 16}));
}

TEST_F(SourceSnapshotTest, AFileGoesOnWithTheNextRecordOfSeveralLines) {
  for (const char* text :
       {"h\r\n\"a\r\nb\",c\r\n\"\n\n\"\nd\n", "\"a\nb\"\nc,\"open\nto\nits end"}) {
    test::write_file(path_, text);
    expect_the_rest_is_equal(*line_file_source({.path = path_}), QuotedLines{});
  }
  std::string text = "a\nb,\"";
  for (int i = 0; i < 60'000; ++i) text += "never closed\n";
  test::write_file(path_, text + "\"c\nd\"\n");
  const auto source = line_file_source({.path = path_, .line_bytes_max = 760'000});
  EXPECT_GT(all_of(*source, 0, 1, QuotedLines{}).size(), 100U);
  const auto shorter = line_file_source({.path = path_, .line_bytes_max = 779'900});
  expect_the_rest_is_equal(*shorter, QuotedLines{});
}

TEST_F(SourceSnapshotTest, AFileThatHasGrownWithinQuotesIsRefused) {
  test::write_file(path_, "a\n\"b\n");
  const auto source = line_file_source({.path = path_});
  ReaderRun first(*source, 0, 1, false, {}, QuotedLines{});
  ASSERT_TRUE(first.run().ok());
  const std::string snapshot = first.capture();
  const auto restored = [&] {
    return ReaderRun(*source, 0, 1, true, {}, QuotedLines{}).restore({snapshot});
  };
  EXPECT_TRUE(restored().ok());
  test::write_file(path_, "c\"\n", std::ios::app);
  EXPECT_THAT(restored().message(), HasSubstr("a quote was open, was taken for whole"));
}

TEST_F(SourceSnapshotTest, AFollowedFileGoesOnAndWaitsForMore) {
  test::write_file(path_, "a\nb\nbegun");
  const auto source = line_file_source({.path = path_, .follow = true});
  ReaderRun first(*source);
  const std::vector<std::string> snapshot = capture_behind(first, 2, 10);
  test::write_file(path_, " and ended\nc\n", std::ios::app);
  ReaderRun second(*source);
  ASSERT_TRUE(second.restore(snapshot).ok());
  ASSERT_TRUE(second.poll().ok());
  EXPECT_EQ(second.texts(), (std::vector<std::string>{"begun and ended", "c"}));
}

TEST_F(SourceSnapshotTest, AFileThatWasReplacedIsRefused) {
  test::write_file(path_, "aaa\nbbb\nccc\n");
  const auto source = line_file_source({.path = path_});
  ReaderRun first(*source);
  const std::vector<std::string> snapshot = capture_behind(first, 2, 1);
  test::write_file(path_, "aaa\nBBB\nccc\n");
  EXPECT_THAT(ReaderRun(*source).restore(snapshot).message(), HasSubstr("was replaced"));
  test::write_file(path_, "aaa\n");
  EXPECT_THAT(ReaderRun(*source).restore(snapshot).message(), HasSubstr("has 4 bytes now"));
  test::write_file(path_, "aaa\nbbb\nddd\n");  // Behind it, anything may come.
  EXPECT_TRUE(ReaderRun(*source).restore(snapshot).ok());
}

TEST_F(SourceSnapshotTest, AFileThatHasGrownWithinItsLastLineIsRefused) {
  test::write_file(path_, "a\nbegun");
  const auto source = line_file_source({.path = path_});
  ReaderRun first(*source);
  const std::vector<std::string> snapshot = capture_behind(first, 2, 10);
  EXPECT_TRUE(ReaderRun(*source).restore(snapshot).ok());
  test::write_file(path_, " and ended\n", std::ios::app);
  EXPECT_THAT(ReaderRun(*source).restore(snapshot).message(), HasSubstr("no newline"));
}

TEST_F(SourceSnapshotTest, AFileThatHasGrownIsReadOn) {
  test::write_file(path_, "a\nb\n");
  const auto source = line_file_source({.path = path_});
  ReaderRun first(*source);
  ASSERT_TRUE(first.run().ok());
  const std::string snapshot = first.capture();
  test::write_file(path_, "c\n", std::ios::app);
  ReaderRun second(*source);
  ASSERT_TRUE(second.restore({snapshot}).ok());
  ASSERT_TRUE(second.run().ok());
  EXPECT_EQ(second.texts(), (std::vector<std::string>{"c"}));
}

TEST_F(SourceSnapshotTest, PaymentsAndRecordsInMemoryGoOn) {
  expect_the_rest_is_equal(*memory_source(numbers(20)));
  expect_the_rest_is_equal(*payment_generator({.rate = 0, .seconds = 0, .count = 30}));
}

// Runs a source with changing numbers of tasks, each of them captured at a place of its own.
TEST_F(SourceSnapshotTest, WithAnotherCountOfTasksEachRecordComesOnce) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const auto source = seed % 2 == 0 ? memory_source(numbers(100))
                                      : payment_generator({.rate = 0, .seconds = 0, .count = 100});
    std::vector<std::uint64_t> seen(100);
    std::vector<std::string> snapshot;
    for (int life = 0; life < 6; ++life) {
      const auto tasks = static_cast<std::uint32_t>(random.between(1, 5));
      std::vector<std::string> captured;
      for (std::uint32_t task = 0; task < tasks; ++task) {
        ReaderRun run(*source, task, tasks);
        ASSERT_TRUE(run.restore(snapshot).ok()) << "seed " << seed;
        const std::size_t wanted = life == 5 ? 100 : random.below(100 / tasks / 3);
        while (run.lines.size() < wanted) {
          if (run.poll(1 + random.below(8))->records == 0) break;
        }
        const std::size_t unread = run.lines.size() - std::min(wanted, run.lines.size());
        captured.push_back(run.capture(unread));
        for (std::size_t i = 0; i + unread < run.lines.size(); ++i)
          ++seen[run.lines[i].origin.offset];
      }
      snapshot = captured;
    }
    EXPECT_EQ(seen, std::vector<std::uint64_t>(100, 1)) << "seed " << seed;
  }
}

TEST_F(SourceSnapshotTest, TheScheduleOfPaymentsGoesOnFromTheRestore) {
  const auto source = payment_generator({.rate = 10, .seconds = 10});
  ReaderRun first(*source);
  first.clock.advance(std::chrono::seconds(100));
  ASSERT_EQ(first.poll()->records, 1u);
  first.clock.advance(std::chrono::seconds(3));
  ASSERT_EQ(first.poll()->records, 30u);
  ReaderRun second(*source);
  ASSERT_TRUE(second.restore({first.capture()}).ok());
  ASSERT_EQ(second.poll()->records, 1u) << "the next is due at once";
  const Result<PollResult> waiting = second.poll();
  EXPECT_EQ(waiting->records, 0u);
  EXPECT_EQ(waiting->wake_at - second.clock.now(), std::chrono::milliseconds(100));
}

TEST_F(SourceSnapshotTest, OtherPaymentsAndOtherSourcesAreRefused) {
  ReaderRun first(*payment_generator({.seed = 1}));
  const std::string snapshot = first.capture();
  EXPECT_THAT(ReaderRun(*payment_generator({.seed = 2})).restore({snapshot}).message(),
              HasSubstr("the same seed"));
  EXPECT_TRUE(ReaderRun(*payment_generator({.seed = 1, .rate = 5})).restore({snapshot}).ok());
  EXPECT_THAT(ReaderRun(*memory_source({})).restore({snapshot}).message(),
              HasSubstr("another kind of source, 'payments'"));
}

TEST_F(SourceSnapshotTest, WhateverASnapshotHoldsIsTakenOrRefused) {
  test::write_file(path_, "aaa\nbbb\nccc\n");
  const std::vector<std::shared_ptr<const ByteSource>> sources = {
      line_file_source({.path = path_}), memory_source(numbers(9)),
      payment_generator({.rate = 0, .seconds = 0, .count = 9}), payment_generator({.count = 9})};
  Random random(1);
  for (const auto& source : sources) {
    ReaderRun first(*source);
    ASSERT_TRUE(first.poll(4).ok());
    const std::string good = first.capture(1);
    for (int i = 0; i < 3000; ++i) {
      std::string bad = good;
      const std::size_t at = random.below(bad.size());
      if (i % 3 == 0)
        bad.resize(at);
      else
        bad[at] = static_cast<char>(random.below(256));
      ReaderRun second(*source);
      if (second.restore({bad}).ok()) (void)second.poll(4).ok();
    }
  }
}

TEST_F(SourceSnapshotTest, WhoCannotBeReadAgainSaysSoAndGivesNoOffsetTwice) {
  test::write_file(path_, "rules");
  EXPECT_TRUE(line_file_source({.path = path_})->replayable());
  EXPECT_TRUE(watched_file_source({.path = path_})->replayable());
  test::Pipe pipe;
  const auto source = standard_input_source({.fd = pipe.read_fd()});
  EXPECT_FALSE(source->replayable());
  EXPECT_THAT(source->what_may_be_lost(), HasSubstr("what came after the last snapshot is lost"));

  pipe.write("a\nb\n");
  std::string snapshot;
  {
    ReaderRun first(*source);
    while (first.lines.size() < 2) {
      ASSERT_TRUE(first.waker.wait());
      ASSERT_TRUE(first.poll().ok());
    }
    snapshot = first.capture(1);
  }
  ReaderRun second(*source);
  ASSERT_TRUE(second.restore({snapshot}).ok());
  pipe.write("c\n");
  pipe.close_write();
  ASSERT_TRUE(second.run().ok());
  ASSERT_EQ(second.texts(), (std::vector<std::string>{"c"}));
  EXPECT_EQ(second.lines.front().origin.offset, std::uint64_t{1} << 40);
}

}  // namespace
}  // namespace penstock
