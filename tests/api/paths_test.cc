// Files that two parts of a job would destroy for each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "penstock/api/job.h"
#include "penstock/io/encode/encoded_sink.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/io/json/json.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

struct Row {
  std::uint64_t number = 0;
};
constexpr auto penstock_json_fields(Tag<Row>) {
  return json::fields(json::field("number", &Row::number));
}

class PathsTest : public ::testing::Test {
 protected:
  PathsTest() { std::ofstream(folder_ + "/in.ndjson") << "{\"number\":1}\n"; }

  // Of a job that reads in.ndjson and writes each of these.
  Status run(const std::vector<std::string>& outputs, const DecodeOptions& decode = {}) const {
    Job job("paths");
    for (const std::string& output : outputs) {
      const auto in = line_file_source({.path = folder_ + "/in.ndjson"});
      job.source(in, json::decoder<Row>(), decode)
          .sink(line_file_sink({.path = output}), json::encoder<Row>());
    }
    return job.run();
  }

  test::TemporaryFolder temporary_;
  const std::string& folder_ = temporary_.path();
};

TEST_F(PathsTest, TwoSinksOnOnePathAreRefusedHoweverItIsSpelt) {
  std::filesystem::create_symlink(folder_, folder_ + "/link");
  for (const char* other : {"/out", "/./out", "/link/out"}) {
    const Status status = run({folder_ + "/out", folder_ + other});
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << other;
    EXPECT_THAT(std::string(status.message()), HasSubstr("two sinks would destroy"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/out"));
  EXPECT_TRUE(run({folder_ + "/out", folder_ + "/out2"}).ok());
}

TEST_F(PathsTest, ASinkInTheFolderOfAnotherIsRefused) {
  EXPECT_EQ(run({folder_ + "/parts/", folder_ + "/parts/out"}).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(run({folder_ + "/parts/out", folder_ + "/parts/"}).code(),
            StatusCode::kInvalidArgument);
}

TEST_F(PathsTest, ASinkOnTheFileOfASourceIsRefusedAndTheFileStays) {
  const Status status = run({folder_ + "/in.ndjson"});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("would read what it writes itself"));
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/in.ndjson"), 13u);
  EXPECT_EQ(run({folder_ + "/"}).code(), StatusCode::kInvalidArgument) << "the folder it lies in";
}

TEST_F(PathsTest, BadRecordsGoNeitherToTheFileOfASinkNorOfASource) {
  const auto to = [&](const std::string& file) {
    return DecodeOptions{.on_error = ErrorPolicy::kDeadLetter,
                         .dead_letter_path = folder_ + file,
                         .dead_letter_sink = {}};
  };
  const Status status = run({folder_ + "/out"}, to("/./out"));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a sink and bad records would destroy"));
  EXPECT_EQ(run({folder_ + "/out"}, to("/in.ndjson")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/in.ndjson"), 13u);
  EXPECT_TRUE(run({folder_ + "/out", folder_ + "/out2"}, to("/bad")).ok()) << "of two sources";
}

TEST_F(PathsTest, SeveralMayUseADevice) { EXPECT_TRUE(run({"/dev/null", "/dev/null"}).ok()); }

}  // namespace
}  // namespace penstock
