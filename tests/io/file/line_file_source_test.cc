#include "penstock/io/file/line_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "penstock/core/base/random.h"
#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LineFileSourceTest : public ::testing::Test {
 protected:
  test::ReaderRun open(bool follow = false, std::size_t line_bytes_max = 1 << 20) const {
    return test::ReaderRun(
        *line_file_source({.path = path_, .follow = follow, .line_bytes_max = line_bytes_max}));
  }
  void write(std::string_view bytes) const { test::write_file(path_, bytes); }
  void append(std::string_view bytes) const { test::write_file(path_, bytes, std::ios::app); }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "lines.ndjson";
};

TEST_F(LineFileSourceTest, ReadsLinesWithTheirByteOffsets) {
  write("{\"a\":1}\n\n{\"b\":2}\r\nlast");
  auto run = open();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("{\"a\":1}", "", "{\"b\":2}", "last"));
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 9}));
  EXPECT_EQ(run.lines[3].origin, (Origin{SplitId{0}, 18}));
}

TEST_F(LineFileSourceTest, ReadsAnEmptyFileToItsEnd) {
  write("");
  auto run = open();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.lines, IsEmpty());
}

TEST_F(LineFileSourceTest, DeliversAnyBytesAsTheyAre) {
  std::string junk;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != '\n') junk += static_cast<char>(byte);
  }
  write("\xEF\xBB\xBF" + junk + "\n" + std::string(3, '\0') + "\n");
  auto run = open();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("\xEF\xBB\xBF" + junk, std::string(3, '\0')));
}

