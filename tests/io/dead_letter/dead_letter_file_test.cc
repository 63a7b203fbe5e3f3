#include "penstock/io/dead_letter/dead_letter_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "penstock/core/base/random.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DeadLetterFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<DeadLetterFile> open() const {
    return std::move(DeadLetterFile::open(*files_, path_)).value();
  }
  DeadLetters read() const { return std::move(read_dead_letters(*files_, path_)).value(); }

  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "payments.dead.ndjson";
};

TEST_F(DeadLetterFileTest, KeepsOneLineOfJsonPerRecord) {
  const auto letters = open();
  EXPECT_TRUE(letters->add("in.ndjson", {SplitId{3}, 81723}, "bad \"x\"", "foo").ok());
  EXPECT_EQ(test::read_whole_file(path_), "");
  EXPECT_TRUE(letters->flush().ok());
  EXPECT_EQ(test::read_whole_file(path_),
            "{\"source\":\"in.ndjson\",\"split\":3,\"offset\":81723,\"error\":\"bad \\\"x\\\"\","
            "\"raw_base64\":\"Zm9v\"}\n");
}

TEST_F(DeadLetterFileTest, GivesBackAnyBytes) {
  Random random(11);
  std::vector<std::string> junk{"", "\n", std::string(1, '\0'), "\xEF\xBB\xBF{", "\xC3\x28\"\\"};
  for (std::size_t i = 0; i < 200; ++i) {
    junk.emplace_back(random.below(500), '\0');
    for (char& byte : junk.back()) byte = static_cast<char>(random.below(256));
  }
  const auto letters = open();
  for (std::size_t i = 0; i < junk.size(); ++i) {
    // What goes wrong often is in the error as well: it may be no valid text either.
    EXPECT_TRUE(
        letters->add("a\"b", {SplitId{1}, i << 40}, "cannot read " + junk[i], junk[i]).ok());
  }
  EXPECT_TRUE(letters->close().ok());
  const DeadLetters result = read();
  EXPECT_THAT(result.damaged_lines, IsEmpty());
  ASSERT_EQ(result.letters.size(), junk.size());
  for (std::size_t i = 0; i < junk.size(); ++i) {
    EXPECT_EQ(result.letters[i].raw, junk[i]);
    EXPECT_EQ(result.letters[i].source, "a\"b");
    EXPECT_EQ(result.letters[i].origin, (Origin{SplitId{1}, i << 40}));
  }
}

TEST_F(DeadLetterFileTest, IsReadableOnlyByItsOwner) {
  const auto letters = open();
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(DeadLetterFileTest, AppendsToWhatEarlierRunsLeft) {
  for (const char* raw : {"one", "two"}) {
    const auto letters = open();
    EXPECT_TRUE(letters->add("in", {}, "bad", raw).ok());
    EXPECT_TRUE(letters->close().ok());
    EXPECT_TRUE(letters->close().ok());
  }
  ASSERT_EQ(read().letters.size(), 2u);
  EXPECT_EQ(read().letters[1].raw, "two");
}

TEST_F(DeadLetterFileTest, BeginsANewLineBehindATornOne) {
  test::write_file(path_, "{\"source\":\"in\",\"spl");
  const auto letters = open();
  EXPECT_TRUE(letters->add("in", {}, "bad", "one").ok());
  EXPECT_TRUE(letters->close().ok());
  const DeadLetters result = read();
  ASSERT_EQ(result.letters.size(), 1u);
  EXPECT_EQ(result.letters[0].raw, "one");
  EXPECT_THAT(result.damaged_lines, ElementsAre(1u));
}

TEST_F(DeadLetterFileTest, SaysWhichLinesItCannotReadAndPassesOverEmptyOnes) {
  test::write_file(
      path_,
      "\nnot json\n[1]\n{\"source\":\"in\"}\n"
      "{\"source\":\"in\",\"split\":0,\"offset\":0,\"error\":\"e\",\"raw_base64\":\"?\"}\n"
      "{\"source\":\"in\",\"split\":0,\"offset\":0,\"error\":\"e\",\"raw_base64\":\"\"}\n");
  const DeadLetters result = read();
  EXPECT_THAT(result.damaged_lines, ElementsAre(2u, 3u, 4u, 5u));
  EXPECT_EQ(result.letters.size(), 1u);
}

TEST_F(DeadLetterFileTest, KeepsLettersOfSeveralTasksWhole) {
  std::vector<std::thread> tasks;
  for (std::uint32_t task = 0; task < 4; ++task) {
    tasks.emplace_back([&, task] {
      const auto letters = open();
      for (std::uint64_t i = 0; i < 500; ++i) {
        ASSERT_TRUE(letters->add("in", {SplitId{task}, i}, "bad", std::string(i, 'x')).ok());
        if (i % 3 == 0) {
          ASSERT_TRUE(letters->flush().ok());
        }
      }
      ASSERT_TRUE(letters->close().ok());
    });
  }
  for (std::thread& task : tasks) task.join();
  const DeadLetters result = read();
  EXPECT_THAT(result.damaged_lines, IsEmpty());
  std::vector<std::uint64_t> next(4, 0);
  for (const DeadLetter& letter : result.letters) {
    EXPECT_EQ(letter.origin.offset, next.at(letter.origin.split.value)++);
  }
  EXPECT_THAT(next, ElementsAre(500u, 500u, 500u, 500u));
}

TEST_F(DeadLetterFileTest, FlushesByItselfWhenMuchWaits) {
  const auto letters = open();
  EXPECT_TRUE(letters->add("in", {}, "bad", std::string(DeadLetterFile::kBufferBytes, 'x')).ok());
  EXPECT_GT(test::read_whole_file(path_).size(), DeadLetterFile::kBufferBytes);
}

TEST_F(DeadLetterFileTest, ReportsAFullDisk) {
  path_ = "/dev/full";
  const auto letters = open();
  EXPECT_TRUE(letters->add("in", {}, "bad", "one").ok());
  const Status status = letters->flush();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.to_string(), HasSubstr("dead letters: cannot write to '/dev/full'"));
}

TEST_F(DeadLetterFileTest, NamesAPathThatCannotBeOpened) {
  const auto refused = DeadLetterFile::open(*files_, folder_ / "missing/letters");
  EXPECT_THAT(refused.status().to_string(), HasSubstr(folder_ / "missing/letters"));
  EXPECT_EQ(read_dead_letters(*files_, path_).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace penstock
