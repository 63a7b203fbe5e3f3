#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "penstock/io/kafka/kafka.h"
#include "penstock/io/kafka/producer.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/kafka/mock_cluster.h"

namespace penstock::kafka {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr const char* kTopic = "alerts";

class SinkTest : public ::testing::Test {
 protected:
  SinkTest() {
    cluster_.create(kTopic, 4);
    options_.connection.brokers = cluster_.brokers();
    options_.connection.start_timeout = 30s;
    options_.topic = kTopic;
  }

  SinkContext context() { return {0, 1, files_.get(), &waker_, &notices_, &clock_, &counters_}; }
  std::unique_ptr<ByteWriter> open() {
    Result<std::unique_ptr<ByteWriter>> writer = sink(options_)->open(context());
    EXPECT_TRUE(writer.ok()) << writer.status().to_string();
    return writer.ok() ? std::move(*writer) : nullptr;
  }
  Status refused() {
    const Result<std::unique_ptr<ByteWriter>> writer = sink(options_)->open(context());
    EXPECT_FALSE(writer.ok());
    return writer.status();
  }
  static const internal::Deliveries& deliveries(ByteWriter& writer) {
    return static_cast<internal::Producer&>(writer).deliveries();
  }
  // Flushes until a Status comes, or nothing waits or is outstanding.
  static Status settle(ByteWriter& writer) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      PENSTOCK_RETURN_IF_ERROR(writer.flush());
      const bool waits = writer.wake_at() == Instant{};
      if (!waits && deliveries(writer).outstanding() == 0) return Status();
      std::this_thread::sleep_for(1ms);
    }
    return Status::internal("never settled");
  }
  void fail_produce_requests(std::size_t count, rd_kafka_resp_err_t error) {
    for (std::size_t i = 0; i < count; ++i) {
      rd_kafka_mock_push_request_errors(cluster_.get(), 0, 1, error);  // 0: Produce.
    }
  }

  test::MockCluster cluster_;
  std::unique_ptr<FileSystem> files_ = make_posix_file_system();
  test::WaitableWaker waker_;
  test::NoticeLog notices_;
  RealClock clock_;
  TaskCounters counters_;
  SinkOptions options_;
};

TEST_F(SinkTest, DeliversAndCountsWhatTheBrokerTook) {
  const auto writer = open();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer->write(std::to_string(i)).ok());
  ASSERT_TRUE(settle(*writer).ok());
  EXPECT_EQ(deliveries(*writer).delivered(), 1000u);
  EXPECT_EQ(deliveries(*writer).failed(), 0u);
  EXPECT_EQ(counters_.delivered.get(), 1000u);
  EXPECT_EQ(counters_.undelivered.get(), 0u);
  EXPECT_TRUE(writer->close().ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(writer->wake_at(), kNever);
}

TEST_F(SinkTest, AnEpochCountsWhenWhatWasWrittenBeforeItsCutIsDelivered) {
  const auto writer = open();
  harness::KeptPart part;
  SnapshotWriter out(part);
  for (int epoch = 0; epoch < 3; ++epoch) {
    rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, 100);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(writer->write("before").ok());
    writer->capture(Epoch{1}, out);
    EXPECT_FALSE(writer->captured());
    const std::uint64_t before = 50u * static_cast<unsigned>(epoch + 1);
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!writer->captured() && std::chrono::steady_clock::now() < end) {
      ASSERT_TRUE(writer->write("behind").ok());
      ASSERT_TRUE(writer->flush().ok());
      std::this_thread::sleep_for(1ms);
    }
    ASSERT_TRUE(writer->captured());
    EXPECT_GE(deliveries(*writer).delivered(), before);
    // One that was given up: the next cut has all of it.
    ASSERT_TRUE(writer->write("more").ok());
    writer->capture(Epoch{2}, out);
    writer->cancel_capture();
    ASSERT_TRUE(settle(*writer).ok());
    EXPECT_TRUE(writer->captured());
  }
  EXPECT_TRUE(writer->close().ok());
}

