#include "penstock/io/kafka/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/kafka/mock_cluster.h"

namespace penstock::kafka::internal {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "canary-77ab";

// A port that was free a moment ago.
std::string closed_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::string said(const test::NoticeLog& log) {
  std::string text;
  for (const Notice& notice : log.all()) text += notice.place + ": " + notice.text + "\n";
  return text;
}

// How many of the client's threads in this process do not stop who runs when they wake.
std::size_t patient_threads() {
  std::size_t count = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    const int id = std::stoi(thread.path().filename());
    if (::sched_getscheduler(id) == SCHED_BATCH) ++count;
  }
  return count;
}

TEST(MakeClient, TheThreadsOfOneThatSendsDoNotStopTheWorkerThatWakesThem) {
  if (::sched_getscheduler(0) != SCHED_OTHER) GTEST_SKIP() << "there is a policy for all already";
  test::NoticeLog notices;
  Connection connection;
  connection.brokers = closed_port();
  const auto reading = make_client(RD_KAFKA_CONSUMER, connection, {},
                                   std::make_shared<Trouble>("kafka reading", notices));
  ASSERT_TRUE(reading.ok()) << reading.status().to_string();
  EXPECT_EQ(patient_threads(), 0u);
  const auto sending = make_client(RD_KAFKA_PRODUCER, connection, {},
                                   std::make_shared<Trouble>("kafka sending", notices));
  ASSERT_TRUE(sending.ok()) << sending.status().to_string();
  EXPECT_GE(patient_threads(), 2u);  // The client's own, and one for the broker.
  EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
}

class TroubleTest : public ::testing::Test {
 protected:
  void reaches(const Properties& properties) {
    Connection connection;
    connection.brokers = "far:9092";
    trouble_.reaches(connection, properties);
  }

  test::NoticeLog notices_;
  Trouble trouble_{"kafka t", notices_};
};

TEST_F(TroubleTest, PostsANewKindOnceAndSaysWhenItIsOver) {
  reaches({});
  EXPECT_EQ(trouble_.text(), "");
  trouble_.over();
  EXPECT_EQ(notices_.all().size(), 0u);
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  trouble_.note(RD_KAFKA_RESP_ERR__TRANSPORT, "refused");
  ASSERT_EQ(notices_.all().size(), 1u);
  EXPECT_EQ(notices_.all()[0].place, "kafka t");
  EXPECT_THAT(notices_.all()[0].text, AllOf(HasSubstr("far:9092"), HasSubstr("check")));
  trouble_.over();
  trouble_.over();
  ASSERT_EQ(notices_.all().size(), 2u);
  EXPECT_THAT(notices_.all()[1].text, HasSubstr("answer again"));
  EXPECT_EQ(trouble_.text(), "");
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_EQ(notices_.all().size(), 3u);
}

// Such as a partition that is there no more: the brokers answered all the time.
TEST_F(TroubleTest, WhatIsNotOfTheBrokersEndsWithoutAWordOfThem) {
  reaches({});
  for (const auto error :
       {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}) {
    const std::size_t before = notices_.all().size();
    trouble_.note(error, "t [0]");
    ASSERT_EQ(notices_.all().size(), before + 1);
    trouble_.over();
    EXPECT_EQ(notices_.all().size(), before + 1) << said(notices_);
    EXPECT_EQ(trouble_.text(), "");
  }
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  trouble_.note(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "t [0]");
  trouble_.over();
  EXPECT_THAT(notices_.all().back().text, HasSubstr("answer again"));
  trouble_.note(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "t [0]");
  trouble_.over();
  EXPECT_THAT(notices_.all().back().text, HasSubstr("UNKNOWN_PARTITION"));
  trouble_.note(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "t [0]");
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_THAT(notices_.all().back().text, HasSubstr("no answer from the brokers"));
}

TEST_F(TroubleTest, OneConnectionThatEndsIsKeptInMindButNotPosted) {
  reaches({});
  trouble_.note(RD_KAFKA_RESP_ERR__TRANSPORT, "far:9092/1: hung up");
  EXPECT_THAT(trouble_.text(), HasSubstr("hung up"));
  trouble_.over();
  EXPECT_EQ(notices_.all().size(), 0u);
  trouble_.note(RD_KAFKA_RESP_ERR__TRANSPORT, "far:9092/1: hung up");
  trouble_.note(RD_KAFKA_RESP_ERR__TRANSPORT, "far:9092/1: refused");
  EXPECT_EQ(notices_.all().size(), 1u);
}

TEST_F(TroubleTest, ARefusalIsNotForgottenWhenTheConnectionEndsAfterIt) {
  reaches({{"sasl.mechanism", "PLAIN"}, {"sasl.username", "me"}});
  trouble_.note(RD_KAFKA_RESP_ERR__AUTHENTICATION, "invalid credentials");
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_THAT(trouble_.text(), AllOf(HasSubstr("refuse user 'me' (PLAIN)"),
                                     HasSubstr("sasl.password"), Not(HasSubstr("librdkafka"))));
  EXPECT_TRUE(trouble_.refused());
  EXPECT_EQ(notices_.all().size(), 1u);
}

