#include "penstock/state/disk/disk_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace penstock {
namespace {

using testing::ElementsAre;

TEST(DiskRecords, NamesOfAKeyGroupLieTogetherInTheOrderOfGroups) {
  std::string before;
  for (std::uint32_t group = 0; group < kKeyGroups; ++group) {
    std::string name;
    append_disk_group(name, {group});
    EXPECT_EQ(disk_group_of(name + "key").value, group);
    EXPECT_LT(before, name + "\xff");
    before = name + "\xff";
  }
}

TEST(DiskRecords, ABlockGivesItsChangesBackInOrder) {
  DiskBlock block;
  std::memcpy(block.put("a", 3), "one", 3);
  block.erase("bb");
  block.put("c", 0);
  std::vector<std::string> seen;
  const auto put = [&](std::string_view name, std::string_view value) {
    seen.push_back(std::string(name) + "=" + std::string(value));
  };
  const auto erase = [&](std::string_view name) { seen.push_back("-" + std::string(name)); };
  const std::string bytes = block.take();
  EXPECT_TRUE(block.empty());
  EXPECT_TRUE(for_each_change(bytes, put, erase));
  EXPECT_THAT(seen, ElementsAre("a=one", "-bb", "c="));
  for (std::size_t cut = 1; cut < 12; ++cut)
    EXPECT_FALSE(for_each_change(std::string_view(bytes).substr(0, cut), put, erase)) << cut;
}

TEST(DiskRecords, AnAnswerSaysWhatEachKeyHas) {
  DiskAnswer answer;
  answer.begin("hash-of-pp");
  answer.record("n1", "v1");
  answer.record("n2", "");
  answer.end();
  answer.begin("hash-of-qq");
  answer.end();
  const std::string bytes = answer.take();
  std::vector<std::string> seen;
  const bool whole = for_each_answer(
      bytes, 2,
      [&](std::uint64_t, std::string_view prefix) {
        seen.push_back(std::string(prefix));
        return true;
      },
      [&](std::string_view name, std::string_view value) {
        seen.push_back(std::string(name) + "=" + std::string(value));
        return true;
      });
  EXPECT_TRUE(whole);
  EXPECT_THAT(seen, ElementsAre("pp", "n1=v1", "n2=", "qq"));
}

}  // namespace
}  // namespace penstock