TEST_F(SinkTest, ABatchOfManyWaitsForTheNextAndOneOfFewGoesAtOnce) {
  constexpr std::size_t kMany = internal::HoldBack::kMany;
  const auto writer = open();
  const auto write = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(writer->write("x").ok());
    ASSERT_TRUE(writer->flush().ok());
  };
  const auto gone = [&] {
    return deliveries(*writer).delivered() + deliveries(*writer).outstanding();
  };
  write(kMany - 1);
  EXPECT_EQ(gone(), kMany - 1);
  write(kMany);
  EXPECT_EQ(gone(), kMany - 1);
  EXPECT_TRUE(writer->ready());
  EXPECT_EQ(writer->wake_at(), Instant{});  // To be asked again at once.
  write(0);
  EXPECT_EQ(gone(), 2 * kMany - 1);
  EXPECT_GT(writer->wake_at(), Instant{});
  write(kMany);
  harness::KeptPart part;
  SnapshotWriter out(part);
  writer->capture(Epoch{1}, out);
  EXPECT_EQ(gone(), 3 * kMany - 1);
  EXPECT_TRUE(settle(*writer).ok());
  EXPECT_TRUE(writer->captured());
  EXPECT_TRUE(writer->close().ok());
}

TEST_F(SinkTest, CloseWaitsForWhatIsOutstanding) {
  const auto writer = open();
  rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, 200);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(writer->write("x").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(deliveries(*writer).delivered(), 100u);
}

TEST_F(SinkTest, AsksToBeServedSoonWhileRecordsAreOutstandingAndSeldomElse) {
  const auto writer = open();
  const Instant before = clock_.now();
  ASSERT_TRUE(writer->flush().ok());
  EXPECT_GE(writer->wake_at(), before + internal::Producer::kIdleInterval);
  rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, 300);
  ASSERT_TRUE(writer->write("x").ok());
  ASSERT_TRUE(writer->flush().ok());
  EXPECT_LE(writer->wake_at(), clock_.now() + internal::Producer::kServeInterval);
}

TEST_F(SinkTest, HasNoRoomAtHalfItsBufferAndWakesTheWorkerWhenThereIs) {
  options_.buffer_bytes = 1 << 20;
  const auto writer = open();
  EXPECT_TRUE(writer->ready());
  rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, 300);
  const std::string record(10'000, 'x');
  std::size_t written = 0;
  while (writer->ready() && written < 1000) {
    ASSERT_TRUE(writer->write(record).ok());
    ++written;
  }
  EXPECT_LT(written, 60u);  // Half a MiB, and what was delivered meanwhile.
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!writer->ready() && std::chrono::steady_clock::now() < end) ASSERT_TRUE(waker_.wait());
  EXPECT_TRUE(writer->ready());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(deliveries(*writer).delivered(), written);
}

TEST_F(SinkTest, ARecordLargerThanTheBufferIsRefused) {
  options_.buffer_bytes = 1 << 20;
  options_.connection.properties["message.max.bytes"] = "10000000";
  const auto writer = open();
  const Status status = writer->write(std::string(2 << 20, 'x'));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.to_string(), HasSubstr("buffer_bytes"));
}

TEST_F(SinkTest, ARecordLargerThanTheClientTakesIsRefusedWithTheLimit) {
  const auto writer = open();
  const Status status = writer->write(std::string(1'500'000, 'x'));
  EXPECT_EQ(counters_.undelivered.get(), 1u);
  EXPECT_EQ(status.code(), StatusCode::kDataError);
  EXPECT_THAT(status.to_string(), AllOf(HasSubstr("kafka alerts"), HasSubstr("1500000 bytes"),
                                        HasSubstr("message.max.bytes")));
}

// The client counts its attempts at all of these but the first, and gives up when it has no more of them. (It makes no
// idempotent producer without any: a limit of 1 or 2 is what would be seen here.)
class PassingFailure : public SinkTest,
                       public ::testing::WithParamInterface<rd_kafka_resp_err_t> {};