TEST_F(TroubleTest, ScramWithAnOldLibraryGetsItsOwnAdvice) {
  reaches({{"sasl.mechanisms", "SCRAM-SHA-256"}});
  trouble_.note(RD_KAFKA_RESP_ERR__AUTHENTICATION, "invalid credentials");
  const bool is_old = rd_kafka_version() < 0x020601ff;
  EXPECT_EQ(trouble_.text().find("TLS client certificates or PLAIN over TLS") != std::string::npos,
            is_old);
}

TEST_F(TroubleTest, ACertificateThatIsNotTrustedIsNamedWithTheReason) {
  reaches({});
  trouble_.note_certificate("it has expired");
  trouble_.note(RD_KAFKA_RESP_ERR__SSL, "certificate verify failed");
  EXPECT_THAT(trouble_.text(), AllOf(HasSubstr("not trusted"), HasSubstr("it has expired")));
  trouble_.over();
  trouble_.note(RD_KAFKA_RESP_ERR__TRANSPORT, "SSL routines::alert certificate unknown");
  EXPECT_THAT(trouble_.text(),
              AllOf(HasSubstr("refuse our certificate"), HasSubstr("ssl.certificate.location")));
  EXPECT_TRUE(trouble_.refused());
}

TEST_F(TroubleTest, TheFirstFatalErrorStays) {
  EXPECT_FALSE(trouble_.is_fatal());
  EXPECT_TRUE(trouble_.fatal().ok());
  trouble_.note_fatal(RD_KAFKA_RESP_ERR__FENCED, "fenced");
  trouble_.note_fatal(RD_KAFKA_RESP_ERR_UNKNOWN, "later");
  trouble_.over();
  EXPECT_TRUE(trouble_.is_fatal());
  EXPECT_THAT(trouble_.fatal().to_string(),
              AllOf(HasSubstr("kafka t"), HasSubstr("_FENCED"), HasSubstr("another instance")));
}

