#include "penstock/tools/penstock/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::tools {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Endpoint good(std::string_view text) {
  const Result<Endpoint> endpoint = parse_endpoint(text, "--from");
  EXPECT_TRUE(endpoint.ok()) << endpoint.status().to_string();
  return endpoint.ok() ? *endpoint : Endpoint{};
}

std::string refusal(std::string_view text) {
  const Result<Endpoint> endpoint = parse_endpoint(text, "--from");
  EXPECT_FALSE(endpoint.ok()) << text;
  return endpoint.status().to_string();
}

kafka::SourceOptions source(std::string_view text, const KafkaArguments& arguments = {}) {
  const Result<kafka::SourceOptions> options = kafka_source_of(good(text), arguments, "--from");
  EXPECT_TRUE(options.ok()) << options.status().to_string();
  return options.ok() ? *options : kafka::SourceOptions{};
}

std::string source_refusal(std::string_view text, const KafkaArguments& arguments = {}) {
  return source_at(text, arguments, "--from").status().to_string();
}

TEST(EndpointTest, ReadsHostsPortsAndTopics) {
  const Endpoint one = good("kafka://127.0.0.1:9092/payments");
  EXPECT_EQ(one.kind, EndpointKind::kKafka);
  ASSERT_EQ(one.peers.size(), 1u);
  EXPECT_EQ(one.peers[0].host, "127.0.0.1");
  EXPECT_EQ(one.peers[0].port, 9092);
  EXPECT_THAT(one.topics, ElementsAre("payments"));

  const Endpoint many = good("kafka://a:1,[::1]:65535/p.1,q%2Dr?start=earliest&x=%20y");
  ASSERT_EQ(many.peers.size(), 2u);
  EXPECT_EQ(many.peers[1].host, "::1");
  EXPECT_EQ(many.peers[1].port, 65535);
  EXPECT_THAT(many.topics, ElementsAre("p.1", "q-r"));
  EXPECT_EQ(many.parameters.at("start"), "earliest");
  EXPECT_EQ(many.parameters.at("x"), " y");

  const Endpoint tcp = good("tcp://localhost:9000/?end_on_close=true");
  EXPECT_EQ(tcp.kind, EndpointKind::kTcp);
  EXPECT_EQ(tcp.peers[0].name(), "tcp localhost:9000");
}

TEST(EndpointTest, AFileOrGeneratorIsNoEndpoint) {
  for (const char* text : {"generator", "-", "payments.ndjson", "folder/a:b", "console"})
    EXPECT_FALSE(is_endpoint(text)) << text;
  EXPECT_TRUE(is_endpoint("kafka://h:1/t"));
  EXPECT_TRUE(is_endpoint("http://h"));
}

TEST(EndpointTest, SaysWhichPartOfAUrlIsWrongAndWhatItShouldBe) {
  EXPECT_THAT(refusal("http://h:1/t"), AllOf(HasSubstr("--from: \"http\" is no kind of endpoint"),
                                             HasSubstr("kafka://HOST:PORT/TOPIC")));
  EXPECT_THAT(refusal("kafka://h/t"), HasSubstr("\"h\" has no port: write HOST:PORT"));
  EXPECT_THAT(refusal("kafka://[::1]/t"), HasSubstr("has no port"));
  EXPECT_THAT(refusal("kafka://:9092/t"), HasSubstr("has no host"));
  EXPECT_THAT(refusal("kafka:///t"), HasSubstr("has no port"));
  EXPECT_THAT(refusal("kafka://::1:9092/t"), HasSubstr("in brackets, [::1]:9092"));
  EXPECT_THAT(refusal("kafka://h:70000/t"), HasSubstr("port \"70000\" is not a number from 1"));
  EXPECT_THAT(refusal("kafka://h:0/t"), HasSubstr("port \"0\""));
  EXPECT_THAT(refusal("kafka://h:9x/t"), HasSubstr("port \"9x\""));
  EXPECT_THAT(refusal("kafka://h:1,/t"), HasSubstr("has no port"));
  EXPECT_THAT(refusal("kafka://h:1"), HasSubstr("no topic"));
  EXPECT_THAT(refusal("kafka://h:1/"), HasSubstr("no topic"));
  EXPECT_THAT(refusal("kafka://h:1/a,,b"), HasSubstr("no topic"));
  EXPECT_THAT(refusal("kafka://h:1/a/b"), HasSubstr("names of topics have no /"));
  EXPECT_THAT(refusal("kafka://h:1/a%2"), HasSubstr("two hex digits"));
  EXPECT_THAT(refusal("kafka://h:1/a?b"), HasSubstr("parameter \"b\" is not NAME=VALUE"));
  EXPECT_THAT(refusal("kafka://h:1/a?b=1&b=2"), HasSubstr("parameter b is given twice"));
  EXPECT_THAT(refusal("kafka://h:1/a?b=%zz"), HasSubstr("parameter b: a % is not followed"));
  EXPECT_THAT(refusal("tcp://h:1/path"), HasSubstr("tcp:// has no path \"path\""));
  EXPECT_THAT(refusal("tcp://h:1,i:2"), HasSubstr("tcp:// has one host"));
}

TEST(EndpointTest, NeverRepeatsAPassword) {
  EXPECT_THAT(refusal("kafka://user:secret@h:1/t"),
              AllOf(HasSubstr("sasl.password=file:PATH"), Not(HasSubstr("secret"))));
  EXPECT_THAT(source_refusal("kafka://h:1/t", {.start = "", .properties = {"secret"}}),
              AllOf(HasSubstr("--kafka-property: write NAME=VALUE"), Not(HasSubstr("secret"))));
}

