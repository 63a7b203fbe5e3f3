#include "penstock/io/kafka/report_sum.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::kafka::internal {
namespace {

using Report = DeliveryReports::Report;

struct Heard final : DeliveryReports {
  void reported(const Report& report) noexcept override { all.push_back(report); }
  std::size_t records() const {
    std::size_t sum = 0;
    for (const Report& each : all) sum += each.records;
    return sum;
  }
  std::vector<Report> all;
};

constexpr Report delivered(std::size_t bytes) { return {.bytes = bytes}; }
constexpr Report lost(std::size_t bytes) {
  return {.error = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, .partition = 3, .bytes = bytes};
}

TEST(ReportSum, TellsAWriterOfManyDeliveredRecordsAtOnce) {
  Heard heard;
  {
    const ReportSum together;
    for (int i = 0; i < 5; ++i) ReportSum::add(heard, delivered(10));
    EXPECT_TRUE(heard.all.empty());
  }
  ASSERT_EQ(heard.all.size(), 1u);
  EXPECT_EQ(heard.all[0].records, 5u);
  EXPECT_EQ(heard.all[0].bytes, 50u);
  EXPECT_EQ(heard.all[0].error, RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST(ReportSum, TellsOfALostRecordAloneAndBehindThoseBeforeIt) {
  Heard heard;
  {
    const ReportSum together;
    ReportSum::add(heard, delivered(1));
    ReportSum::add(heard, delivered(2));
    ReportSum::add(heard, lost(7));
    ReportSum::add(heard, lost(8));
    ReportSum::add(heard, delivered(4));
  }
  ASSERT_EQ(heard.all.size(), 4u);
  EXPECT_EQ(heard.all[0].records, 2u);
  EXPECT_EQ(heard.all[1].error, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  EXPECT_EQ(heard.all[1].bytes, 7u);
  EXPECT_EQ(heard.all[1].partition, 3);
  EXPECT_EQ(heard.all[1].records, 1u);
  EXPECT_EQ(heard.all[2].bytes, 8u);
  EXPECT_EQ(heard.all[3].bytes, 4u);
}

TEST(ReportSum, KeepsWritersApart) {
  Heard first;
  Heard second;
  {
    const ReportSum together;
    ReportSum::add(first, delivered(1));
    ReportSum::add(second, delivered(2));
    ReportSum::add(second, delivered(2));
    ReportSum::add(first, delivered(1));
  }
  EXPECT_EQ(first.records(), 2u);
  ASSERT_EQ(second.all.size(), 1u);
  EXPECT_EQ(second.all[0].bytes, 4u);
}

TEST(ReportSum, LetsNoWriterWaitForMoreThanABoundedNumber) {
  Heard heard;
  const ReportSum together;
  for (std::size_t i = 0; i < ReportSum::kMost + 1; ++i) ReportSum::add(heard, delivered(1));
  ASSERT_EQ(heard.all.size(), 1u);
  EXPECT_EQ(heard.all[0].records, ReportSum::kMost);
  EXPECT_EQ(heard.all[0].bytes, ReportSum::kMost);
}

TEST(ReportSum, TellsAtOnceWhereNoCallIsUnderWay) {
  Heard heard;
  { const ReportSum together; }
  ReportSum::add(heard, delivered(9));
  ASSERT_EQ(heard.all.size(), 1u);
  EXPECT_EQ(heard.all[0].records, 1u);
}

}  // namespace
}  // namespace penstock::kafka::internal
