#include "penstock/core/checkpoint/part_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/crc32c.h"
#include "penstock/tests/sim/sim_file_system.h"

namespace penstock {
namespace {

using testing::HasSubstr;

class PartFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk_.create_directories("e").ok()); }

  PartInfo write(const std::vector<std::string>& chunks, PartInfo part = task(2, 3)) {
    auto writer = PartWriter::create(disk_, "e", {7}, part);
    EXPECT_TRUE(writer.ok()) << writer.status().to_string();
    for (const std::string& chunk : chunks) EXPECT_TRUE(writer->append(chunk).ok());
    return writer->finish().value();
  }
  static PartInfo task(std::uint32_t task, std::uint32_t task_count) {
    PartInfo part;
    part.stage = {5};
    part.task = task;
    part.task_count = task_count;
    return part;
  }
  Status read(const PartInfo& part, std::vector<std::string>& chunks, Epoch epoch = {7}) {
    auto file = disk_.open_for_reading("e/" + part.file);
    if (!file.ok()) return file.status();
    return read_part(**file, "'p'", epoch, part, [&](std::string_view chunk) {
      chunks.emplace_back(chunk);
      return Status();
    });
  }
  Status check(const PartInfo& part, Epoch epoch = {7}) {
    return read_part(**disk_.open_for_reading("e/" + part.file), "'p'", epoch, part, nullptr);
  }
  std::string content(const PartInfo& part) {
    std::string bytes(part.bytes, '\0');
    EXPECT_EQ(disk_.open_for_reading("e/" + part.file).value()->read_at(0, bytes).value(),
              part.bytes);
    return bytes;
  }
  void replace(const PartInfo& part, const std::string& bytes) {
    auto file = disk_.open_for_writing("e/" + part.file, WriteMode::kTruncate);
    ASSERT_TRUE(file.value()->append(bytes).ok());
  }

  SimFileSystem disk_{1};
};

TEST_F(PartFileTest, GivesBackChunksAsTheyWere) {
  const std::vector<std::string> chunks{"a", std::string(300'000, 'b'), std::string(1, '\0')};
  const PartInfo part = write(chunks);
  EXPECT_EQ(part.file, "part-5-2");
  EXPECT_EQ(part.bytes, 40 + 4 * 12 + 300'002 + 12u);
  std::vector<std::string> seen;
  EXPECT_EQ(read(part, seen).to_string(), "ok");
  EXPECT_EQ(seen, chunks);
  EXPECT_EQ(check(part).to_string(), "ok");
}

TEST_F(PartFileTest, PutsAChunkThatIsLongerThanABlockTogetherAgain) {
  std::vector<std::string> chunks{"short"};
  for (const std::size_t bytes : {kPartBlockBytesMax - 1, kPartBlockBytesMax,
                                  kPartBlockBytesMax + 1, 3 * kPartBlockBytesMax}) {
    chunks.emplace_back(bytes, static_cast<char>('a' + chunks.size()));
  }
  chunks.emplace_back("short");
  std::vector<std::string> seen;
  EXPECT_EQ(read(write(chunks), seen).to_string(), "ok");
  EXPECT_EQ(seen, chunks);
}

TEST_F(PartFileTest, MayHoldNothing) {
  std::vector<std::string> seen;
  EXPECT_EQ(read(write({}), seen).to_string(), "ok");
  EXPECT_TRUE(seen.empty());
}

TEST_F(PartFileTest, HasTheFormatOfVersionOne) {
  const PartInfo part = write({"ab"});
  const std::string expected("PSTKPART\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\5\0\0\0\2\0\0\0\3\0\0\0",
                             36);
  EXPECT_EQ(content(part).substr(0, 36), expected);
  EXPECT_EQ(content(part).substr(40, 8), std::string("\2\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(content(part).substr(52, 2), "ab");
  EXPECT_EQ(part.bytes, 40u + 12 + 2 + 12 + 12);
}

TEST_F(PartFileTest, TellsThePartsOfOtherTasksAndEpochsApart) {
  const PartInfo part = write({"a"});
  PartInfo other = part;
  other.task = 1;
  for (const Status& status : {check(other), check(part, {8})}) {
    EXPECT_EQ(status.code(), StatusCode::kDataError);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("'p': it belongs to another epoch or task"));
  }
}

TEST_F(PartFileTest, NoticesEveryBitThatIsNotAsItWas) {
  const PartInfo part = write({"abc", "defg"});
  const std::string bytes = content(part);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    replace(part, flipped);
    EXPECT_EQ(check(part).code(), StatusCode::kDataError) << bit;
  }
}

TEST_F(PartFileTest, NoticesEveryLengthThatIsNotAsItWas) {
  PartInfo part = write({"abc", "defg"});
  const std::string bytes = content(part);
  for (std::size_t length = 0; length < bytes.size() + 20; ++length) {
    if (length == bytes.size()) continue;
    std::string cut = bytes;
    cut.resize(length, 'x');
    replace(part, cut);
    part.bytes = bytes.size();
    EXPECT_EQ(check(part).code(), StatusCode::kDataError) << length;
    part.bytes = length;  // A manifest that goes along with it.
    EXPECT_EQ(check(part).code(), StatusCode::kDataError) << length;
  }
}

TEST_F(PartFileTest, HasTheChecksumThatTheManifestTells) {
  PartInfo part = write({"abc"});
  part.checksum ^= 1;
  EXPECT_THAT(std::string(check(part).message()), HasSubstr("the checksum of the whole is"));
}

TEST_F(PartFileTest, HasAsManyChunksAsItSays) {
  PartInfo part = write({"abc"});
  std::string bytes = content(part);
  bytes.resize(bytes.size() - 4);
  bytes[bytes.size() - 8] = 2;
  part.checksum = crc32c(bytes);
  ByteAppender(bytes).number(part.checksum);
  replace(part, bytes);
  EXPECT_THAT(std::string(check(part).message()), HasSubstr("a chunk is missing"));
}

TEST_F(PartFileTest, StopsAtTheFirstErrorOfTheOneItIsReadFor) {
  const PartInfo part = write({"a", "b", "c"});
  int visited = 0;
  const Status status = read_part(
      **disk_.open_for_reading("e/" + part.file), "'p'", {7}, part, [&](std::string_view) {
        return ++visited == 2 ? Status::data_error("no such key") : Status();
      });
  EXPECT_EQ(visited, 2);
  EXPECT_EQ(status.to_string(), "data error: 'p': no such key");
}

TEST_F(PartFileTest, IsOfNoUseAfterAnyErrorOfWriting) {
  const auto fail_append = [&] { disk_.fail_call(disk_.calls() + 1, 28); };
  auto writer = PartWriter::create(disk_, "e", {7}, task(0, 1));
  fail_append();
  EXPECT_EQ(writer->append("x").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(writer->append("y").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(writer->finish().status().code(), StatusCode::kResourceExhausted);
}

TEST_F(PartFileTest, IsNotWrittenOverAnother) {
  write({"a"});
  EXPECT_FALSE(PartWriter::create(disk_, "e", {7}, task(2, 3)).ok());
}

TEST_F(PartFileTest, IsNotGoneOnWithAfterItsEnd) {
  auto writer = PartWriter::create(disk_, "e", {7}, task(0, 1));
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_EQ(writer->append("x").code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace penstock