TEST_P(PassingFailure, IsTriedAgainWithoutLoss) {
  const auto writer = open();
  fail_produce_requests(3, GetParam());
  ASSERT_TRUE(writer->write("x").ok());  // One alone, which meets all three.
  const Status status = settle(*writer);
  EXPECT_TRUE(status.ok()) << status.to_string();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(writer->write("x").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(deliveries(*writer).delivered(), 101u);
}

INSTANTIATE_TEST_SUITE_P(Sink, PassingFailure,
                         ::testing::Values(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                           RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                           RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                                           RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT),
                         [](const auto& each) {
                           return "error" + std::to_string(static_cast<int>(each.param));
                         });

struct Permanent {
  rd_kafka_resp_err_t error;
  StatusCode code;
  const char* remedy;
};

class PermanentFailure : public SinkTest, public ::testing::WithParamInterface<Permanent> {};

TEST_P(PermanentFailure, EndsTheJobWithPlacePartitionCauseAndRemedy) {
  const auto writer = open();
  fail_produce_requests(1, GetParam().error);
  RawMessage record{"value", {}};
  record.message.key = "k";
  ASSERT_TRUE(writer->write_message(record).ok());
  const Status status = settle(*writer);
  EXPECT_EQ(status.code(), GetParam().code) << status.to_string();
  EXPECT_THAT(status.to_string(),
              AllOf(HasSubstr("kafka alerts/"), HasSubstr("record of 6 bytes not delivered"),
                    HasSubstr(GetParam().remedy)));
  EXPECT_EQ(deliveries(*writer).failed(), 1u);
  EXPECT_EQ(counters_.delivered.get(), 0u);
  EXPECT_EQ(counters_.undelivered.get(), 1u);
  EXPECT_EQ(writer->close().code(), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Sink, PermanentFailure,
    ::testing::Values(Permanent{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, StatusCode::kDataError,
                                "batch.size"},
                      Permanent{RD_KAFKA_RESP_ERR_INVALID_RECORD, StatusCode::kDataError, ".key()"},
                      Permanent{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                StatusCode::kPermissionDenied, "authori"}),
    [](const auto& each) { return "error" + std::to_string(static_cast<int>(each.param.error)); });

TEST_F(SinkTest, ABrokerThatIsAwayTooLongEndsTheJobWithTheTrouble) {
  options_.delivery_timeout = 1500ms;
  const auto writer = open();
  rd_kafka_mock_broker_set_down(cluster_.get(), 1);
  ASSERT_TRUE(writer->write("x").ok());
  const Status status = settle(*writer);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.to_string(), AllOf(HasSubstr("kafka alerts"), HasSubstr("1500 ms"),
                                        HasSubstr("delivery_timeout")));
}

TEST_F(SinkTest, ABrokerThatComesBackInTimeLosesNothing) {
  const auto writer = open();
  rd_kafka_mock_broker_set_down(cluster_.get(), 1);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(writer->write("x").ok());
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (notices_.all().empty() && std::chrono::steady_clock::now() < end) {
    ASSERT_TRUE(writer->flush().ok());
    std::this_thread::sleep_for(1ms);
  }
  ASSERT_FALSE(notices_.all().empty());
  EXPECT_THAT(notices_.all()[0].text, HasSubstr("no answer from the brokers"));
  rd_kafka_mock_broker_set_up(cluster_.get(), 1);
  EXPECT_TRUE(settle(*writer).ok());
  EXPECT_EQ(deliveries(*writer).delivered(), 10u);
  EXPECT_THAT(notices_.all().back().text, HasSubstr("answer again"));
}

TEST_F(SinkTest, CloseGivesUpAfterTheDeliveryTimeoutAndCountsTheRest) {
  options_.delivery_timeout = 800ms;
  const auto writer = open();
  rd_kafka_mock_broker_set_down(cluster_.get(), 1);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(writer->write("x").ok());
  const Status status = writer->close();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.to_string(), HasSubstr("not delivered"));
  EXPECT_EQ(counters_.delivered.get(), 0u);
  EXPECT_EQ(counters_.undelivered.get(), 7u);
}

TEST_F(SinkTest, AMissingTopicIsAStatusAtTheStart) {
  rd_kafka_mock_topic_set_error(cluster_.get(), "gone", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  options_.topic = "gone";
  const Status status = refused();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.to_string(), HasSubstr("kafka gone: there is no topic 'gone'"));
}