TEST(EndpointTest, ReadsWhereAKafkaSourceStarts) {
  const std::string url = "kafka://h:1/t,u";
  EXPECT_TRUE(std::holds_alternative<kafka::FromLatest>(source(url).start));
  EXPECT_TRUE(std::holds_alternative<kafka::FromEarliest>(source(url + "?start=earliest").start));
  EXPECT_TRUE(std::holds_alternative<kafka::FromEarliest>(
      source(url, {.start = "earliest", .properties = {}}).start));
  EXPECT_TRUE(std::holds_alternative<kafka::FromEarliest>(
      source(url + "?start=earliest", {.start = "earliest", .properties = {}}).start));
  EXPECT_EQ(std::get<kafka::FromTime>(source(url + "?start=1970-01-01T00:00:02Z").start).time,
            EventTime{2'000'000});
  const auto offsets = std::get<kafka::FromOffsets>(source(url + "?start=0:17,12:0").start).offsets;
  const std::map<std::int32_t, std::int64_t> each{{0, 17}, {12, 0}};
  EXPECT_EQ(offsets, (decltype(offsets){{"t", each}, {"u", each}}));
  for (const char* wrong : {"", "soon", "0", "0:", ":1", "a:1", "0:-1", "-1:5", "0:1,x"}) {
    EXPECT_THAT(source_refusal(url + "?start=" + wrong),
                AllOf(HasSubstr("parameter start is"), HasSubstr("PARTITION:OFFSET")))
        << wrong;
  }
  EXPECT_THAT(source_refusal(url, {.start = "soon", .properties = {}}),
              HasSubstr("--start is \"soon\", not latest"));
  EXPECT_THAT(source_refusal(url + "?start=latest", {.start = "earliest", .properties = {}}),
              HasSubstr("give one of them"));
}

TEST(EndpointTest, ReadsTheOtherOptionsOfAKafkaSource) {
  const kafka::SourceOptions options =
      source("kafka://h:1,[::1]:2/t?data_loss=latest&start_timeout_ms=7&stall_after_ms=8",
             {.start = "", .properties = {"client.id=me", "ssl.key.password=a=b"}});
  EXPECT_EQ(options.connection.brokers, "h:1,[::1]:2");
  EXPECT_THAT(options.topics, ElementsAre("t"));
  EXPECT_EQ(options.on_data_loss, kafka::OnDataLoss::kLatest);
  EXPECT_EQ(options.connection.start_timeout, std::chrono::milliseconds(7));
  EXPECT_EQ(options.stall_after, std::chrono::milliseconds(8));
  EXPECT_EQ(options.connection.properties.at("client.id"), "me");
  EXPECT_EQ(options.connection.properties.at("ssl.key.password"), "a=b");
  EXPECT_THAT(source_refusal("kafka://h:1/t?data_loss=perhaps"),
              HasSubstr("parameter data_loss is \"perhaps\", not one of fail, earliest, latest"));
  EXPECT_THAT(source_refusal("kafka://h:1/t?linger_us=1"),
              AllOf(HasSubstr("a Kafka source has no parameter \"linger_us\""),
                    HasSubstr("it has start, data_loss")));
  EXPECT_THAT(source_refusal("kafka://h:1/t?start_timeout_ms=-1"), HasSubstr("whole number"));
}

TEST(EndpointTest, ATopicWithACircumflexIsAPattern) {
  const kafka::SourceOptions options = source("kafka://h:1/^pay.*?start=earliest");
  EXPECT_EQ(options.pattern, "pay.*");
  EXPECT_TRUE(options.topics.empty());
  EXPECT_THAT(source_refusal("kafka://h:1/^a,b"), HasSubstr("a pattern of topics stands alone"));
}

TEST(EndpointTest, ReadsTheOptionsOfAKafkaSink) {
  const auto options = kafka_sink_of(
      good("kafka://h:1/t?compression=zstd&partitioner=consistent&linger_us=500"), {}, "--to");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->topic, "t");
  EXPECT_EQ(options->compression, kafka::Compression::kZstd);
  EXPECT_EQ(options->partitioner, kafka::Partitioner::kConsistent);
  EXPECT_EQ(options->linger, std::chrono::microseconds(500));
  EXPECT_THAT(sink_at("kafka://h:1/t,u", {}, "--to").status().to_string(),
              HasSubstr("--to: a Kafka sink has one topic"));
  EXPECT_THAT(sink_at("kafka://h:1/t?start=latest", {}, "--to").status().to_string(),
              HasSubstr("a Kafka sink has no parameter \"start\""));
}

TEST(EndpointTest, ReadsTheOptionsOfTcp) {
  const auto source = tcp_source_of(good("tcp://h:1?end_on_close=true&quiet_after_ms=9"), "--from");
  ASSERT_TRUE(source.ok());
  EXPECT_TRUE(source->end_on_close);
  EXPECT_EQ(source->quiet_after, std::chrono::milliseconds(9));
  const auto sink =
      tcp_sink_of(good("tcp://[::1]:2?close_timeout_ms=3&start_timeout_ms=4"), "--to");
  ASSERT_TRUE(sink.ok());
  EXPECT_EQ(sink->host, "::1");
  EXPECT_EQ(sink->port, 2);
  EXPECT_EQ(sink->close_timeout, std::chrono::milliseconds(3));
  EXPECT_EQ(sink->timing.start_timeout, std::chrono::milliseconds(4));
  EXPECT_THAT(source_refusal("tcp://h:1?end_on_close=maybe"), HasSubstr("one of true, false"));
  EXPECT_THAT(source_refusal("tcp://h:1?compression=zstd"),
              StartsWith("invalid argument: --from: a tcp source has no parameter"));
}

}  // namespace
}  // namespace penstock::tools
