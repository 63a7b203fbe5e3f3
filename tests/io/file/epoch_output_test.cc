// What readers of a file sink see in a job that makes snapshots. Crashes are in tests/sim/file_sink_crash_test.cc.
#include "penstock/io/file/epoch_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EpochOutputTest : public ::testing::Test {
 protected:
  std::unique_ptr<ByteWriter> open(const ByteSink& sink, std::uint32_t task = 0,
                                   std::uint32_t tasks = 1) {
    SinkContext context;
    context.task_index = task;
    context.task_count = tasks;
    context.file_system = files_.get();
    context.notices = &notices_;
    context.takes_snapshots = true;
    Result<std::unique_ptr<ByteWriter>> writer = sink.open(context);
    EXPECT_TRUE(writer.ok()) << writer.status().to_string();
    return std::move(*writer);
  }
  std::unique_ptr<ByteWriter> open(const std::string& path, bool append = false) {
    return open(*line_file_sink({.path = path, .append = append}));
  }
  static void write(ByteWriter& writer, const std::string& line) {
    EXPECT_TRUE(writer.write(line).ok());
    EXPECT_TRUE(writer.flush().ok());
  }
  static harness::PendingPart capture(ByteWriter& writer, std::uint64_t epoch) {
    harness::PendingPart captured;
    SnapshotWriter out(captured);
    out.select_operator("0");
    writer.capture(Epoch{epoch}, out);
    out.flush();
    return captured;
  }
  static harness::PendingPart commit(ByteWriter& writer, std::uint64_t epoch) {
    harness::PendingPart captured = capture(writer, epoch);
    EXPECT_TRUE(captured.ack().ok());
    EXPECT_TRUE(captured.commit().ok());
    return captured;
  }
  static Status restore(ByteWriter& writer, const std::vector<std::string>& parts) {
    for (std::uint32_t task = 0; task < parts.size(); ++task) {
      SnapshotParser parser(task, static_cast<std::uint32_t>(parts.size()));
      PENSTOCK_RETURN_IF_ERROR(parser.parse(
          parts[task], [&](const SnapshotItem& item) { return writer.restore(item); }));
    }
    return writer.restored();
  }
  std::vector<std::string> names(const std::string& path) const {
    return files_->list(path).value();
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::NoticeLog notices_;
  test::TemporaryFolder folder_;
  const std::string path_ = folder_ / "out.ndjson";
  const std::string parts_ = folder_ / "parts/";
};

TEST_F(EpochOutputTest, ReadersSeeAnEpochWhenItIsDurableAndNotBefore) {
  const auto out = open(path_);
  write(*out, "one");
  EXPECT_EQ(test::read_whole_file(path_), "");
  harness::PendingPart first = capture(*out, 1);
  write(*out, "two");
  ASSERT_TRUE(first.ack().ok());
  EXPECT_EQ(test::read_whole_file(path_), "");
  ASSERT_TRUE(first.commit().ok());
  EXPECT_EQ(test::read_whole_file(path_), "one\n");
  EXPECT_TRUE(out->close().ok());
  EXPECT_EQ(test::read_whole_file(path_), "one\n") << "the last epoch publishes, not the end";
  commit(*out, 2);
  EXPECT_EQ(test::read_whole_file(path_), "one\ntwo\n");
  EXPECT_THAT(names(folder_.path()), ElementsAre("out.ndjson"));
}

TEST_F(EpochOutputTest, AnEpochOfSeveralTasksIsPublishedAtOnce) {
  const auto sink = line_file_sink({.path = path_});
  const auto a = open(*sink, 0, 2);
  const auto b = open(*sink, 1, 2);
  write(*a, "a");
  write(*b, "b");
  harness::PendingPart of_a = capture(*a, 1);
  write(*a, "later");
  harness::PendingPart of_b = capture(*b, 1);
  ASSERT_TRUE(of_b.ack().ok() && of_a.ack().ok());
  ASSERT_TRUE(of_b.commit().ok());
  EXPECT_EQ(test::read_whole_file(path_), "a\nb\n");
  ASSERT_TRUE(of_a.commit().ok());
  EXPECT_EQ(test::read_whole_file(path_), "a\nb\n");
}

TEST_F(EpochOutputTest, WhatAnEpochThatWasGivenUpHadComesWithTheNext) {
  const auto out = open(path_);
  write(*out, "one");
  (void)capture(*out, 1);  // Dropped, and so never synced.
  out->cancel_capture();
  write(*out, "two");
  commit(*out, 2);
  EXPECT_EQ(test::read_whole_file(path_), "one\ntwo\n");
}