TEST_F(SinkTest, OptionsThatCannotWorkAreRefusedByName) {
  const SinkOptions good = options_;
  options_.topic = "";
  EXPECT_THAT(refused().to_string(), HasSubstr("SinkOptions::topic"));
  options_ = good;
  options_.delivery_timeout = 0ms;
  EXPECT_THAT(refused().to_string(), HasSubstr("delivery_timeout"));
  options_ = good;
  options_.linger = -1us;
  EXPECT_THAT(refused().to_string(), HasSubstr("linger"));
  options_ = good;
  options_.buffer_bytes = 1000;
  EXPECT_THAT(refused().to_string(), HasSubstr("buffer_bytes"));
  options_ = good;
  options_.connection.properties["plugin.library.paths"] = "evil.so";
  EXPECT_THAT(refused().to_string(), HasSubstr("plugin.library.paths"));
}

TEST_F(SinkTest, EveryCompressionAndPartitionerIsTaken) {
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kSnappy, Compression::kLz4,
        Compression::kZstd}) {
    for (const Partitioner partitioner : {Partitioner::kMurmur2, Partitioner::kConsistent}) {
      options_.compression = compression;
      options_.partitioner = partitioner;
      options_.linger = 1500us;
      const auto writer = open();
      ASSERT_TRUE(writer->write("x").ok());
      EXPECT_TRUE(writer->close().ok());
      EXPECT_EQ(deliveries(*writer).delivered(), 1u);
    }
  }
}

// What a consumer of the client's sees, by partition.
struct Seen {
  std::string value;
  bool is_null = false;
  std::string key;
  std::int64_t timestamp = 0;
  std::vector<std::pair<std::string, std::string>> headers;
};

