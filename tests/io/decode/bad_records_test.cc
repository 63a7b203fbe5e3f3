#include "penstock/io/decode/bad_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/keeping_sink.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class BadRecordsTest : public ::testing::Test {
 protected:
  BadRecordsTest() {
    context_.file_system = files_.get();
    context_.failure = &failure_;
    context_.counters = &counters_;
  }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  TaskFailure failure_;
  TaskCounters counters_;
  TaskContext context_;
  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "dead.ndjson";
  RawRecord raw_{"{junk", {SplitId{2}, 81723}, {}};
};

TEST_F(BadRecordsTest, FailStopsTheTaskWithPlaceAndReason) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kFail, .dead_letter_path = ""});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.note(raw_, "no such thing");
  EXPECT_EQ(failure_.status().code(), StatusCode::kDataError);
  EXPECT_THAT(failure_.status().to_string(), HasSubstr("payments/2 @ 81723: no such thing"));
  EXPECT_EQ(counters_.errors.get(), 1u);
}

TEST_F(BadRecordsTest, SkipOnlyCounts) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kSkip, .dead_letter_path = ""});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.note(raw_, "no such thing");
  bad.note(raw_, "no such thing");
  EXPECT_FALSE(failure_.failed());
  EXPECT_EQ(counters_.errors.get(), 2u);
  EXPECT_EQ(counters_.skipped.get(), 2u);
}

TEST_F(BadRecordsTest, DeadLetterKeepsTheRawBytesWithTheBatch) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = path_});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.end_batch({});
  EXPECT_FALSE(files_->exists(path_));  // Made with the first bad record.
  bad.note(raw_, "no such thing");
  bad.end_batch({});
  const Result<DeadLetters> kept = read_dead_letters(*files_, path_);
  ASSERT_EQ(kept.value().letters.size(), 1u);
  const DeadLetter& letter = kept.value().letters[0];
  EXPECT_EQ(letter.raw, "{junk");
  EXPECT_EQ(letter.error, "no such thing");
  EXPECT_EQ(letter.source, "payments");
  EXPECT_EQ(letter.origin, (Origin{SplitId{2}, 81723}));
  EXPECT_EQ(counters_.dead_letters.get(), 1u);
  EXPECT_TRUE(bad.close().ok());
}

TEST_F(BadRecordsTest, DeadLettersAreOnTheDiskBeforeTheEpochCounts) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = path_});
  ASSERT_TRUE(bad.open(context_).ok());
  struct : SnapshotTarget {
    void take(std::string) noexcept override {}
    void before_ack(std::function<Status()> given) noexcept override { work.push_back(given); }
    std::vector<std::function<Status()>> work;
  } target;
  SnapshotWriter out(target);
  bad.capture(Epoch{1}, out);
  EXPECT_TRUE(target.work.empty()) << "there is nothing to sync";
  bad.note(raw_, "no such thing");
  bad.capture(Epoch{2}, out);
  ASSERT_EQ(target.work.size(), 1u);
  EXPECT_EQ(read_dead_letters(*files_, path_).value().letters.size(), 1u);
  EXPECT_TRUE(target.work[0]().ok());
  EXPECT_TRUE(bad.captured());
  bad.capture(Epoch{3}, out);
  EXPECT_EQ(target.work.size(), 1u);
}

TEST_F(BadRecordsTest, AnEpochWaitsForTheDeadLettersOfASink) {
  test::Kept kept;
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter,
                              .dead_letter_sink = std::make_shared<test::KeepingSink>(kept)});
  context_.takes_snapshots = true;
  ASSERT_TRUE(bad.open(context_).ok());
  EXPECT_FALSE(kept.takes_snapshots) << "dead letters are at least once";
  kept.captured = false;
  EXPECT_FALSE(bad.captured());
}