TEST_F(EpochOutputTest, AFolderGetsAFilePerTaskAndEpochThatHadSomething) {
  const auto sink = line_file_sink({.path = parts_});
  const auto a = open(*sink, 0, 2);
  const auto b = open(*sink, 1, 2);
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    if (epoch != 2) write(*a, "a" + std::to_string(epoch));
    if (epoch == 3) write(*b, "b");
    harness::PendingPart of_a = capture(*a, epoch);
    harness::PendingPart of_b = capture(*b, epoch);
    ASSERT_TRUE(of_a.ack().ok() && of_b.ack().ok() && of_a.commit().ok() && of_b.commit().ok());
  }
  EXPECT_THAT(names(parts_), ElementsAre("part-1-0.ndjson", "part-3-0.ndjson", "part-3-1.ndjson"));
  EXPECT_EQ(test::read_whole_file(parts_ + "part-3-0.ndjson"), "a3\n");
}

TEST_F(EpochOutputTest, ANewStartEmptiesTheOutputUnlessItAppends) {
  test::write_file(path_, "old\n");
  commit(*open(path_, true), 1);
  EXPECT_EQ(test::read_whole_file(path_), "old\n");
  {
    const auto out = open(path_, true);
    write(*out, "new");
    commit(*out, 1);
    EXPECT_EQ(test::read_whole_file(path_), "old\nnew\n");
  }
  commit(*open(path_), 1);
  EXPECT_EQ(test::read_whole_file(path_), "");

  for (const bool append : {false, true}) {
    const auto out = open(parts_, append);
    write(*out, append ? "more" : "first");
    commit(*out, 7);
  }
  EXPECT_THAT(names(parts_), ElementsAre("part-14-0.ndjson", "part-7-0.ndjson"));
  test::write_file(parts_ + "part-mine.ndjson", "not ours");
  const auto out = open(parts_);
  write(*out, "x");
  commit(*out, 9);
  EXPECT_THAT(names(parts_), ElementsAre("part-9-0.ndjson", "part-mine.ndjson"));
}

TEST_F(EpochOutputTest, ARestoreOfAnOlderEpochTakesBackWhatIsNewerAndSaysSo) {
  for (const std::string& path : {path_, parts_}) {
    harness::PendingPart older;
    {
      const auto out = open(path);
      write(*out, "one");
      older = commit(*out, 1);
      write(*out, "two");
      commit(*out, 2);
    }
    const auto out = open(path);
    ASSERT_TRUE(restore(*out, {older.bytes}).ok());
    EXPECT_TRUE(notices_.wait_for("newer than the snapshot"));
    write(*out, "other");
    commit(*out, 4);
  }
  EXPECT_EQ(test::read_whole_file(path_), "one\nother\n");
  EXPECT_THAT(names(parts_), ElementsAre("part-1-0.ndjson", "part-4-0.ndjson"));
}

TEST_F(EpochOutputTest, WhatWasNotPublishedIsAddedAndWhatNoSnapshotHasIsRemoved) {
  for (const std::string& path : {path_, parts_}) {
    harness::PendingPart captured;
    {
      const auto out = open(path);
      write(*out, "one");
      captured = capture(*out, 1);
      ASSERT_TRUE(captured.ack().ok());
      write(*out, "behind the cut");
    }
    const auto out = open(path);
    ASSERT_TRUE(restore(*out, {captured.bytes}).ok());
    const std::string file = path == path_ ? path_ : parts_ + "part-1-0.ndjson";
    EXPECT_EQ(test::read_whole_file(file), "one\n");
  }
  EXPECT_THAT(names(parts_), ElementsAre("part-1-0.ndjson"));
  EXPECT_THAT(names(folder_.path()), ElementsAre("out.ndjson", "parts"));
}

TEST_F(EpochOutputTest, AnotherCountOfTasksGoesOn) {
  harness::PendingPart of_a;
  harness::PendingPart of_b;
  {
    const auto sink = line_file_sink({.path = path_});
    const auto a = open(*sink, 0, 2);
    const auto b = open(*sink, 1, 2);
    write(*a, "a");
    write(*b, "b");
    of_a = capture(*a, 1);
    of_b = capture(*b, 1);
    ASSERT_TRUE(of_a.ack().ok() && of_b.ack().ok());
  }
  const auto sink = line_file_sink({.path = path_});
  std::vector<std::unique_ptr<ByteWriter>> writers;
  for (std::uint32_t task = 0; task < 3; ++task) writers.push_back(open(*sink, task, 3));
  for (auto& writer : writers) {
    ASSERT_TRUE(restore(*writer, {of_a.bytes, of_b.bytes}).ok());
    write(*writer, "c");
  }
  EXPECT_EQ(test::read_whole_file(path_), "a\nb\n");
  std::vector<harness::PendingPart> parts;
  for (auto& writer : writers) parts.push_back(capture(*writer, 3));
  for (harness::PendingPart& part : parts) ASSERT_TRUE(part.ack().ok());
  ASSERT_TRUE(parts[2].commit().ok());
  EXPECT_EQ(test::read_whole_file(path_), "a\nb\nc\nc\nc\n");
}

