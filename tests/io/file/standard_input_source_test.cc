#include "penstock/io/file/standard_input_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "penstock/io/file/block_queue.h"
#include "penstock/tests/io/io_kit.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StandardInputSourceTest : public ::testing::Test {
 protected:
  std::shared_ptr<const ByteSource> source(std::size_t line_bytes_max = 1 << 20) const {
    return standard_input_source({.fd = pipe_.read_fd(), .line_bytes_max = line_bytes_max});
  }

  test::Pipe pipe_;
};

TEST_F(StandardInputSourceTest, ReadsWhatAWriterSendsByteByByte) {
  const std::string text = "{\"a\":1}\r\n\n{\"b\":2}\nlast";
  std::thread writer([&] {
    for (const char& byte : text) pipe_.write({&byte, 1});
    pipe_.close_write();
  });
  test::ReaderRun run(*source());
  EXPECT_TRUE(run.run().ok());
  writer.join();
  EXPECT_THAT(run.texts(), ElementsAre("{\"a\":1}", "", "{\"b\":2}", "last"));
  EXPECT_EQ(run.lines[2].origin, (Origin{SplitId{0}, 10}));
}

TEST_F(StandardInputSourceTest, DeliversALineBeforeMoreInputComes) {
  test::ReaderRun run(*source());
  pipe_.write("one\ntw");
  while (run.lines.empty()) {
    ASSERT_TRUE(run.waker.wait());
    ASSERT_TRUE(run.poll().ok());
  }
  EXPECT_THAT(run.texts(), ElementsAre("one"));
  const PollResult waiting = *run.poll();
  EXPECT_EQ(waiting.state, SourceState::kWaiting);
  EXPECT_EQ(waiting.wake_at, kNever);
}

TEST_F(StandardInputSourceTest, EndsAtOnceWithoutInput) {
  pipe_.close_write();
  test::ReaderRun run(*source());
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.lines, IsEmpty());
}

TEST_F(StandardInputSourceTest, HoldsTheWriterBackWhileNobodyPolls) {
  constexpr std::size_t kLines = 100'000;
  const std::string line(99, 'x');
  std::atomic<std::size_t> written{0};
  std::thread writer([&] {
    for (std::size_t i = 0; i < kLines; ++i) {
      pipe_.write(line + "\n");
      written.fetch_add(100);
    }
    pipe_.close_write();
  });
  test::ReaderRun run(*source());
  ASSERT_TRUE(run.waker.wait());
  // A pipe holds 64 KiB or, on machines with large pages, 1 MiB.
  constexpr std::size_t kHeldMax = BlockQueue::kBlocksMax * BlockQueue::kBlockBytes + (2 << 20);
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_LE(written.load(), kHeldMax);
  EXPECT_TRUE(run.run().ok());
  writer.join();
  ASSERT_EQ(run.lines.size(), kLines);
  for (const test::ReadLine& read : run.lines) ASSERT_EQ(read.text, line);
}

TEST_F(StandardInputSourceTest, ClosesWhileItsThreadWaitsForInput) {
  test::ReaderRun run(*source());
  EXPECT_EQ(run.poll()->state, SourceState::kWaiting);
  run.close();  // Hangs if the thread cannot be woken.
}

TEST_F(StandardInputSourceTest, ClosesWhileItsThreadWaitsForRoom) {
  ASSERT_EQ(::fcntl(pipe_.write_fd(), F_SETFL, O_NONBLOCK), 0);
  test::ReaderRun run(*source());
  const std::string line(4095, 'x');
  // Full pump, full pipe: when nothing more goes in for a while, or all that fits is in.
  for (int refused = 0; refused < 1000;) {
    const ssize_t written = ::write(pipe_.write_fd(), (line + "\n").data(), 4096);
    refused = written < 0 ? refused + 1 : 0;
    if (written < 0) std::this_thread::yield();
  }
  run.close();
}

TEST_F(StandardInputSourceTest, ReadsANonBlockingDescriptor) {
  ASSERT_EQ(::fcntl(pipe_.read_fd(), F_SETFL, O_NONBLOCK), 0);
  test::ReaderRun run(*source());
  pipe_.write("one\n");
  pipe_.close_write();
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("one"));
}

TEST_F(StandardInputSourceTest, ReadsARedirectedFile) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "input", "one\ntwo\n");
  const int fd = ::open((folder / "input").c_str(), O_RDONLY);
  test::ReaderRun run(*standard_input_source({.fd = fd}));
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("one", "two"));
  ::close(fd);
}

TEST_F(StandardInputSourceTest, StampsArrivalWhenTheBlockWasRead) {
  test::ReaderRun run(*source());
  run.clock.advance(std::chrono::seconds(5));
  pipe_.write("one\n");
  ASSERT_TRUE(run.waker.wait());
  run.clock.advance(std::chrono::seconds(5));
  ASSERT_TRUE(run.poll().ok());
  EXPECT_EQ(run.lines.at(0).arrival, Instant{5'000'000'000});
}

TEST_F(StandardInputSourceTest, MarksALineThatIsTooLongAndReadsOnBehindIt) {
  pipe_.write("one\n" + std::string(1000, 'x') + "\nthree\n");
  pipe_.close_write();
  test::ReaderRun run(*source(999));
  EXPECT_TRUE(run.run().ok());
  EXPECT_THAT(run.texts(), ElementsAre("one", std::string(999, 'x'), "three"));
  EXPECT_EQ(run.lines[1].cut_from_bytes, 1000u);
  EXPECT_THAT(run.lines[1].why_cut, HasSubstr("line of 1000 bytes is longer than 999 bytes"));
}

TEST_F(StandardInputSourceTest, NamesADescriptorThatCannotBeRead) {
  const int fd = ::open("/", O_RDONLY | O_DIRECTORY);
  test::ReaderRun run(*standard_input_source({.fd = fd}));
  EXPECT_THAT(run.run().to_string(),
              HasSubstr("cannot read descriptor " + std::to_string(fd) + ": Is a directory"));
  ::close(fd);
  EXPECT_THAT(test::ReaderRun(*standard_input_source({.fd = -1})).open_status().to_string(),
              HasSubstr("-1 is not an open file descriptor"));
  test::ReaderRun closed(*standard_input_source({.fd = 1'000'000}));
  EXPECT_THAT(closed.run().to_string(), HasSubstr("Bad file descriptor"));
}

TEST_F(StandardInputSourceTest, LeavesTheSignalMaskOfItsCallerAlone) {
  sigset_t before;
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const test::ReaderRun run(*source());
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 32; ++signal) {
    EXPECT_EQ(::sigismember(&before, signal), ::sigismember(&after, signal));
  }
}

TEST_F(StandardInputSourceTest, IsNamedForMessages) {
  EXPECT_EQ(standard_input_source()->name(), "standard input");
  EXPECT_EQ(standard_input_source()->parallelism_max(), 1u);
}

}  // namespace
}  // namespace penstock
