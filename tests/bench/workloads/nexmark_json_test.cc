#include "penstock/bench/workloads/nexmark_json.h"

#include <gtest/gtest.h>

#include "penstock/core/stream/source.h"

namespace penstock::bench {
namespace {

std::string filled(std::string start) {
  start += R"(,"extra":")";
  start.append(198 - start.size(), 'x');
  return start + R"("})";
}

TEST(NexmarkJson, WritesTheThreeKindsAndFillsThemTo200Bytes) {
  NexmarkEvent person{
      .person = 7, .time_ms = 12, .kind = NexmarkKind::kPerson, .state = 3, .city = 4};
  EXPECT_EQ(
      nexmark_json_line(person),
      filled(
          R"({"type":"person","id":7,"name":"person 7","city":"city 4","state":"OR","dateTime":12)"));
  NexmarkEvent auction{.auction = 5,
                       .person = 7,
                       .time_ms = 12,
                       .expires_ms = 20,
                       .price = 3,
                       .reserve = 9,
                       .kind = NexmarkKind::kAuction,
                       .category = 11};
  EXPECT_EQ(
      nexmark_json_line(auction),
      filled(R"({"type":"auction","id":5,"seller":7,"category":11,"initialBid":3,"reserve":9,)"
             R"("expires":20,"dateTime":12)"));
  NexmarkEvent bid{.auction = 5,
                   .person = 7,
                   .time_ms = 12,
                   .price = 30,
                   .kind = NexmarkKind::kBid,
                   .channel = 3};
  EXPECT_EQ(nexmark_json_line(bid),
            filled(R"({"type":"bid","auction":5,"bidder":7,"price":30,"channel":"Baidu",)"
                   R"("url":"https://www.nexmark.com/item.htm?query=1","dateTime":12)"));
}

TEST(NexmarkJson, DoesNotCutALineThatIsLonger) {
  NexmarkEvent bid{.auction = ~0ull,
                   .person = ~0ull,
                   .time_ms = INT64_MAX,
                   .price = ~0u,
                   .kind = NexmarkKind::kBid,
                   .channel = 2};
  const std::string line = nexmark_json_line(bid);
  EXPECT_GT(line.size(), 200u);
  EXPECT_TRUE(line.ends_with(R"("dateTime":9223372036854775807,"extra":""})"));
}

TEST(NexmarkJson, HoldsTheLinesOneBehindTheOther) {
  const NexmarkJson lines(1000);
  ASSERT_EQ(lines.size(), 1000u);
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines.line(i), nexmark_json_line(nexmark_event(i, Disorder::kNone)));
    joined += std::string(lines.line(i)) + "\n";
  }
  EXPECT_EQ(lines.bytes(), joined);
}

TEST(NexmarkJson, HasReadableBytesBehindTheLastLine) {
  const NexmarkJson lines(1);
  const std::string_view line = lines.line(0);
  for (std::size_t i = 1; i <= kRawPaddingBytes; ++i) EXPECT_EQ(line.data()[line.size() + i], '\0');
}

TEST(NexmarkJson, OfNoEventsIsEmpty) {
  EXPECT_EQ(NexmarkJson(0).size(), 0u);
  EXPECT_TRUE(NexmarkJson(0).bytes().empty());
}

}  // namespace
}  // namespace penstock::bench