TEST_F(EpochOutputTest, AnOutputThatSomebodyElseChangedIsRefused) {
  harness::PendingPart captured;
  {
    const auto out = open(path_);
    write(*out, "one");
    commit(*out, 1);
    captured = commit(*out, 2);
  }
  test::write_file(path_, "ONE\nmore\n");
  EXPECT_THAT(std::string(restore(*open(path_), {captured.bytes}).message()),
              HasSubstr("has other bytes before 4 than were published"));
  test::write_file(path_, "on");
  EXPECT_THAT(std::string(restore(*open(path_), {captured.bytes}).message()),
              HasSubstr("has 2 bytes, but 4 were published"));
  EXPECT_THAT(std::string(restore(*open(parts_), {captured.bytes}).message()),
              HasSubstr("give it the path it had"));
  EXPECT_EQ(test::read_whole_file(path_), "on") << "it was touched";
}

TEST_F(EpochOutputTest, OutputThatIsLostIsSaid) {
  harness::PendingPart captured;
  {
    const auto out = open(path_);
    write(*out, "one");
    captured = capture(*out, 1);
    ASSERT_TRUE(captured.ack().ok());
  }
  for (const std::string& name : names(folder_.path())) {
    if (name.ends_with(".pending")) test::write_file(folder_ / name, "two");
  }
  EXPECT_THAT(std::string(restore(*open(path_), {captured.bytes}).message()),
              HasSubstr("restore an older epoch"));
}

TEST_F(EpochOutputTest, WhateverASnapshotHoldsIsTakenOrRefusedAndNoOtherFileIsTouched) {
  harness::PendingPart captured;
  {
    const auto out = open(path_);
    write(*out, "one");
    commit(*out, 1);
    write(*out, "two");
    captured = capture(*out, 2);
    ASSERT_TRUE(captured.ack().ok());
  }
  const std::string pending = test::read_whole_file(folder_ / ".out.ndjson.0-1.pending");
  ASSERT_EQ(pending, "two\n");
  const std::string mine = folder_ / "mine";
  test::write_file(mine, "mine");
  Random random(1);
  for (int i = 0; i < 200; ++i) {  // Each syncs files.
    std::string bad = captured.bytes;
    const std::size_t at = random.below(bad.size());
    if (i % 4 == 0) {
      bad.resize(at);
    } else {
      bad[at] = static_cast<char>(random.below(256));
    }
    test::write_file(path_, "one\n");
    test::write_file(folder_ / ".out.ndjson.0-1.pending", pending);
    (void)restore(*open(path_), {bad}).ok();
    ASSERT_EQ(test::read_whole_file(mine), "mine");
  }
}

TEST_F(EpochOutputTest, AFileInSharedMemoryIsAFileAndIsNotEmptiedByARestore) {
  if (!files_->exists("/dev/shm")) GTEST_SKIP() << "no /dev/shm here";
  const std::string path = "/dev/shm/penstock-" + std::to_string(::getpid()) + ".ndjson";
  std::string snapshot;
  {
    const auto out = open(path);
    write(*out, "one");
    EXPECT_EQ(test::read_whole_file(path), "");
    snapshot = commit(*out, 1).bytes;
  }
  EXPECT_TRUE(restore(*open(path), {snapshot}).ok());
  EXPECT_EQ(test::read_whole_file(path), "one\n");
  EXPECT_TRUE(files_->remove(path).ok());
}

TEST_F(EpochOutputTest, ADeviceIsWrittenAtOnceAndAFolderWantsSnapshots) {
  const auto out = open("/dev/null");
  write(*out, "gone");
  EXPECT_FALSE(capture(*out, 1).ack);
  SinkContext context;
  context.file_system = files_.get();
  EXPECT_THAT(std::string(line_file_sink({.path = parts_})->open(context).status().message()),
              HasSubstr("let the job make snapshots"));
}

TEST(OutputPlace, KnowsItsOwnFilesAndNoOthers) {
  const OutputPlace file("a/out.ndjson");
  EXPECT_EQ(file.pending(3, 12), "a/.out.ndjson.3-12.pending");
  EXPECT_TRUE(file.is_pending(".out.ndjson.3-12.pending"));
  for (const char* name :
       {"out.ndjson.3-12.pending", ".out.ndjson.3-12.pending~", ".out.ndjson.-12.pending",
        ".out.ndjson.03-12.pending", ".out.ndjson", ".out.ndjson.3-12", ".other.3-12.pending"}) {
    EXPECT_FALSE(file.is_pending(name)) << name;
  }
  EXPECT_EQ(OutputPlace("out").folder(), "./");
  EXPECT_EQ(OutputPlace("x/y/").pending(0, 1), "x/y/.0-1.pending");
  EXPECT_EQ(OutputPlace::published_number("part-12-3.ndjson"), 12u);
  for (const char* name : {"part-12.ndjson", "part--1-3.ndjson", "part-1-3.ndjson.gz",
                           "part-a-1.ndjson", "part-99999999999999999999-1.ndjson"}) {
    EXPECT_EQ(OutputPlace::published_number(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace penstock
