#include "penstock/io/socket/tcp_line_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "penstock/tests/io/io_kit.h"
#include "penstock/tests/io/socket/socket_kit.h"

namespace penstock {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class TcpLineSinkTest : public ::testing::Test {
 protected:
  TcpLineSinkTest() { server_.listen(); }

  TcpLineSinkOptions options() const {
    return {.host = "127.0.0.1",
            .port = server_.port(),
            .buffer_bytes = 1000,
            .close_timeout = std::chrono::seconds(60),
            .timing = test::quick_timing()};
  }
  std::unique_ptr<ByteWriter> open(const TcpLineSinkOptions& wanted) {
    auto writer = tcp_line_sink(wanted)->open({.waker = &waker_, .notices = &notices_});
    EXPECT_TRUE(writer.ok()) << writer.status().to_string();
    return std::move(*writer);
  }
  // Does what a task does: flushes when that is asked for, until `done`.
  template <class Done>
  Status work_until(ByteWriter& writer, Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return Status::internal("waited in vain");
      std::this_thread::yield();
      if (writer.wake_at() == kNever) continue;
      if (Status status = writer.flush(); !status.ok()) return status;
    }
    return Status();
  }

  // Writes lines of 1000 bytes until the peer's buffer, the socket's and the writer's are full; how many.
  static std::size_t fill(ByteWriter& writer) {
    constexpr std::size_t kSurelyConnected = 50;
    std::size_t lines = 0;
    for (bool full = false; !full; full = lines > kSurelyConnected && !writer.ready()) {
      if (!writer.ready()) {  // Not connected yet.
        std::this_thread::yield();
        continue;
      }
      EXPECT_TRUE(writer.write(std::string(999, 'x')).ok());
      EXPECT_TRUE(writer.flush().ok());
      ++lines;
    }
    return lines;
  }

  test::Server server_;
  test::WaitableWaker waker_;
  test::NoticeLog notices_;
};

TEST_F(TcpLineSinkTest, WritesWholeLinesAndClosesInGoodOrder) {
  auto writer = open(options());
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_TRUE(writer->write("").ok());
  EXPECT_TRUE(writer->flush().ok());
  test::Peer peer = server_.accept();
  EXPECT_TRUE(writer->write("three").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(peer.read(), "one\n\nthree\n");
  EXPECT_THAT(notices_.all(), IsEmpty());
}

TEST_F(TcpLineSinkTest, SendsWhatWasWrittenBeforeItWasConnected) {
  test::Server late;
  TcpLineSinkOptions wanted = options();
  wanted.port = late.port();
  wanted.timing.start_timeout = std::chrono::minutes(5);
  auto writer = open(wanted);
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_TRUE(writer->flush().ok());
  ASSERT_TRUE(notices_.wait_for("Connection refused; trying again for 300 s"));
  late.listen();
  test::Peer peer = late.accept();
  ASSERT_TRUE(work_until(*writer, [&] { return notices_.all().size() == 2; }).ok());
  EXPECT_TRUE(writer->flush().ok());
  EXPECT_EQ(peer.read(4), "one\n");
}

TEST_F(TcpLineSinkTest, IsNotReadyWhileThePeerTakesNothingAndWakesWhenItDoes) {
  TcpLineSinkOptions wanted = options();
  wanted.timing.full_after = std::chrono::milliseconds(20);
  auto writer = open(wanted);
  test::Peer peer = server_.accept();
  const std::size_t written = 1000 * fill(*writer);
  ASSERT_TRUE(notices_.wait_for("the peer has taken nothing for 20 ms and the job waits for it"));
  EXPECT_EQ(writer->wake_at(), kNever);
  std::string read = peer.read(written / 2);
  while (!writer->ready()) ASSERT_TRUE(waker_.wait());
  std::thread closer([&] { EXPECT_TRUE(writer->close().ok()); });
  read += peer.read();
  closer.join();
  EXPECT_EQ(read.size(), written);
}

TEST_F(TcpLineSinkTest, ALineCutByALossIsSentAgainWholeAndWhatThePeerDidNotTakeIsTold) {
  auto writer = open(options());
  test::Peer first = server_.accept();
  const std::string line(999, 'x');
  const std::size_t lines = fill(*writer);
  server_.close();  // Or a connection from before the loss might wait to be accepted.
  first.reset();
  ASSERT_TRUE(work_until(*writer, [&] { return !notices_.all().empty(); }).ok());
  EXPECT_THAT(notices_.all()[0].text,
              AllOf(StartsWith("connection lost: Connection reset by peer; "),
                    HasSubstr("bytes sent before that were not acknowledged and may be missing"),
                    HasSubstr("bytes wait; connecting again")));
  test::Server again(AF_INET, server_.port());
  ASSERT_TRUE(again.bound());
  again.listen();
  test::Peer second = again.accept();
  ASSERT_TRUE(writer->write("last").ok());
  std::thread closer([&] { EXPECT_TRUE(writer->close().ok()); });
  const std::string read = second.read();
  closer.join();
  // Whole lines only, and only those that the first connection did not take.
  ASSERT_GE(read.size(), 1005u);
  ASSERT_EQ(read.size() % 1000, 5u);
  EXPECT_LT(read.size(), lines * 1000);
  for (std::size_t at = 0; at + 1000 < read.size(); at += 1000)
    ASSERT_EQ(read.substr(at, 1000), line + "\n");
  EXPECT_EQ(read.substr(read.size() - 5), "last\n");
  EXPECT_TRUE(notices_.wait_for("connected again"));
}

TEST_F(TcpLineSinkTest, APeerThatClosesIsNoticedWithoutAWrite) {
  auto writer = open(options());
  server_.accept().close();
  ASSERT_TRUE(work_until(*writer, [&] { return !notices_.all().empty(); }).ok());
  EXPECT_EQ(notices_.all()[0].text,
            "connection lost: closed by the peer; 0 bytes wait; connecting again");
  test::Peer second = server_.accept();
  ASSERT_TRUE(notices_.wait_for("connected again"));
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(second.read(), "one\n");
}

TEST_F(TcpLineSinkTest, PassesOverWhatThePeerSays) {
  auto writer = open(options());
  test::Peer peer = server_.accept();
  peer.send("hello\n");
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_TRUE(writer->close().ok());
  EXPECT_EQ(peer.read(), "one\n");
}

TEST_F(TcpLineSinkTest, ARefusedStartIsAStatusWithPlaceCauseAndRemedy) {
  TcpLineSinkOptions wanted = options();
  wanted.port = test::closed_port();
  wanted.timing.start_timeout = std::chrono::milliseconds(20);
  auto writer = open(wanted);
  while (writer->ready()) EXPECT_TRUE(writer->write(std::string(999, 'x')).ok());
  const Status status = work_until(*writer, [] { return false; });
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              AllOf(StartsWith("tcp 127.0.0.1:" + std::to_string(wanted.port) +
                               ": cannot connect: Connection refused; tried for"),
                    HasSubstr("Start what listens there")));
  EXPECT_TRUE(writer->ready());  // Or the task would wait for ever instead of hearing it.
  EXPECT_FALSE(writer->close().ok());
}

