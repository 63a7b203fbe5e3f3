#include "penstock/io/kafka/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "penstock/tests/io/io_kit.h"

namespace penstock::kafka::internal {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kCanary = "canary-5f1d";

struct Denied {
  const char* name;
  const char* reason;
};

class DeniedProperty : public ::testing::TestWithParam<Denied> {};

TEST_P(DeniedProperty, IsRefusedWithItsReasonAndTheNearestThatIsAllowed) {
  const Status status = check_properties({{GetParam().name, kCanary}});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("'" + std::string(GetParam().name) + "'"), HasSubstr(GetParam().reason),
            HasSubstr("nearest that is allowed is '"), Not(HasSubstr(kCanary))));
  EXPECT_EQ(resolve_properties({{GetParam().name, kCanary}}, Direction::kSink).status().code(),
            StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Properties, DeniedProperty,
    ::testing::Values(
        Denied{"sasl.kerberos.kinit.cmd", "runs a command"},
        Denied{"sasl.kerberos.keytab", "runs a command"},
        Denied{"sasl.kerberos.principal", "runs a command"},
        Denied{"plugin.library.paths", "loads a library"},
        Denied{"ssl.engine.location", "loads a library"},
        Denied{"ssl.engine.id", "loads a library"}, Denied{"ssl.providers", "loads a library"},
        Denied{"interceptors", "code of a library"}, Denied{"ssl.keystore.location", "PEM files"},
        Denied{"ssl.keystore.password", "PEM files"},
        Denied{"sasl.oauthbearer.config", "not supported"},
        Denied{"sasl.oauthbearer.token.endpoint.url", "not supported"},
        Denied{"enable.sasl.oauthbearer.unsecure.jwt", "nobody signed"}, Denied{"debug", "secret"},
        Denied{"log_level", "the engine"}, Denied{"log.queue", "the engine"},
        Denied{"log.connection.close", "the engine"}, Denied{"statistics.interval.ms", "metrics"},
        Denied{"bootstrap.servers", "Connection::brokers"},
        Denied{"metadata.broker.list", "Connection::brokers"}, Denied{"group.id", "group"},
        Denied{"enable.auto.commit", "checkpoints"}, Denied{"auto.offset.reset", "start"},
        Denied{"queued.min.messages", "buffer_bytes"}, Denied{"acks", "all replicas"},
        Denied{"enable.idempotence", "idempotent"}, Denied{"transactional.id", "engine"},
        Denied{"linger.ms", "linger"}, Denied{"message.timeout.ms", "delivery_timeout"},
        Denied{"test.mock.num.brokers", "tests"}, Denied{"opaque", "unknown"},
        Denied{"error_cb", "unknown"}, Denied{"open_cb", "unknown"},
        Denied{"builtin.features", "unknown"}, Denied{"offset.store.path", "checkpoints"},
        Denied{"SASL.PASSWORD", "unknown"}, Denied{"", "unknown"}),
    [](const auto& each) { return "number" + std::to_string(each.index); });

TEST(Properties, ATypingErrorIsShownWhatWasMeant) {
  EXPECT_THAT(std::string(check_properties({{"sasl.pasword", "x"}}).message()),
              HasSubstr("'sasl.password'"));
  EXPECT_THAT(std::string(check_properties({{"security.protocoll", "x"}}).message()),
              HasSubstr("'security.protocol'"));
}

TEST(Properties, ThoseOfTheOtherDirectionAreLeftOut) {
  const std::map<std::string, std::string> given = {
      {"client.id", "me"}, {"fetch.max.bytes", "1"}, {"batch.size", "2"}};
  EXPECT_THAT(resolve_properties(given, Direction::kSource).value(),
              ElementsAre(Pair("client.id", "me"), Pair("fetch.max.bytes", "1")));
  EXPECT_THAT(resolve_properties(given, Direction::kSink).value(),
              ElementsAre(Pair("batch.size", "2"), Pair("client.id", "me")));
  EXPECT_THAT(resolve_properties({}, Direction::kSink).value(), IsEmpty());
}

class PropertyValues : public ::testing::Test {
 protected:
  std::string file(const std::string& text, mode_t mode = 0600) {
    const std::string path = folder_ / "value";
    test::write_file(path, text);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  static Result<Properties> resolve(const std::string& name, const std::string& value) {
    return resolve_properties({{name, value}}, Direction::kSink);
  }
  static std::string refused(const std::string& name, const std::string& value) {
    const Result<Properties> properties = resolve(name, value);
    EXPECT_FALSE(properties.ok());
    const std::string text = properties.status().to_string();
    EXPECT_THAT(text, AllOf(HasSubstr("'" + name + "'"), Not(HasSubstr(kCanary))));
    return text;
  }

  test::TemporaryFolder folder_;
};

TEST_F(PropertyValues, ComeFromAFileWithoutItsLineBreak) {
  EXPECT_EQ(resolve("sasl.password", "file:" + file("s3cret\n")).value()[0].second, "s3cret");
  EXPECT_EQ(resolve("sasl.password", "file:" + file("s3cret\r\n")).value()[0].second, "s3cret");
  EXPECT_EQ(resolve("sasl.username", "file:" + file(" me ")).value()[0].second, " me ");
  EXPECT_EQ(resolve("ssl.ca.pem", "file:" + file("a\nb\n")).value()[0].second, "a\nb\n");
}

TEST_F(PropertyValues, ComeFromTheEnvironment) {
  ASSERT_EQ(::setenv("PENSTOCK_TEST_SECRET", "s3cret", 1), 0);
  EXPECT_EQ(resolve("sasl.password", "env:PENSTOCK_TEST_SECRET").value()[0].second, "s3cret");
  ASSERT_EQ(::unsetenv("PENSTOCK_TEST_SECRET"), 0);
  EXPECT_THAT(refused("sasl.password", "env:PENSTOCK_TEST_SECRET"),
              HasSubstr("'PENSTOCK_TEST_SECRET' is not set"));
}

TEST_F(PropertyValues, OfSecretsStandInNoOptionAndNoMessage) {
  for (const char* name : {"sasl.password", "ssl.key.password", "ssl.key.pem"}) {
    EXPECT_TRUE(is_secret(name));
    EXPECT_THAT(refused(name, kCanary), HasSubstr("file:PATH or env:NAME"));
    EXPECT_THAT(refused(name, "file:" + file(std::string(kCanary) + '\0')), HasSubstr("zero byte"));
  }
  EXPECT_THAT(refused("sasl.password", "file:" + file(std::string(kCanary) + "\n" + kCanary)),
              HasSubstr("several lines"));
  EXPECT_FALSE(is_secret("sasl.username"));
}

TEST_F(PropertyValues, OfSecretsAreNotReadFromAFileThatIsOpenToAll) {
  for (const mode_t mode : {0604U, 0644U, 0602U, 0606U}) {
    EXPECT_THAT(refused("sasl.password", "file:" + file(kCanary, mode)),
                AllOf(HasSubstr("every user"), HasSubstr("chmod")));
  }
  EXPECT_TRUE(resolve("sasl.password", "file:" + file(kCanary, 0640)).ok());
  EXPECT_TRUE(resolve("sasl.username", "file:" + file("me", 0644)).ok());
}

TEST_F(PropertyValues, ThatCannotBeReadAreNamed) {
  EXPECT_THAT(refused("sasl.password", "file:" + (folder_ / "missing")), HasSubstr("missing"));
  EXPECT_THAT(refused("sasl.password", "file:" + folder_.path()), HasSubstr("not a file"));
  EXPECT_THAT(refused("sasl.password", "file:/dev/null"), HasSubstr("not a file"));
  EXPECT_THAT(refused("sasl.password", "file:" + file("\n")), HasSubstr("empty"));
  EXPECT_THAT(refused("sasl.password", "file:" + file(std::string(2 << 20, 'x'))),
              HasSubstr("1 MiB"));
  EXPECT_THAT(refused("ssl.ca.location", folder_ / "missing"), HasSubstr("missing"));
}

TEST_F(PropertyValues, ThatNameAFileAreNotReadFromOne) {
  EXPECT_THAT(refused("ssl.key.location", "file:" + file("x")), HasSubstr("without 'file:'"));
  const std::string path = file("x");
  EXPECT_EQ(resolve("ssl.key.location", path).value()[0].second, path);
  EXPECT_TRUE(resolve("ssl.ca.location", "probe").ok());
}

}  // namespace
}  // namespace penstock::kafka::internal
