#include "penstock/io/file/watched_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class WatchedFileSourceTest : public ::testing::Test {
 protected:
  test::ReaderRun open(std::size_t bytes_max = 1 << 20, bool restores = false) const {
    return test::ReaderRun(
        *watched_file_source({.path = path_, .poll_interval = 100ms, .bytes_max = bytes_max}), 0, 1,
        restores);
  }
  void write(std::string_view bytes) const { test::write_file(path_, bytes); }
  void replace(std::string_view bytes) const {
    test::write_file(path_ + ".new", bytes);
    std::filesystem::rename(path_ + ".new", path_);
  }
  // Looks after the interval; how many contents came.
  static std::size_t look(test::ReaderRun& run) {
    run.clock.advance(100ms);
    const Result<PollResult> polled = run.poll();
    EXPECT_TRUE(polled.ok());
    EXPECT_EQ(polled->state, SourceState::kWaiting) << "it has no end";
    EXPECT_EQ(polled->wake_at, run.clock.now() + 100ms);
    return polled->records;
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "rules.json";
};

TEST_F(WatchedFileSourceTest, GivesTheWholeContentOnceAndAgainWhenTheFileIsReplaced) {
  write("{\n  \"limit\": 1\n}\n");
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_EQ(look(run), 0u);
  replace("{\"limit\": 2}");
  EXPECT_EQ(look(run), 1u);
  EXPECT_EQ(look(run), 0u);
  EXPECT_THAT(run.texts(), ElementsAre("{\n  \"limit\": 1\n}\n", "{\"limit\": 2}"));
  EXPECT_EQ(run.lines[1].origin, (Origin{SplitId{0}, 1}));
  EXPECT_EQ(run.lines[1].arrival, run.clock.now() - 100ms);
}

TEST_F(WatchedFileSourceTest, SeesAChangeThatKeepsSizeAndTimeOfTheFile) {
  write("limit 1");
  const auto written = std::filesystem::last_write_time(path_);
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  write("limit 2");
  std::filesystem::last_write_time(path_, written);
  EXPECT_EQ(look(run), 1u);
  EXPECT_THAT(run.texts(), ElementsAre("limit 1", "limit 2"));
}

TEST_F(WatchedFileSourceTest, AFileThatIsWrittenAnewWithTheSameContentHasNotChanged) {
  write("limit 1");
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  replace("limit 1");
  EXPECT_EQ(look(run), 0u);
}

TEST_F(WatchedFileSourceTest, DoesNotLookBeforeTheInterval) {
  write("limit 1");
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  replace("limit 2");
  run.clock.advance(99ms);
  EXPECT_EQ(run.poll()->records, 0u);
  run.clock.advance(1ms);
  EXPECT_EQ(run.poll()->records, 1u);
}

TEST_F(WatchedFileSourceTest, AFileThatIsGoneForAWhileKeepsItsLastContentInForce) {
  write("limit 1");
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  std::filesystem::remove(path_);
  EXPECT_EQ(look(run), 0u);
  write("limit 1");
  EXPECT_EQ(look(run), 0u);
  std::filesystem::remove(path_);
  EXPECT_EQ(look(run), 0u);
  write("limit 3");
  EXPECT_EQ(look(run), 1u);
}

TEST_F(WatchedFileSourceTest, AnEmptyFileIsAContent) {
  write("");
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_THAT(run.texts(), ElementsAre(""));
  write("limit 1");
  EXPECT_EQ(look(run), 1u);
}

TEST_F(WatchedFileSourceTest, ReadsFilesOfManyBlocksWhole) {
  std::string content;
  for (int i = 0; content.size() < 100'000; ++i) content += std::to_string(i) + ",";
  write(content);
  auto run = open();
  EXPECT_EQ(run.poll()->records, 1u);
  write(content + "end");
  EXPECT_EQ(look(run), 1u);
  EXPECT_THAT(run.texts(), ElementsAre(content, content + "end"));
}

TEST_F(WatchedFileSourceTest, ContentThatIsTooLongIsARecordThatCannotBeRead) {
  write("0123456789");
  auto run = open(10);
  EXPECT_EQ(run.poll()->records, 1u);
  EXPECT_EQ(run.lines[0].cut_from_bytes, 0u);
  write(std::string(40'000, 'x'));
  EXPECT_EQ(look(run), 1u);
  EXPECT_GT(run.lines[1].cut_from_bytes, 10u);
  EXPECT_THAT(run.lines[1].why_cut, HasSubstr("longer than 10 bytes"));
}

TEST_F(WatchedFileSourceTest, AFileThatIsMissingOrADirectoryAtTheStartIsNamed) {
  EXPECT_THAT(open().open_status().to_string(), HasSubstr(path_));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(open().open_status().to_string(), HasSubstr(path_));
}

TEST_F(WatchedFileSourceTest, ARestoredOneKeepsTheContentOfTheCutInForceUntilItsFirstLook) {
  write("one");
  auto before = open();
  EXPECT_EQ(before.poll()->records, 1u);
  const std::string captured = before.capture();
  replace("two");
  auto after = open(1 << 20, true);
  ASSERT_TRUE(after.restore({captured}).ok());
  EXPECT_EQ(after.poll()->records, 0u);
  EXPECT_EQ(look(after), 1u);
  EXPECT_THAT(after.texts(), ElementsAre("two"));
  EXPECT_EQ(after.lines[0].origin, (Origin{SplitId{0}, 1}));
}

TEST_F(WatchedFileSourceTest, ARestoredOneGivesNothingWhenTheFileIsAsAtTheCut) {
  write("one");
  auto before = open();
  EXPECT_EQ(before.poll()->records, 1u);
  auto after = open(1 << 20, true);
  ASSERT_TRUE(after.restore({before.capture()}).ok());
  EXPECT_EQ(after.poll()->records, 0u);
  EXPECT_EQ(look(after), 0u);
}

TEST_F(WatchedFileSourceTest, ContentThatHadNotBeenTakenAtTheCutComesAgain) {
  write("one");
  auto before = open();
  EXPECT_EQ(before.poll()->records, 1u);
  auto after = open(1 << 20, true);
  ASSERT_TRUE(after.restore({before.capture(1)}).ok());
  EXPECT_EQ(after.poll()->records, 1u);
}

}  // namespace
}  // namespace penstock
