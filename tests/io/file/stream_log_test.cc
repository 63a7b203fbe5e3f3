#include "penstock/io/file/stream_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "penstock/io/file/standard_input_source.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StreamLogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<StreamLog>> open() {
    return StreamLog::open({.clock = &clock_,
                            .file_system = files_.get(),
                            .notices = &notices_,
                            .log = {path_, 2, 200}});
  }
  static Status append(StreamLog& log, std::string_view bytes, std::string broken_off = "") {
    Block block;
    block.memory.assign(bytes.begin(), bytes.end());
    block.size = bytes.size();
    block.broken_off = std::move(broken_off);
    return log.append(block);
  }
  // What it gives from `offset` on; a break as its reason in brackets.
  static Result<std::vector<std::string>> all_from(StreamLog& log, std::uint64_t offset) {
    PENSTOCK_RETURN_IF_ERROR(log.seek(offset));
    std::vector<std::string> all;
    for (;;) {
      Block block;
      block.memory.resize(BlockQueue::kBlockBytes);
      const Result<bool> more = log.replay(block);
      if (!more.ok()) return more.status();
      if (!*more) return all;
      all.push_back(block.broken_off.empty() ? std::string(block.bytes())
                                             : "[" + block.broken_off + "]");
    }
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  VirtualClock clock_{EventTime{1'000'000'000}};
  test::NoticeLog notices_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "wal-input";
};

TEST_F(StreamLogTest, GivesBackFromAnyPlaceWhatItTookOverManySegments) {
  {
    auto log = *open();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*log, "line " + std::to_string(i % 10)).ok());
  }
  ASSERT_GT(segments().size(), 3u);
  for (std::uint64_t from = 0; from <= 120; ++from) {
    auto log = *open();
    EXPECT_EQ(log->first(), 0u);
    EXPECT_EQ(log->end(), 120u);
    const auto all = all_from(*log, from);
    ASSERT_TRUE(all.ok()) << all.status().to_string();
    std::string text;
    for (const std::string& part : *all) text += part;
    ASSERT_EQ(text.size(), 120 - from);
    const std::string end = "line 9";
    EXPECT_TRUE(text.ends_with(end) || end.ends_with(text)) << text;
  }
}

TEST_F(StreamLogTest, ABreakComesWhereItWas) {
  {
    auto log = *open();
    ASSERT_TRUE(append(*log, "abc").ok());
    ASSERT_TRUE(append(*log, "", "lost").ok());
    ASSERT_TRUE(append(*log, "def").ok());
  }
  EXPECT_THAT(*all_from(**open(), 0), ElementsAre("abc", "[lost]", "def"));
  EXPECT_THAT(*all_from(**open(), 3), ElementsAre("[lost]", "def"));
  EXPECT_THAT(*all_from(**open(), 4), ElementsAre("ef"));
  EXPECT_THAT(*all_from(**open(), 6), IsEmpty());
}

TEST_F(StreamLogTest, ATornTailIsCutOffAndTheLogGoesOn) {
  { ASSERT_TRUE(append(**open(), "first").ok()); }
  const auto whole = std::filesystem::file_size(segments().front());
  {
    auto log = *open();
    ASSERT_TRUE(append(*log, "second").ok());
  }
  // The second one began a segment of its own.
  const std::string last = segments().back();
  for (std::size_t left = 0; left < whole; left += 7) {
    std::filesystem::resize_file(last, left);
    EXPECT_THAT(*all_from(**open(), 0), ElementsAre("first")) << left;
  }
  ASSERT_TRUE(append(**open(), "third").ok());
  EXPECT_THAT(*all_from(**open(), 0), ElementsAre("first", "third"));
}

TEST_F(StreamLogTest, AChangedByteOfWhatWasHandedOnIsFoundAndNamed) {
  {
    auto log = *open();
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(append(*log, "line " + std::to_string(i % 10)).ok());
  }
  const std::vector<std::string> names = segments();
  ASSERT_GT(names.size(), 1u);
  for (const std::string& name : names) {
    const std::string good = test::read_whole_file(name);
    // What is no longer whole at the very end is a torn tail.
    const std::size_t until = name == names.back() ? good.size() - 38 : good.size();
    for (std::size_t at = 0; at < until; ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x10);
      test::write_file(name, bad);
      auto log = open();
      const Status status = log.ok() ? all_from(**log, 0).status() : log.status();
      ASSERT_EQ(status.code(), StatusCode::kDataError) << name << " byte " << at;
      EXPECT_THAT(std::string(status.message()), HasSubstr("is damaged at byte"));
    }
    test::write_file(name, good);
  }
}

TEST_F(StreamLogTest, AMissingSegmentIsFound) {
  {
    auto log = *open();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*log, "line " + std::to_string(i % 10)).ok());
  }
  std::filesystem::remove(segments()[1]);
  EXPECT_EQ(all_from(**open(), 0).status().code(), StatusCode::kDataError);
}