TEST_F(BadRecordsTest, DeadLetterSendsAMessageWithTheRawBytesTheKeyAndWhereItIsFrom) {
  test::Kept kept;
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter,
                              .dead_letter_sink = std::make_shared<test::KeepingSink>(kept)});
  ASSERT_TRUE(bad.open(context_).ok());
  const MessageHeader original{"trace", "t1"};
  Message message;
  message.key = "alice";
  message.partition = 7;
  message.timestamp = {5'000'999};
  message.headers = {&original, 1};
  raw_.message = &message;
  EXPECT_EQ(kept.counters, &counters_);
  bad.note(raw_, "no such thing", "topic-a");
  message.key.reset();
  message.headers = {};
  message.timestamp = kMinEventTime;
  message.tombstone = true;
  bad.note(raw_, "no value");
  bad.end_batch({});
  EXPECT_EQ(kept.flushes, 1);
  ASSERT_EQ(kept.messages.size(), 2u);
  EXPECT_EQ(kept.messages[0].bytes, "{junk");
  EXPECT_EQ(kept.messages[0].key, "alice");
  EXPECT_THAT(kept.messages[0].headers,
              ElementsAre(Pair("penstock.source", "topic-a"), Pair("penstock.split", "2"),
                          Pair("penstock.offset", "81723"), Pair("penstock.error", "no such thing"),
                          Pair("penstock.partition", "7"), Pair("penstock.timestamp", "5000"),
                          Pair("trace", "t1")));
  EXPECT_EQ(kept.messages[1].key, std::nullopt);
  EXPECT_TRUE(kept.messages[1].tombstone);
  EXPECT_EQ(kept.messages[1].headers[0].second, "payments");
  EXPECT_EQ(kept.messages[1].headers.size(), 5u);
  EXPECT_EQ(counters_.dead_letters.get(), 2u);
  EXPECT_TRUE(bad.close().ok());
  EXPECT_TRUE(kept.closed);
}

TEST_F(BadRecordsTest, ADeadLetterSinkIsServedWhenItAsksAndHoldsTheSourceBack) {
  test::Kept kept;
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter,
                              .dead_letter_sink = std::make_shared<test::KeepingSink>(kept)});
  ASSERT_TRUE(bad.open(context_).ok());
  kept.wake_at = Instant{10};
  bad.end_batch(Instant{9});
  EXPECT_EQ(kept.flushes, 0);
  EXPECT_EQ(bad.wake_at(), Instant{10});
  bad.end_batch(Instant{10});
  EXPECT_EQ(kept.flushes, 1);
  EXPECT_TRUE(bad.ready());
  kept.ready = false;
  EXPECT_FALSE(bad.ready());
  kept.flush_status = Status(StatusCode::kUnavailable, "gone");
  bad.end_batch(Instant{10});
  EXPECT_THAT(failure_.status().to_string(), HasSubstr("dead letters: gone"));
}

TEST_F(BadRecordsTest, DeadLetterWantsAPathOrASinkAndNotBoth) {
  test::Kept kept;
  BadRecords both("payments", {.on_error = ErrorPolicy::kDeadLetter,
                               .dead_letter_path = path_,
                               .dead_letter_sink = std::make_shared<test::KeepingSink>(kept)});
  EXPECT_EQ(both.open(context_).code(), StatusCode::kInvalidArgument);
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = ""});
  EXPECT_EQ(bad.open(context_).code(), StatusCode::kInvalidArgument);
}

TEST_F(BadRecordsTest, ADeadLetterThatCannotBeKeptStopsTheTask) {
  BadRecords bad("payments",
                 {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = "/dev/full"});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.note(raw_, "no such thing");
  bad.end_batch({});
  EXPECT_EQ(failure_.status().code(), StatusCode::kResourceExhausted);
}

TEST_F(BadRecordsTest, ADeadLetterFileThatCannotBeOpenedStopsTheTask) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter,
                              .dead_letter_path = folder_ / "missing/dead.ndjson"});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.note(raw_, "no such thing");
  EXPECT_EQ(failure_.status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock
