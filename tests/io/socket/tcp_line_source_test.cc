#include "penstock/io/socket/tcp_line_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "penstock/io/file/block_queue.h"
#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/socket/socket_kit.h"

namespace penstock {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TcpLineSourceTest : public ::testing::Test {
 protected:
  TcpLineSourceTest() { server_.listen(); }

  TcpLineSourceOptions options(bool end_on_close = false) const {
    return {.host = "127.0.0.1",
            .port = server_.port(),
            .end_on_close = end_on_close,
            .timing = test::quick_timing()};
  }
  // Polls until `count` lines have come.
  static void read(test::ReaderRun& run, std::size_t count) {
    while (run.lines.size() < count) {
      const Result<PollResult> polled = run.poll();
      ASSERT_TRUE(polled.ok()) << polled.status().to_string();
      if (polled->records == 0 && polled->state == SourceState::kWaiting) {
        ASSERT_TRUE(run.waker.wait());
      }
    }
  }

  test::Server server_;
};

TEST_F(TcpLineSourceTest, ReadsToTheEndOfTheConnectionWhenToldTo) {
  test::ReaderRun run(*tcp_line_source(options(true)));
  test::Peer peer = server_.accept();
  peer.send("{\"a\":1}\r\n\n{\"b\"");
  peer.send(":2}\nlast");
  peer.close();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("{\"a\":1}", "", "{\"b\":2}", "last"));
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 10}));
  EXPECT_EQ(run.lines[3].cut_from_bytes, 0u);
  EXPECT_THAT(run.notices.all(), IsEmpty());
}

TEST_F(TcpLineSourceTest, ConnectsAgainAndNeverJoinsTheHalvesOfTwoConnections) {
  test::ReaderRun run(*tcp_line_source(options()));
  test::Peer first = server_.accept();
  first.send("one\ntw");
  first.close();
  test::Peer second = server_.accept();
  second.send("o\nthree\n");
  read(run, 4);
  EXPECT_THAT(run.texts(), ElementsAre("one", "tw", "o", "three"));
  EXPECT_EQ(run.lines[1].cut_from_bytes, 2u);
  EXPECT_THAT(run.lines[1].why_cut, HasSubstr("line without an end: the connection was lost "
                                              "(closed by the peer) behind 2 bytes of it"));
  EXPECT_EQ(run.lines[2].cut_from_bytes, 0u);
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 6}));
  const std::vector<Notice> notices = run.notices.all();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_EQ(notices[0].place, "tcp 127.0.0.1:" + std::to_string(server_.port()));
  EXPECT_EQ(notices[0].text,
            "connection lost: closed by the peer; its last line has no end and counts as "
            "unreadable; connecting again");
  EXPECT_EQ(notices[1].text, "connected again");
  EXPECT_EQ(notices[1].severity, Severity::kInfo);
}

TEST_F(TcpLineSourceTest, ARecordInQuotesIsNotJoinedOverTwoConnectionsEither) {
  test::ReaderRun run(*tcp_line_source(options()), 0, 1, false, {}, QuotedLines{});
  test::Peer first = server_.accept();
  first.send("\"one\n1\"\n\"two\n");
  first.close();
  test::Peer second = server_.accept();
  second.send("2\"\nthree\n");
  read(run, 4);
  EXPECT_THAT(run.texts(), ElementsAre("\"one\n1\"", "\"two\n", "2\"", "three"));
  EXPECT_EQ(run.lines[1].cut_from_bytes, 5u);
  EXPECT_THAT(run.lines[1].why_cut, HasSubstr("the connection was lost (closed by the peer)"));
  EXPECT_EQ(run.lines[2].cut_from_bytes, 0u);
}

TEST_F(TcpLineSourceTest, AWholeLineAtTheLossIsNoBadRecord) {
  test::ReaderRun run(*tcp_line_source(options()));
  test::Peer first = server_.accept();
  first.send("one\n");
  read(run, 1);
  first.reset();
  server_.accept().send("two\n");
  read(run, 2);
  EXPECT_THAT(run.texts(), ElementsAre("one", "two"));
  EXPECT_EQ(run.notices.all().at(0).text,
            "connection lost: Connection reset by peer; connecting again");
}

TEST_F(TcpLineSourceTest, ALoneCarriageReturnAtTheLossIsABadRecordToo) {
  test::ReaderRun run(*tcp_line_source(options()));
  test::Peer first = server_.accept();
  first.send("\r");
  first.close();
  test::Peer second = server_.accept();
  second.send("x\n");
  read(run, 2);
  EXPECT_EQ(run.lines[0].cut_from_bytes, 1u);
  EXPECT_THAT(run.texts(), ElementsAre("", "x"));
}

TEST_F(TcpLineSourceTest, ALineThatIsTooLongEndsWithItsConnection) {
  TcpLineSourceOptions wanted = options();
  wanted.line_bytes_max = 10;
  test::ReaderRun run(*tcp_line_source(wanted));
  test::Peer first = server_.accept();
  first.send(std::string(30, 'x'));
  first.close();
  test::Peer second = server_.accept();
  second.send("y\n");
  read(run, 2);
  EXPECT_THAT(run.texts(), ElementsAre(std::string(10, 'x'), "y"));
  EXPECT_THAT(run.lines[0].why_cut, HasSubstr("30 bytes is longer than 10 bytes"));
}

TEST_F(TcpLineSourceTest, AConnectionThatBreaksIsNoEndWhenToldToEndOnClose) {
  test::ReaderRun run(*tcp_line_source(options(true)));
  test::Peer peer = server_.accept();
  peer.send("one\ntw");
  read(run, 1);
  peer.reset();
  const Status status = run.run();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.to_string(),
              AllOf(HasSubstr("tcp 127.0.0.1:"), HasSubstr("Connection reset by peer"),
                    HasSubstr("more was to come"), HasSubstr("without end_on_close")));
  EXPECT_THAT(run.texts(), ElementsAre("one", "tw"));
  EXPECT_EQ(run.lines[1].cut_from_bytes, 2u);
}

TEST_F(TcpLineSourceTest, ARefusedStartIsAStatusWithPlaceCauseAndRemedy) {
  TcpLineSourceOptions wanted = options();
  wanted.port = test::closed_port();
  wanted.timing.start_timeout = std::chrono::milliseconds(20);
  test::ReaderRun run(*tcp_line_source(wanted));
  const Status status = run.run();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "tcp 127.0.0.1:" + std::to_string(wanted.port) +
                                  ": cannot connect: Connection refused; tried for 0.0 s. Start "
                                  "what listens there, or correct host and port");
}

TEST_F(TcpLineSourceTest, WaitsForAServerThatStartsLater) {
  test::Server late;
  TcpLineSourceOptions wanted = options();
  wanted.port = late.port();
  wanted.timing.start_timeout = std::chrono::minutes(5);
  test::ReaderRun run(*tcp_line_source(wanted));
  ASSERT_TRUE(run.notices.wait_for("cannot connect: Connection refused; trying again for 300 s"));
  late.listen();
  test::Peer peer = late.accept();
  ASSERT_TRUE(run.notices.wait_for("connected"));
  peer.send("one\n");
  read(run, 1);
  EXPECT_THAT(run.texts(), ElementsAre("one"));
}

TEST_F(TcpLineSourceTest, TriesForEverOnceItWasConnectedAndSaysWhyItCannotOnce) {
  TcpLineSourceOptions wanted = options();
  wanted.timing.start_timeout = std::chrono::milliseconds(1);
  test::ReaderRun run(*tcp_line_source(wanted));
  {
    test::Peer peer = server_.accept();
    server_.close();
    peer.close();
  }
  ASSERT_TRUE(run.notices.wait_for("Connection refused; trying again until it is there"));
  test::Server again(AF_INET, server_.port());
  ASSERT_TRUE(again.bound());
  again.listen();
  test::Peer peer = again.accept();
  peer.send("back\n");
  read(run, 1);
  EXPECT_THAT(run.texts(), ElementsAre("back"));
  EXPECT_EQ(run.notices.all().size(), 3u);  // Lost, cannot connect, connected again.
}

TEST_F(TcpLineSourceTest, SaysThatNothingComesAndThatItComesAgain) {
  TcpLineSourceOptions wanted = options();
  wanted.quiet_after = std::chrono::milliseconds(5);
  test::ReaderRun run(*tcp_line_source(wanted));
  test::Peer peer = server_.accept();
  ASSERT_TRUE(run.notices.wait_for("connected, but nothing has come for 5 ms"));
  peer.send("one\n");
  ASSERT_TRUE(run.notices.wait_for("bytes come again"));
  read(run, 1);
}

