#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "penstock/io/kafka/kafka.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/kafka/mock_cluster.h"

namespace penstock::kafka {
namespace {

using std::chrono::milliseconds;
using test::MockCluster;
using test::ReaderRun;
using testing::HasSubstr;

std::string refusal(const SourceOptions& options, StatusCode code) {
  const ReaderRun run(*source(options));
  EXPECT_EQ(run.open_status().code(), code) << run.open_status().to_string();
  return std::string(run.open_status().message());
}

TEST(KafkaSource, OptionsThatCanNeverWorkAreRefusedBeforeAnyConnection) {
  const auto invalid = StatusCode::kInvalidArgument;
  EXPECT_THAT(refusal({}, invalid), HasSubstr("neither"));
  EXPECT_THAT(refusal({.topics = {"a"}, .pattern = "b"}, invalid), HasSubstr("both"));
  EXPECT_THAT(refusal({.pattern = "("}, invalid), HasSubstr("regular expression"));
  EXPECT_THAT(refusal({.topics = {"a"}, .stall_after = milliseconds(0)}, invalid),
              HasSubstr("stall_after"));
  EXPECT_THAT(refusal({.topics = {"a"}, .discovery_interval = milliseconds(-1)}, invalid),
              HasSubstr("discovery_interval"));
  EXPECT_THAT(refusal({.topics = {"a"}, .buffer_bytes = 0}, invalid), HasSubstr("buffer_bytes"));
  EXPECT_THAT(refusal({.topics = {"a"}, .record_bytes_max = 0}, invalid),
              HasSubstr("record_bytes_max"));
}

TEST(KafkaSource, AClosedPortEndsTheStartWithBrokersAndRemedy) {
  SourceOptions options{.topics = {"a"}};
  options.connection.brokers = "127.0.0.1:1";
  options.connection.start_timeout = milliseconds(300);
  const std::string text = refusal(options, StatusCode::kUnavailable);
  EXPECT_THAT(text, HasSubstr("kafka a"));
  EXPECT_THAT(text, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(text, HasSubstr("check"));
}

class KafkaSourceOfMock : public testing::Test {
 protected:
  SourceOptions options(const std::string& topic, Start start = FromEarliest{}) const {
    SourceOptions options{.topics = {topic}, .start = start};
    options.connection.brokers = cluster_.brokers();
    return options;
  }
  void produce(const std::string& topic, std::int32_t partition, const std::string& value) {
    rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    EXPECT_EQ(rd_kafka_flush(producer_, 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // Sleeps until it is woken whenever there is nothing.
  static void read(ReaderRun& run, std::size_t records, std::size_t batch_max = 256) {
    while (run.lines.size() < records) {
      const Result<PollResult> result = run.poll(batch_max);
      ASSERT_TRUE(result.ok()) << result.status().to_string();
      if (result->state == SourceState::kWaiting) {
        ASSERT_EQ(result->wake_at, kNever);
        ASSERT_TRUE(run.waker.wait());
      }
    }
  }
  void SetUp() override {
    char text[512];
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    rd_kafka_conf_set(configuration, "bootstrap.servers", cluster_.brokers().c_str(), text,
                      sizeof text);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, text, sizeof text);
    ASSERT_NE(producer_, nullptr);
  }
  void TearDown() override { rd_kafka_destroy(producer_); }

  MockCluster cluster_;
  rd_kafka_t* producer_ = nullptr;
};

TEST_F(KafkaSourceOfMock, EachRecordThatComesLaterWakesTheReader) {
  cluster_.create("late", 2);
  ReaderRun run(*source(options("late", FromLatest{})));
  ASSERT_TRUE(run.open_status().ok()) << run.open_status().to_string();
  for (int i = 0; i < 20; ++i) {
    produce("late", i % 2, "v" + std::to_string(i));
    read(run, static_cast<std::size_t>(i) + 1);
    EXPECT_EQ(run.lines.back().text, "v" + std::to_string(i));
  }
}

TEST_F(KafkaSourceOfMock, PartitionsAreReadInTurnAndEachInItsOrder) {
  cluster_.create("turn", 2);
  for (int i = 0; i < 60; ++i) produce("turn", i % 2, std::to_string(i));
  ReaderRun run(*source(options("turn")));
  ASSERT_TRUE(run.open_status().ok()) << run.open_status().to_string();
  read(run, 60, 7);
  std::vector<std::uint64_t> next(2);
  for (const auto& line : run.lines) {
    EXPECT_EQ(line.origin.offset, next.at(line.origin.split.value)++);
  }
}

TEST_F(KafkaSourceOfMock, TheFirstPollNamesItsSplits) {
  cluster_.create("splits", 3);
  ReaderRun run(*source(options("splits")));
  ASSERT_TRUE(run.open_status().ok()) << run.open_status().to_string();
  Result<PollResult> first = run.poll();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->splits_changed);
  first = run.poll();
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->splits_changed);
}

TEST_F(KafkaSourceOfMock, ARecordThatIsTooLongIsCutAndTheNextOneRead) {
  cluster_.create("long", 1);
  produce("long", 0, std::string(5000, 'x'));
  produce("long", 0, "short");
  SourceOptions few = options("long");
  few.record_bytes_max = 100;
  ReaderRun run(*source(few));
  ASSERT_TRUE(run.open_status().ok()) << run.open_status().to_string();
  read(run, 2);
  EXPECT_EQ(run.lines[0].text, std::string(100, 'x'));
  EXPECT_EQ(run.lines[0].cut_from_bytes, 5000u);
  EXPECT_EQ(run.lines[1].text, "short");
}

TEST_F(KafkaSourceOfMock, AReaderThatHasNotReadWhatWaitsForItEnds) {
  cluster_.create("unread", 1);
  for (int i = 0; i < 50; ++i) produce("unread", 0, "v");
  ReaderRun run(*source(options("unread")));
  ASSERT_TRUE(run.open_status().ok()) << run.open_status().to_string();
  read(run, 1, 1);
  run.close();
}

}  // namespace
}  // namespace penstock::kafka
