#include "penstock/io/decode/bad_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

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
  bad.end_batch();
  EXPECT_FALSE(files_->exists(path_));  // Made with the first bad record.
  bad.note(raw_, "no such thing");
  bad.end_batch();
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

TEST_F(BadRecordsTest, DeadLetterWantsAPath) {
  BadRecords bad("payments", {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = ""});
  EXPECT_EQ(bad.open(context_).code(), StatusCode::kInvalidArgument);
}

TEST_F(BadRecordsTest, ADeadLetterThatCannotBeKeptStopsTheTask) {
  BadRecords bad("payments",
                 {.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = "/dev/full"});
  ASSERT_TRUE(bad.open(context_).ok());
  bad.note(raw_, "no such thing");
  bad.end_batch();
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