std::map<std::int32_t, std::vector<Seen>> consume(const std::string& brokers, std::size_t count) {
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  char text[512];
  rd_kafka_conf_set(configuration, "bootstrap.servers", brokers.c_str(), text, sizeof text);
  rd_kafka_conf_set(configuration, "group.id", "test", text, sizeof text);
  internal::Client client(rd_kafka_new(RD_KAFKA_CONSUMER, configuration, text, sizeof text));
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(4);
  for (std::int32_t i = 0; i < 4; ++i) {
    rd_kafka_topic_partition_list_add(list, kTopic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  std::map<std::int32_t, std::vector<Seen>> seen;
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (count > 0 && std::chrono::steady_clock::now() < end) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client.get(), 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      Seen each;
      each.is_null = message->payload == nullptr;
      if (!each.is_null) each.value.assign(static_cast<char*>(message->payload), message->len);
      if (message->key != nullptr)
        each.key.assign(static_cast<char*>(message->key), message->key_len);
      each.timestamp = rd_kafka_message_timestamp(message, nullptr);
      rd_kafka_headers_t* headers = nullptr;
      rd_kafka_message_headers(message, &headers);
      const char* name = nullptr;
      const void* value = nullptr;
      std::size_t size = 0;
      for (std::size_t i = 0;
           headers != nullptr && rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0;
           ++i) {
        each.headers.emplace_back(
            name, value == nullptr ? "NULL" : std::string(static_cast<const char*>(value), size));
      }
      seen[message->partition].push_back(std::move(each));
      --count;
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consumer_close(client.get());
  return seen;
}

TEST_F(SinkTest, ABatchThatFindsTheClientFullIsKeptAndDeliveredInOrder) {
  constexpr std::size_t kRecords = 256;
  options_.buffer_bytes = 1 << 20;
  const auto writer = open();
  rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, 100);
  for (std::size_t i = 0; i < kRecords; ++i) {  // 5 MB without asking.
    const std::string value = std::to_string(1000 + i) + std::string(20'000, 'x');
    const std::string key = "k" + std::to_string(i % 3);
    const MessageHeader header{"number", key};
    RawMessage record{value, {}};
    record.message.key = key;
    if (i % 16 < 4) record.message.headers = {&header, 1};  // The others go several at once.
    ASSERT_TRUE(writer->write_message(record).ok());
  }
  RawMessage small{"2000", {}};  // Fits where the others wait; must not overtake them.
  small.message.key = "k0";
  ASSERT_TRUE(writer->write_message(small).ok());
  EXPECT_FALSE(writer->ready());
  EXPECT_TRUE(writer->close().ok());
  ASSERT_EQ(deliveries(*writer).delivered(), kRecords + 1);
  std::map<std::string, std::string> last;  // By key.
  std::size_t records = 0;
  for (const auto& [partition, rows] : consume(cluster_.brokers(), kRecords + 1)) {
    for (const Seen& row : rows) {
      ++records;
      EXPECT_LT(last[row.key], row.value.substr(0, 4));
      last[row.key] = row.value.substr(0, 4);
      EXPECT_EQ(row.headers.empty() ? row.key : row.headers[0].second, row.key);
    }
  }
  EXPECT_EQ(records, kRecords + 1);
}

TEST_F(SinkTest, KeysHeadersTimestampsAndTombstonesArriveAsSent) {
  const auto writer = open();
  const std::vector<MessageHeader> headers = {{std::string_view("alert_id_").substr(0, 8), "7"},
                                              {"nothing", std::nullopt},
                                              {"empty", ""},
                                              {"alert_id", "8"}};
  RawMessage record{"value", {}};
  record.message.key = "k";
  record.message.headers = headers;
  record.message.timestamp = {1'700'000'000'123'999};
  ASSERT_TRUE(writer->write_message(record).ok());
  record.message.tombstone = true;
  record.message.headers = {};
  ASSERT_TRUE(writer->write_message(record).ok());
  record.message.tombstone = false;
  record.bytes = {};
  record.message.timestamp = {0};
  ASSERT_TRUE(writer->write_message(record).ok());
  record.message.timestamp = kMinEventTime;
  ASSERT_TRUE(writer->write_message(record).ok());
  record.message.tombstone = true;
  ASSERT_TRUE(writer->write_message(record).ok());
  ASSERT_TRUE(writer->close().ok());
  const auto seen = consume(cluster_.brokers(), 5);
  ASSERT_EQ(seen.size(), 1u);  // One key, one partition.
  const std::vector<Seen>& rows = seen.begin()->second;
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[0].value, "value");
  EXPECT_EQ(rows[0].key, "k");
  EXPECT_EQ(rows[0].timestamp, 1'700'000'000'123);
  EXPECT_THAT(
      rows[0].headers,
      ::testing::ElementsAre(::testing::Pair("alert_id", "7"), ::testing::Pair("nothing", "NULL"),
                             ::testing::Pair("empty", ""), ::testing::Pair("alert_id", "8")));
  EXPECT_TRUE(rows[1].is_null);
  EXPECT_FALSE(rows[2].is_null);
  EXPECT_EQ(rows[2].value, "");
  EXPECT_EQ(rows[2].timestamp, 1);
  EXPECT_FALSE(rows[3].is_null);
  EXPECT_EQ(rows[3].value, "");
  EXPECT_TRUE(rows[4].is_null);
}

TEST_F(SinkTest, NoSecretStandsInAnythingThatIsSaid) {
  constexpr const char* kCanary = "canary-0c9e";
  ASSERT_EQ(::setenv("PENSTOCK_TEST_CANARY", kCanary, 1), 0);
  options_.connection.start_timeout = 1s;
  options_.connection.properties = {{"security.protocol", "sasl_plaintext"},
                                    {"sasl.mechanism", "PLAIN"},
                                    {"sasl.username", "me"},
                                    {"sasl.password", "env:PENSTOCK_TEST_CANARY"}};
  EXPECT_THAT(refused().to_string(), Not(HasSubstr(kCanary)));
  for (const Notice& notice : notices_.all()) EXPECT_THAT(notice.text, Not(HasSubstr(kCanary)));
  EXPECT_THAT(sink(options_)->name(), Not(HasSubstr(kCanary)));
}

}  // namespace
}  // namespace penstock::kafka