TEST_F(TcpLineSourceTest, APeerWhoseMachineIsGoneIsNoticed) {
  TcpLineSourceOptions wanted = options();
  wanted.timing.dead_after = std::chrono::seconds(2);
  test::ReaderRun run(*tcp_line_source(wanted));
  test::Peer first = server_.accept();
  first.send("one\n");
  read(run, 1);
  first.fall_silent();
  ASSERT_TRUE(run.notices.wait_for("connection lost: Connection timed out; connecting again"));
  server_.accept().send("two\n");
  read(run, 2);
  EXPECT_THAT(run.texts(), ElementsAre("one", "two"));
}

TEST_F(TcpLineSourceTest, HoldsThePeerBackWhileNobodyPolls) {
  test::ReaderRun run(*tcp_line_source(options(true)));
  test::Peer peer = server_.accept();
  constexpr std::size_t kLines = 300'000;
  const std::string line(99, 'x');
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    for (std::size_t i = 0; i < kLines; i += 10) {
      std::string lines;
      for (int j = 0; j < 10; ++j) lines += line + "\n";
      peer.send(lines);
      sent.fetch_add(lines.size());
    }
    peer.close();
  });
  // Until the sender stands still: the queue and both sockets' buffers are full, or all of it was taken in.
  std::size_t before = 0;
  for (int same = 0; same < 20'000;) {
    std::this_thread::yield();
    const std::size_t now = sent.load();
    same = now == before && now > 0 ? same + 1 : 0;
    before = now;
  }
  EXPECT_LT(sent.load(), kLines * 100);
  EXPECT_TRUE(run.run().ok());
  sender.join();
  ASSERT_EQ(run.lines.size(), kLines);
  for (const test::ReadLine& read : run.lines) ASSERT_EQ(read.text, line);
}

TEST_F(TcpLineSourceTest, ClosesWhileItsThreadWaitsForBytes) {
  test::ReaderRun run(*tcp_line_source(options()));
  test::Peer peer = server_.accept();
  run.close();  // Hangs if the thread cannot be woken.
}

TEST_F(TcpLineSourceTest, ClosesWhileItsThreadWaitsToTryAgain) {
  TcpLineSourceOptions wanted = options();
  wanted.port = test::closed_port();
  wanted.timing.retry_first = wanted.timing.retry_longest = std::chrono::hours(1);
  test::ReaderRun run(*tcp_line_source(wanted));
  ASSERT_TRUE(run.notices.wait_for("cannot connect"));
  run.close();
}

TEST_F(TcpLineSourceTest, ConnectsOverIpv6AndByName) {
  test::Server six(AF_INET6);
  if (six.bound()) {
    six.listen();
    TcpLineSourceOptions wanted = options(true);
    wanted.host = "::1";
    wanted.port = six.port();
    EXPECT_EQ(tcp_line_source(wanted)->name(), "tcp [::1]:" + std::to_string(six.port()));
    test::ReaderRun run(*tcp_line_source(wanted));
    six.accept().send("six\n");
    EXPECT_TRUE(run.run().ok());
    EXPECT_THAT(run.texts(), ElementsAre("six"));
  }
  TcpLineSourceOptions named = options(true);
  named.host = "localhost";
  test::ReaderRun run(*tcp_line_source(named));
  server_.accept().send("four\n");
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("four"));
}

TEST_F(TcpLineSourceTest, AHostThatDoesNotExistIsNamed) {
  TcpLineSourceOptions wanted = options();
  wanted.host = "no such host";
  wanted.timing.start_timeout = std::chrono::milliseconds(1);
  test::ReaderRun run(*tcp_line_source(wanted));
  EXPECT_THAT(run.run().to_string(), HasSubstr("tcp no such host:"));
}

TEST_F(TcpLineSourceTest, OptionsThatCannotWorkAreRefusedAtOnce) {
  const auto refusal = [](TcpLineSourceOptions wanted) {
    return test::ReaderRun(*tcp_line_source(wanted)).open_status().to_string();
  };
  TcpLineSourceOptions wanted = options();
  wanted.host = "";
  EXPECT_THAT(refusal(wanted), HasSubstr("host is empty"));
  wanted = options();
  wanted.port = 0;
  EXPECT_THAT(refusal(wanted), HasSubstr("port 0"));
  wanted = options();
  wanted.timing.retry_first = std::chrono::milliseconds(0);
  EXPECT_THAT(refusal(wanted), HasSubstr("retry_first"));
  wanted = options();
  wanted.timing.dead_after = std::chrono::seconds(1);
  EXPECT_THAT(refusal(wanted), HasSubstr("dead_after"));
}

}  // namespace
}  // namespace penstock