TEST_F(TroubleTest, TextsOfOthersAreCutAndKeptOnOneLine) {
  trouble_.note(RD_KAFKA_RESP_ERR_UNKNOWN, "a\nb\x1b[31m" + std::string(100'000, 'x'));
  EXPECT_THAT(trouble_.text(), AllOf(HasSubstr("a b"), Not(HasSubstr("\x1b"))));
  EXPECT_LT(trouble_.text().size(), 1000u);
}

TEST_F(TroubleTest, TheClientsLogIsPostedOncePerFacility) {
  trouble_.note_log("PROTOERR", "odd");
  trouble_.note_log("PROTOERR", "odder");
  trouble_.note_log("REQTMOUT", "late");
  EXPECT_EQ(notices_.all().size(), 2u);
}

class ClientTest : public ::testing::Test {
 protected:
  Result<Client> make(const Connection& connection, const Properties& own = {}) {
    return make_client(RD_KAFKA_PRODUCER, connection, own, shared_);
  }
  static Connection to(const std::string& brokers) {
    Connection connection;
    connection.brokers = brokers;
    return connection;
  }

  test::NoticeLog notices_;
  std::shared_ptr<Trouble> shared_ = std::make_shared<Trouble>("kafka t", notices_);
  Trouble& trouble_ = *shared_;
};

TEST_F(ClientTest, AHandleThatHasEndedForGoodIsKnownBeforeItSaysSo) {
  const Result<Client> client = make(to(closed_port()), {{"enable.idempotence", "true"}});
  ASSERT_TRUE(client.ok()) << client.status().to_string();
  look_for_fatal_error(client->get());
  EXPECT_FALSE(trouble_.is_fatal());
  rd_kafka_test_fatal_error(client->get(), RD_KAFKA_RESP_ERR__FENCED, "overtaken");
  EXPECT_FALSE(trouble_.is_fatal());
  look_for_fatal_error(client->get());
  EXPECT_THAT(trouble_.fatal().to_string(),
              AllOf(HasSubstr("_FENCED"), HasSubstr("another instance")));
}

TEST_F(ClientTest, RefusesWhatTheEngineSetsItself) {
  Connection connection = to("127.0.0.1:1");
  connection.properties["client.id"] = "me";
  EXPECT_THAT(make(connection, {{"client.id", "ours"}}).status().to_string(),
              AllOf(HasSubstr("kafka t"), HasSubstr("'client.id'"), HasSubstr("engine")));
  EXPECT_TRUE(make(connection).ok());
}

TEST_F(ClientTest, NamesThePropertyWhoseValueIsNoneAndAClientThatCannotBe) {
  Connection connection = to("127.0.0.1:1");
  connection.properties["security.protocol"] = "nonsense";
  EXPECT_THAT(make(connection).status().to_string(), HasSubstr("security.protocol"));
  connection.properties = {{"security.protocol", "sasl_plaintext"}, {"sasl.mechanism", "PLAIN"}};
  EXPECT_THAT(make(connection).status().to_string(), HasSubstr("sasl.username"));
  EXPECT_EQ(make(to("")).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ClientTest, NoSecretStandsInWhatIsSaidOfAClientThatCannotBe) {
  ASSERT_EQ(::setenv("PENSTOCK_TEST_CANARY", kCanary, 1), 0);
  Connection connection = to("127.0.0.1:1");
  connection.properties = {{"security.protocol", "ssl"},
                           {"ssl.key.pem", "env:PENSTOCK_TEST_CANARY"}};
  const Result<Client> client = make(connection);
  EXPECT_FALSE(client.ok());
  EXPECT_THAT(client.status().to_string(), AllOf(HasSubstr("kafka t"), Not(HasSubstr(kCanary))));
  EXPECT_THAT(said(notices_), Not(HasSubstr(kCanary)));
}

TEST_F(ClientTest, APortWhereNobodyListensEndsTheWaitWithPlaceCauseAndRemedy) {
  const std::string port = closed_port();
  const Result<Client> client = make(to(port));
  const Status status =
      await_topic(client.value().get(), "kafka t", "t", milliseconds(700), trouble_);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.to_string(), AllOf(HasSubstr("kafka t"), HasSubstr(port), HasSubstr("refused"),
                                        HasSubstr("check")));
  EXPECT_THAT(said(notices_), HasSubstr("no answer from the brokers at " + port));
}

// A message that is not given back makes the client library wait for ever.
TEST_F(ClientTest, AHandleThatDoesNotEndIsLeftBehindWithAWord) {
  const test::MockCluster cluster;
  cluster.create("t", 1);
  Result<Client> client = make_client(RD_KAFKA_CONSUMER, to(cluster.brokers()),
                                      {{"enable.partition.eof", "true"}}, shared_);
  ASSERT_TRUE(client.ok()) << client.status().to_string();
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client.value().get(), "t", nullptr);
  ASSERT_EQ(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING), 0);
  rd_kafka_message_t* kept = rd_kafka_consume(topic, 0, 60'000);
  ASSERT_NE(kept, nullptr);
  rd_kafka_consume_stop(topic, 0);
  rd_kafka_topic_destroy(topic);

  client->get_deleter().patience = milliseconds(50);
  client->reset();
  client->get_deleter().trouble.reset();
  const std::vector<Notice> notices = notices_.all();
  ASSERT_FALSE(notices.empty());
  EXPECT_EQ(notices.back().place, "kafka t");
  EXPECT_THAT(notices.back().text, AllOf(HasSubstr("has not ended within 50 ms"),
                                         HasSubstr("left behind"), HasSubstr("restart")));
  EXPECT_GT(shared_.use_count(), 1) << "its callbacks still need it";
  trouble_.note(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  EXPECT_EQ(notices_.all().size(), notices.size()) << "who listened is gone: " << said(notices_);

  rd_kafka_message_destroy(kept);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (shared_.use_count() > 1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(shared_.use_count(), 1);
}

TEST_F(ClientTest, AHandleWhoseBrokersAreAwayEndsByItself) {
  test::MockCluster cluster;
  cluster.create("t", 1);
  Result<Client> client = make(to(cluster.brokers()));
  ASSERT_TRUE(await_topic(client->get(), "kafka t", "t", milliseconds(30'000), trouble_).ok());
  rd_kafka_mock_broker_set_down(cluster.get(), 1);
  client->get_deleter().patience = std::chrono::minutes(1);
  client->reset();
  EXPECT_THAT(said(notices_), Not(HasSubstr("left behind")));
}

// It takes connections in and answers nothing.
TEST_F(ClientTest, BrokersThatSayNothingAreToldOfBeforeTheWaitIsOver) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(::listen(fd, 16), 0);
  const std::string port = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const Result<Client> client = make(to(port));
  const Status status =
      await_topic(client.value().get(), "kafka t", "t", kSilence + milliseconds(500), trouble_);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(said(notices_), AllOf(HasSubstr("no answer from the brokers at " + port),
                                    HasSubstr("nothing is heard of them"), HasSubstr("check")));
  ::close(fd);
}

TEST_F(ClientTest, ATopicIsFoundOrSaidToBeMissing) {
  const test::MockCluster cluster;
  cluster.create("t", 3);
  const Result<Client> client = make(to(cluster.brokers()));
  rd_kafka_t* handle = client.value().get();
  EXPECT_TRUE(await_topic(handle, "kafka t", "t", milliseconds(30'000), trouble_).ok());
  EXPECT_TRUE(await_topic(handle, "kafka t", "", milliseconds(30'000), trouble_).ok());
  rd_kafka_mock_topic_set_error(cluster.get(), "gone", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const Status gone = await_topic(handle, "kafka t", "gone", milliseconds(30'000), trouble_);
  EXPECT_EQ(gone.code(), StatusCode::kNotFound);
  EXPECT_THAT(gone.to_string(), AllOf(HasSubstr("'gone'"), HasSubstr("create it")));
  rd_kafka_mock_topic_set_error(cluster.get(), "no", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  EXPECT_EQ(await_topic(handle, "kafka t", "no", milliseconds(30'000), trouble_).code(),
            StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace penstock::kafka::internal
