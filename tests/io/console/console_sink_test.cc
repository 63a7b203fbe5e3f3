#include "penstock/io/console/console_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<ByteWriter> writer_of(const ByteSink& sink) {
  return std::move(sink.open({})).value();
}

std::string read_to_end(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t got = 0; (got = ::read(fd, block, sizeof block)) > 0;) {
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

bool is_pending(int signal) {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, signal) == 1;
}

bool is_blocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

TEST(ConsoleSink, WritesALinePerRecordWithTheFlush) {
  test::Pipe pipe;
  const auto out = writer_of(*console_sink(pipe.write_fd()));
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_TRUE(out->write("two").ok());
  EXPECT_TRUE(out->close().ok());
  pipe.close_write();
  EXPECT_EQ(read_to_end(pipe.read_fd()), "one\ntwo\n");
}

TEST(ConsoleSink, ReportsAClosedPipeWithoutASignal) {
  test::Pipe pipe;
  const auto out = writer_of(*console_sink(pipe.write_fd()));
  pipe.close_read();
  for (int i = 0; i < 2; ++i) {  // SIGPIPE has its default action here: it would end the test.
    EXPECT_TRUE(out->write("one").ok());
    const Status status = out->flush();
    EXPECT_EQ(status.code(), StatusCode::kUnavailable);
    EXPECT_THAT(status.to_string(),
                HasSubstr("descriptor " + std::to_string(pipe.write_fd()) + ": Broken pipe"));
    EXPECT_FALSE(is_pending(SIGPIPE));
    EXPECT_FALSE(is_blocked(SIGPIPE));
  }
}

TEST(ConsoleSink, LeavesASignalAloneThatWasPendingBefore) {
  sigset_t pipe_signal;
  sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  ::pthread_kill(::pthread_self(), SIGPIPE);
  test::Pipe pipe;
  pipe.close_read();
  const auto out = writer_of(*console_sink(pipe.write_fd()));
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_FALSE(out->flush().ok());
  EXPECT_TRUE(is_pending(SIGPIPE));
  EXPECT_TRUE(is_blocked(SIGPIPE));
  int taken = 0;
  ::sigwait(&pipe_signal, &taken);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(ConsoleSink, ReportsAFullDisk) {
  const int full = ::open("/dev/full", O_WRONLY);
  const auto out = writer_of(*console_sink(full));
  EXPECT_TRUE(out->write("one").ok());
  const Status status = out->flush();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(status.to_string(), HasSubstr("descriptor " + std::to_string(full)));
  ::close(full);
}

TEST(ConsoleSink, ReportsADescriptorThatIsNotOpen) {
  const auto out = writer_of(*console_sink(-1));
  EXPECT_TRUE(out->write("one").ok());
  EXPECT_THAT(out->flush().to_string(), HasSubstr("Bad file descriptor"));
}

TEST(ConsoleSink, WaitsForASlowReaderOfANonBlockingPipe) {
  test::Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.write_fd(), F_SETFL, O_NONBLOCK), 0);
  std::string received;
  std::thread reader([&] { received = read_to_end(pipe.read_fd()); });
  const auto out = writer_of(*console_sink(pipe.write_fd()));
  const std::string line((1 << 20) - 1, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(out->write(line).ok());
  EXPECT_TRUE(out->close().ok());
  pipe.close_write();
  reader.join();
  EXPECT_EQ(received.size(), std::size_t{4} << 20);
}

TEST(ConsoleSink, KeepsLinesOfSeveralTasksWhole) {
  test::Pipe pipe;
  std::string received;
  std::thread reader([&] { received = read_to_end(pipe.read_fd()); });
  const auto sink = console_sink(pipe.write_fd());
  std::vector<std::thread> tasks;
  for (int task = 0; task < 4; ++task) {
    tasks.emplace_back([&, task] {
      const auto out = writer_of(*sink);
      // Longer than what a pipe writes in one piece.
      const std::string line(10'000, static_cast<char>('a' + task));
      for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(out->write(line).ok());
        ASSERT_TRUE(out->flush().ok());
      }
    });
  }
  for (std::thread& task : tasks) task.join();
  pipe.close_write();
  reader.join();
  std::istringstream text(received);
  int lines = 0;
  for (std::string line; std::getline(text, line); ++lines) {
    ASSERT_EQ(std::count(line.begin(), line.end(), line[0]), 10'000);
  }
  EXPECT_EQ(lines, 800);
}

}  // namespace
}  // namespace penstock
