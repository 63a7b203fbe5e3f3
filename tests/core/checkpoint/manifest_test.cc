#include "penstock/core/checkpoint/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/crc32c.h"

namespace penstock {
namespace {

using testing::HasSubstr;

Manifest sample() {
  Manifest manifest;
  manifest.job = "fraud";
  manifest.epoch = {17};
  manifest.incarnation = 3;
  manifest.created = {-5};
  manifest.savepoint = true;
  manifest.finished = true;
  manifest.plan = {{{0}, "payments", 1, {"kafka"}}, {{4}, "rules", 2, {"key_by", ""}}};
  manifest.parts = {{"part-0-0", {0}, 0, 1, 100, 1},
                    {"part-4-0", {4}, 0, 2, 1'000'000'000'000, 2},
                    {"part-4-1", {4}, 1, 2, 0, 3}};
  manifest.sources = {{"payments", "partition 0: offset 5"}};
  manifest.properties = {{"batch", "9"}, {"", std::string(1, '\0')}};
  return manifest;
}

std::string with_checksum(std::string body) {
  ByteAppender out(body);
  out.number(crc32c(body));
  return body;
}

std::string error_of(const std::function<void(Manifest&)>& change) {
  Manifest manifest = sample();
  change(manifest);
  // A reader must find what a writer that does not check has written.
  const auto decoded = decode_manifest(encode_manifest(manifest));
  EXPECT_NE(check_manifest(manifest).ok(), manifest.builds_on.empty());
  return decoded.status().to_string();
}

TEST(Manifest, IsReadAsItWasWritten) {
  const auto read = decode_manifest(encode_manifest(sample()));
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(*read, sample());
  EXPECT_EQ(*read->property("batch"), "9");
  EXPECT_EQ(read->property("none"), nullptr);
  EXPECT_EQ(read->bytes(), 1'000'000'000'100u);
}

TEST(Manifest, NoticesEveryBitThatIsNotAsItWas) {
  const std::string bytes = encode_manifest(sample());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(decode_manifest(flipped).status().code(), StatusCode::kDataError) << bit;
  }
}

// With a checksum that fits, lengths and counts are all that is left to find it out by.
TEST(Manifest, IsNotReadWhenItIsCutOffOrLonger) {
  const std::string bytes = encode_manifest(sample());
  const std::string body = bytes.substr(0, bytes.size() - 4);
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_EQ(decode_manifest(bytes.substr(0, length)).status().code(), StatusCode::kDataError);
    EXPECT_EQ(decode_manifest(with_checksum(body.substr(0, length))).status().code(),
              StatusCode::kDataError)
        << length;
  }
  EXPECT_FALSE(decode_manifest(with_checksum(body + "x")).ok());
}

TEST(Manifest, ReadsAnyBytesWithoutHarm) {
  const std::string bytes = encode_manifest(sample());
  const std::string body = bytes.substr(0, bytes.size() - 4);
  int good = 0;
  for (std::size_t at = 8; at < body.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
      std::string changed = body;
      changed[at] = static_cast<char>(value);
      const std::string sealed = with_checksum(changed);
      const auto read = decode_manifest(sealed);
      if (!read.ok()) continue;
      EXPECT_EQ(encode_manifest(*read), sealed) << at;
      ++good;
    }
  }
  EXPECT_GT(good, 100);
}

TEST(Manifest, NamesFilesAndNoPaths) {
  for (const std::string name : {"", "x", "part-0/../../etc/passwd", "../part-0", "part-\t",
                                 "part-..", "PART-1", "part-é"}) {
    EXPECT_THAT(error_of([&](Manifest& m) { m.parts[0].file = name; }),
                HasSubstr("a name that is none"))
        << name;
  }
}

TEST(Manifest, HasEachPartOnce) {
  EXPECT_THAT(error_of([](Manifest& m) { m.parts.pop_back(); }),
              HasSubstr("stage 4 has parts of 1 of its 2 tasks"));
  EXPECT_THAT(error_of([](Manifest& m) { m.parts[2].file = "part-4-0"; }),
              HasSubstr("there twice"));
  EXPECT_THAT(error_of([](Manifest& m) { m.parts[2].task = 0; }), HasSubstr("there twice"));
  EXPECT_THAT(error_of([](Manifest& m) { m.parts[2].task = 2; }), HasSubstr("is of task 2 of 2"));
  EXPECT_THAT(error_of([](Manifest& m) { m.parts[2].task_count = 3; }),
              HasSubstr("counts the tasks"));
}

TEST(Manifest, IsBounded) {
  const std::string text(kManifestTextBytesMax + 1, 'x');
  EXPECT_FALSE(error_of([&](Manifest& m) { m.job = text; }).empty());
  EXPECT_FALSE(error_of([&](Manifest& m) { m.sources[0].text = text; }).empty());
  EXPECT_FALSE(error_of([&](Manifest& m) { m.plan[0].operators = {text}; }).empty());
  EXPECT_FALSE(error_of([](Manifest& m) { m.properties.resize(kManifestEntriesMax + 1); }).empty());
  EXPECT_FALSE(
      error_of([](Manifest& m) { m.plan[0].operators.resize(kManifestEntriesMax + 1); }).empty());
  EXPECT_THAT(error_of([](Manifest& m) { m.epoch = {}; }), HasSubstr("no epoch"));
  EXPECT_FALSE(decode_manifest(std::string(kManifestBytesMax + 1, 'x')).ok());
}

TEST(Manifest, OfALaterVersionIsNoDamage) {
  const std::string bytes = encode_manifest(sample());
  std::string later = bytes.substr(0, bytes.size() - 4);
  later[8] = 2;
  const Status status = decode_manifest(with_checksum(later)).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format 2"));
  EXPECT_THAT(error_of([](Manifest& m) { m.builds_on = {{3}}; }), HasSubstr("failed precondition"));
}

}  // namespace
}  // namespace penstock