TEST_F(StreamLogTest, SegmentsStayUntilTwoCheckpointsAreBeyondThem) {
  auto log = *open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append(*log, "line " + std::to_string(i % 10)).ok());
  const std::size_t before = segments().size();
  log->segments()->committed(119);
  EXPECT_EQ(segments().size(), before);
  log->segments()->committed(120);
  EXPECT_LT(segments().size(), before);
  EXPECT_THAT(*all_from(**open(), 119), ElementsAre("9"));
}

// The whole way, with a pipe.
class LoggedInputTest : public StreamLogTest {
 protected:
  SourceLog log() const { return {path_, 3}; }
  test::ReaderRun start(bool restores) {
    return test::ReaderRun(*standard_input_source({.fd = pipe_.read_fd()}), 0, 1, restores, log());
  }
  static void read_lines(test::ReaderRun& run, std::size_t count) {
    while (run.lines.size() < count) {
      ASSERT_TRUE(run.poll().ok());
      if (run.last_records() == 0) {
        ASSERT_TRUE(run.waker.wait());
      }
    }
  }

  test::Pipe pipe_;
};

TEST_F(LoggedInputTest, ARestoredReaderGoesOnInTheLogAndThenInThePipe) {
  std::string captured;
  {
    test::ReaderRun first = start(false);
    pipe_.write("one\ntwo\nthree\nfo");
    read_lines(first, 3);
    captured = first.capture(2);  // "two" and "three" were not taken.
  }
  pipe_.write("ur\nfive\n");
  pipe_.close_write();
  test::ReaderRun second = start(true);
  ASSERT_TRUE(second.restore({captured}).ok());
  ASSERT_TRUE(second.run().ok());
  EXPECT_THAT(second.texts(), ElementsAre("two", "three", "four", "five"));
  EXPECT_EQ(second.lines[0].origin, (Origin{SplitId{0}, 4}));
}

TEST_F(LoggedInputTest, ARecordOfSeveralLinesIsReadFromTheLogAndThePipeTogether) {
  const auto start_quoted = [this](bool restores) {
    return test::ReaderRun(*standard_input_source({.fd = pipe_.read_fd()}), 0, 1, restores, log(),
                           QuotedLines{});
  };
  std::string captured;
  {
    test::ReaderRun first = start_quoted(false);
    pipe_.write("one\n\"two\n2\"\n\"three\n");
    read_lines(first, 2);
    captured = first.capture(1);
  }
  pipe_.write("3\"\nfour\n");
  pipe_.close_write();
  test::ReaderRun second = start_quoted(true);
  ASSERT_TRUE(second.restore({captured}).ok());
  ASSERT_TRUE(second.run().ok());
  EXPECT_THAT(second.texts(), ElementsAre("\"two\n2\"", "\"three\n3\"", "four"));
  EXPECT_EQ(second.lines[1].origin, (Origin{SplitId{0}, 12}));
}

TEST_F(LoggedInputTest, WithoutASnapshotAllOfTheLogComesAgain) {
  {
    test::ReaderRun first = start(false);
    pipe_.write("one\n");
    read_lines(first, 1);
  }
  pipe_.close_write();
  test::ReaderRun second = start(false);
  ASSERT_TRUE(second.run().ok());
  EXPECT_THAT(second.texts(), ElementsAre("one"));
}

TEST_F(LoggedInputTest, ALineThatEndedWithTheInputStaysOneWhateverComesNext) {
  {
    test::ReaderRun first = start(false);
    pipe_.write("one\ntw");
    pipe_.close_write();
    ASSERT_TRUE(first.run().ok());
    EXPECT_THAT(first.texts(), ElementsAre("one", "tw"));
  }
  test::Pipe next;
  next.write("three\n");
  next.close_write();
  test::ReaderRun second(*standard_input_source({.fd = next.read_fd()}), 0, 1, false, log());
  ASSERT_TRUE(second.run().ok());
  EXPECT_THAT(second.texts(), ElementsAre("one", "tw", "three"));
}

TEST_F(LoggedInputTest, ALostLogIsRefusedAndASnapshotWithoutOneGoesOnBehindIt) {
  std::string captured;
  {
    test::ReaderRun first = start(false);
    pipe_.write("one\ntwo\n");
    read_lines(first, 2);
    captured = first.capture();
  }
  std::filesystem::remove_all(path_);
  {
    test::ReaderRun second = start(true);
    const Status refused = second.restore({captured});
    EXPECT_EQ(refused.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("what is between cannot be had"));
  }
  test::ReaderRun without(*standard_input_source({.fd = pipe_.read_fd()}), 0, 1, true);
  ASSERT_TRUE(without.restore({captured}).ok());
  captured = without.capture();
  without.close();
  pipe_.write("three\n");
  pipe_.close_write();
  for (int again = 0; again < 2; ++again) {
    test::ReaderRun third = start(true);
    ASSERT_TRUE(third.restore({captured}).ok());
    ASSERT_TRUE(third.run().ok());
    EXPECT_THAT(third.texts(), ElementsAre("three"));
    EXPECT_EQ(third.lines[0].origin.offset, std::uint64_t{2} << 40);
  }
}

}  // namespace
}  // namespace penstock