TEST_F(LineFileSourceTest, ReadsLinesAcrossManyBlocks) {
  Random random(3);
  std::vector<std::string> expected;
  std::string text;
  while (text.size() < 3'000'000) {
    expected.emplace_back(random.below(20) == 0 ? random.below(300'000) : random.below(200), 'x');
    for (std::size_t i = 0; i < expected.back().size(); i += 37) expected.back()[i] = 'y';
    text += expected.back() + "\n";
  }
  write(text);
  auto run = open();
  EXPECT_TRUE(run.run(7).ok());
  EXPECT_EQ(run.texts(), expected);
}

TEST_F(LineFileSourceTest, StampsArrivalWithTheReadingOfTheClock) {
  write("one\n");
  auto run = open();
  run.clock.advance(std::chrono::seconds(5));
  EXPECT_TRUE(run.run().ok());
  EXPECT_EQ(run.lines[0].arrival, Instant{5'000'000'000});
}

TEST_F(LineFileSourceTest, MarksALineThatIsTooLongAndReadsOnBehindIt) {
  write("one\ntwo\n" + std::string(600'000, 'x') + "\nfour\n" + std::string(500'001, 'y'));
  auto run = open(false, 500'000);
  EXPECT_TRUE(run.run().ok());
  ASSERT_EQ(run.lines.size(), 5u);
  EXPECT_EQ(run.lines[2].text, std::string(64 << 10, 'x'));
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 8}));
  EXPECT_EQ(run.lines[2].cut_from_bytes, 600'000u);
  EXPECT_THAT(run.lines[2].why_cut, HasSubstr("line of 600000 bytes is longer than 500000 bytes"));
  EXPECT_EQ(run.lines[3].text, "four");
  EXPECT_EQ(run.lines[3].cut_from_bytes, 0u);
  EXPECT_EQ(run.lines[4].cut_from_bytes, 500'001u);
}

TEST_F(LineFileSourceTest, FollowsALineThatGrowsTooLongToItsEnd) {
  write("one\n" + std::string(30, 'x'));
  auto run = open(true, 20);
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_EQ(run.poll()->records, 0u);
  append("xxx\ntwo\n");
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_EQ(run.lines[1].cut_from_bytes, 33u);
  EXPECT_EQ(run.lines[2].text, "two");
}

TEST_F(LineFileSourceTest, TakesALineOfOneMebibyte) {
  write(std::string(1 << 20, 'x') + "\ntwo\n");
  auto run = open();
  EXPECT_TRUE(run.run().ok());
  EXPECT_EQ(run.lines.at(0).text.size(), std::size_t{1} << 20);
  EXPECT_EQ(run.lines.at(1).text, "two");
}

TEST_F(LineFileSourceTest, StaysEndedWhenTheFileGrowsLater) {
  write("one\ntw");
  auto run = open();
  EXPECT_TRUE(run.run().ok());
  append("o\nthree\n");
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("one", "tw"));
}

TEST_F(LineFileSourceTest, NamesAFileThatIsNotThere) {
  const auto run = open();
  EXPECT_EQ(run.open_status().code(), StatusCode::kNotFound);
  EXPECT_THAT(run.open_status().to_string(), HasSubstr(path_));
}

TEST_F(LineFileSourceTest, RefusesADirectory) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(open().open_status().to_string(), HasSubstr(path_ + "': Is a directory"));
}

TEST_F(LineFileSourceTest, RefusesANamedPipeInsteadOfWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(open().open_status().to_string(), HasSubstr("standard input"));
}

TEST_F(LineFileSourceTest, NamesAFileThatItMayNotRead) {
  write("secret\n");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(path_, std::filesystem::perms::none);
  const bool is_root = ::geteuid() == 0;  // Whom no mode keeps out.
  if (is_root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const Status status = open().open_status();
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(status.code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(status.to_string(), HasSubstr(path_));
}

TEST_F(LineFileSourceTest, ReportsAReadThatFails) {
  path_ = "/proc/self/mem";  // Opens; its first byte is mapped in no process.
  auto run = open();
  const Status status = run.run();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.to_string(), HasSubstr("/proc/self/mem"));
}

TEST_F(LineFileSourceTest, FollowWaitsForMoreAndForTheNewlineOfTheLastLine) {
  write("one\ntw");
  auto run = open(true);
  ASSERT_TRUE(run.poll().ok());
  const PollResult waiting = *run.poll();
  EXPECT_EQ(waiting.state, SourceState::kWaiting);
  EXPECT_EQ(waiting.wake_at, run.clock.now() + std::chrono::milliseconds(10));
  EXPECT_THAT(run.texts(), ElementsAre("one"));
  append("o\nthree\n");
  EXPECT_EQ(run.poll()->records, 2u);
  EXPECT_THAT(run.texts(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(run.lines[2].origin.offset, 8u);
  EXPECT_EQ(run.poll()->state, SourceState::kWaiting);
}

TEST_F(LineFileSourceTest, FollowFailsWhenTheFileIsEmptied) {
  write("one\ntwo\n");
  auto run = open(true);
  EXPECT_EQ(run.poll()->records, 2u);
  write("1\n");
  const Status status = run.poll().status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.to_string(), HasSubstr(path_ + ": was followed up to byte 8"));
}

TEST_F(LineFileSourceTest, FollowReadsToTheEndOfARotatedFileAndThenFails) {
  write("one\n");
  auto run = open(true);
  EXPECT_EQ(run.poll()->records, 1u);
  append("two\n");
  std::filesystem::rename(path_, path_ + ".1");
  write("a new file that is longer than the old one\n");
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_THAT(run.poll().status().to_string(), HasSubstr("rotated"));
  EXPECT_THAT(run.texts(), ElementsAre("one", "two"));
}

TEST_F(LineFileSourceTest, FollowFailsWhenTheFileIsRemoved) {
  write("one\n");
  auto run = open(true);
  EXPECT_EQ(run.poll()->records, 1u);
  std::filesystem::remove(path_);
  EXPECT_THAT(run.poll().status().to_string(), HasSubstr("following " + path_));
}

TEST_F(LineFileSourceTest, AllocatesNothingPerRecord) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "{\"a\":" + std::to_string(i) + "}\n";
  write(text);
  const auto files = make_posix_file_system();
  const VirtualClock clock;
  test::WaitableWaker waker;
  VirtualClock owned;
  const auto source = line_file_source({.path = path_});
  const auto opened = source->open({0, 1, &owned, files.get(), &waker});
  ASSERT_TRUE(opened.ok());
  std::vector<RawRecord> batch(256);
  std::size_t records = opened.value()->poll(batch, clock.now())->records;
  const std::uint64_t before = thread_allocations_so_far();
  for (SourceState state = SourceState::kMore; state != SourceState::kEnded;) {
    const Result<PollResult> result = opened.value()->poll(batch, clock.now());
    records += result.value().records;
    state = result.value().state;
  }
  // The buffer grows once more, for the first line that does not end in its block.
  EXPECT_LE(thread_allocations_so_far() - before, 1u);
  EXPECT_EQ(records, 100'000u);
}

}  // namespace
}  // namespace penstock
