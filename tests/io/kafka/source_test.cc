#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/splits.h"
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
    SourceOptions options{.topics = {topic}, .start = std::move(start)};
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
  void SetUp() override { connect(cluster_); }
  void connect(const MockCluster& cluster) {
    char text[512];
    rd_kafka_conf_t* configuration = rd_kafka_conf_new();
    rd_kafka_conf_set(configuration, "bootstrap.servers", cluster.brokers().c_str(), text,
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

using Seen = std::multiset<std::pair<std::uint32_t, std::uint64_t>>;  // Splits and offsets.

void note(Seen& seen, const ReaderRun& run, std::size_t unread = 0) {
  for (std::size_t i = 0; i + unread < run.lines.size(); ++i)
    seen.insert({run.lines[i].origin.split.value, run.lines[i].origin.offset});
}

TEST_F(KafkaSourceOfMock, ARestoredReaderGoesOnWhereEachPartitionWas) {
  cluster_.create("on", 3);
  for (int i = 0; i < 40; ++i) produce("on", i % 2, std::to_string(i));  // The third has none.
  const auto topic = source(options("on"));
  Seen seen;
  std::vector<std::string> snapshot;
  {
    ReaderRun first(*topic);
    ASSERT_TRUE(first.open_status().ok()) << first.open_status().to_string();
    read(first, 20, 9);
    const std::size_t unread = first.last_records() / 2;
    snapshot = {first.capture(unread)};
    note(seen, first, unread);
  }
  ReaderRun second(*source(options("on", FromLatest{})), 0, 1, true);
  const Status restored = second.restore(snapshot);
  ASSERT_TRUE(restored.ok()) << restored.to_string();
  produce("on", 2, "new");
  read(second, 41 - seen.size());
  note(seen, second);
  EXPECT_EQ(seen.size(), 41u);
  EXPECT_EQ(Seen(seen).size(), std::set(seen.begin(), seen.end()).size()) << "one came twice";
}

TEST_F(KafkaSourceOfMock, AnotherCountOfTasksGoesOnWithAllPartitions) {
  cluster_.create("tasks", 4);
  for (int i = 0; i < 80; ++i) produce("tasks", i % 4, std::to_string(i));
  const auto topic = source(options("tasks"));
  Seen seen;
  std::vector<std::string> snapshot;
  for (std::uint32_t task = 0; task < 2; ++task) {
    ReaderRun run(*topic, task, 2);
    read(run, 8, 4);
    const std::size_t unread = run.last_records() / 2;
    snapshot.push_back(run.capture(unread));
    note(seen, run, unread);
  }
  for (std::uint32_t task = 0; task < 3; ++task) {
    ReaderRun run(*topic, task, 3, true);
    ASSERT_TRUE(run.restore(snapshot).ok());
    std::size_t mine = 0;
    for (int p = 0; p < 4; ++p)
      mine += internal::task_of("tasks", p, 3) == task
                  ? 20 - static_cast<std::size_t>(std::count_if(
                             seen.begin(), seen.end(),
                             [p](const auto& at) { return at.first == static_cast<unsigned>(p); }))
                  : 0;
    read(run, mine);
    note(seen, run);
  }
  EXPECT_EQ(seen.size(), 80u);
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 80u);
}

TEST_F(KafkaSourceOfMock, ATopicThatHoldsOtherRecordsThanWereReadIsRefused) {
  cluster_.create("again", 1);
  for (int i = 0; i < 10; ++i) produce("again", 0, "old " + std::to_string(i));
  ReaderRun first(*source(options("again")));
  read(first, 10);
  const std::string snapshot = first.capture();

  MockCluster other;
  other.create("again", 1);
  SourceOptions there = options("again");
  there.connection.brokers = other.brokers();
  TearDown();
  connect(other);
  for (int i = 0; i < 20; ++i) produce("again", 0, "new " + std::to_string(i));
  ReaderRun second(*source(there), 0, 1, true);
  Status status = second.restore({snapshot});  // It may be known by then.
  while (status.ok() && second.lines.empty()) {
    const Result<PollResult> result = second.poll();
    status = result.status();
    if (result.ok() && result->records == 0) {
      ASSERT_TRUE(second.waker.wait());
    }
  }
  EXPECT_THAT(status.to_string(), HasSubstr("recreated"));
}

TEST_F(KafkaSourceOfMock, APartitionOfTheSnapshotThatIsGoneIsRefused) {
  cluster_.create("fewer", 2);
  produce("fewer", 1, "x");
  ReaderRun first(*source(options("fewer")));
  read(first, 1);
  const std::string snapshot = first.capture();
  MockCluster other;
  other.create("fewer", 1);
  SourceOptions there = options("fewer");
  there.connection.brokers = other.brokers();
  const auto smaller = source(there);
  EXPECT_THAT(std::string(ReaderRun(*smaller, 0, 1, true).restore({snapshot}).message()),
              HasSubstr("kafka fewer/1: was read up to offset 1 and is not there"));
}

}  // namespace
}  // namespace penstock::kafka