TEST_F(TcpLineSinkTest, ClosingDoesNotWaitForEverForAPeerThatIsNotThere) {
  TcpLineSinkOptions wanted = options();
  wanted.port = test::closed_port();
  wanted.close_timeout = std::chrono::milliseconds(20);
  auto writer = open(wanted);
  EXPECT_TRUE(writer->write("one").ok());
  EXPECT_THAT(writer->close().to_string(), HasSubstr("4 bytes could not be sent within 20 ms"));
  EXPECT_TRUE(open(wanted)->close().ok());  // Nothing was to be sent.
}

TEST_F(TcpLineSinkTest, ClosingDoesNotWaitForEverForAPeerThatDoesNotRead) {
  TcpLineSinkOptions wanted = options();
  wanted.close_timeout = std::chrono::milliseconds(20);
  auto writer = open(wanted);
  test::Peer peer = server_.accept();
  fill(*writer);
  // Which of the two depends on how much the kernel takes.
  EXPECT_THAT(writer->close().to_string(),
              AnyOf(HasSubstr("bytes could not be sent within 20 ms"),
                    HasSubstr("bytes sent were not acknowledged within 20 ms")));
}

TEST_F(TcpLineSinkTest, APeerWhoseMachineIsGoneIsNoticedWithAndWithoutLinesOnTheirWay) {
  for (const char* line : {"", "on its way"}) {
    TcpLineSinkOptions wanted = options();
    wanted.timing.dead_after = std::chrono::seconds(2);
    auto writer = open(wanted);
    test::Peer peer = server_.accept();
    ASSERT_TRUE(work_until(*writer, [&] { return writer->wake_at() == kNever; }).ok());
    peer.fall_silent();
    if (*line != '\0') {
      EXPECT_TRUE(writer->write(line).ok());
      EXPECT_TRUE(writer->flush().ok());
    }
    const std::size_t before = notices_.all().size();
    ASSERT_TRUE(work_until(*writer, [&] { return notices_.all().size() > before; }).ok());
    EXPECT_THAT(notices_.all()[before].text,
                AllOf(StartsWith("connection lost: "),
                      AnyOf(HasSubstr("Connection timed out"), HasSubstr("no answer for 2 s"))));
    server_.accept();
  }
}

TEST_F(TcpLineSinkTest, RaisesNoSignal) {
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGPIPE, nullptr, &before), 0);
  ASSERT_EQ(before.sa_handler, SIG_DFL);  // A SIGPIPE would end this test.
  auto writer = open(options());
  server_.accept().reset();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(writer->write("x").ok());
    EXPECT_TRUE(writer->flush().ok());
  }
  ASSERT_TRUE(work_until(*writer, [&] { return !notices_.all().empty(); }).ok());
}

TEST_F(TcpLineSinkTest, OptionsThatCannotWorkAreRefusedAtOnce) {
  TcpLineSinkOptions wanted = options();
  wanted.port = 0;
  const auto writer = tcp_line_sink(wanted)->open({.waker = &waker_, .notices = &notices_});
  EXPECT_THAT(writer.status().to_string(), HasSubstr("tcp 127.0.0.1:0: port 0"));
}

}  // namespace
}  // namespace penstock
