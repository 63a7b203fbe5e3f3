#include "penstock/tests/harness/call_count.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace penstock {
namespace {

// What a thread of its own, whose system calls are counted, does in `work`.
CallCounts counts_of(const std::function<void()>& work) {
  CallCounts seen;
  std::thread([&] {
    const Status counted = count_system_calls_of_this_thread();
    EXPECT_TRUE(counted.ok()) << counted.to_string();
    const CallCounts before = thread_calls_so_far();
    work();
    seen = thread_calls_so_far() - before;
  }).join();
  return seen;
}

class CallCount : public testing::Test {
 protected:
  void SetUp() override {
    if (!kCallsAreCounted) GTEST_SKIP() << "a sanitizer stands where the counters would";
  }
};

TEST_F(CallCount, IsZeroForWorkWithoutCalls) {
  volatile int sum = 0;
  const CallCounts seen = counts_of([&] {
    for (int i = 0; i < 1000; ++i) sum = sum + i;
  });
  EXPECT_EQ(seen.locks, 0u);
  EXPECT_EQ(seen.clock_reads, 0u);
  EXPECT_EQ(seen.system_calls, 0u);
}

TEST_F(CallCount, SeesLocksThatAreFree) {
  std::mutex mutex;
  std::shared_mutex shared;
  const CallCounts seen = counts_of([&] {
    for (int i = 0; i < 10; ++i) {
      const std::lock_guard lock(mutex);
      const std::shared_lock reading(shared);
    }
    if (mutex.try_lock()) mutex.unlock();
  });
  EXPECT_EQ(seen.locks, 21u);
  EXPECT_EQ(seen.system_calls, 0u);
}

TEST_F(CallCount, SeesReadingsOfTheClock) {
  const CallCounts seen = counts_of([] {
    for (int i = 0; i < 10; ++i) {
      (void)std::chrono::steady_clock::now();
      (void)std::chrono::system_clock::now();
    }
  });
  EXPECT_EQ(seen.clock_reads, 20u);
  EXPECT_EQ(seen.system_calls, 0u);
}

TEST_F(CallCount, SeesSystemCallsWhichWorkAsBefore) {
  pid_t parent = 0;
  int fds[2] = {-1, -1};
  char got[4] = "";
  const CallCounts seen = counts_of([&] {
    parent = ::getppid();
    EXPECT_EQ(::pipe(fds), 0);
    EXPECT_EQ(::write(fds[1], "abc", 3), 3);
    EXPECT_EQ(::read(fds[0], got, 3), 3);
    EXPECT_EQ(::close(fds[0]), 0);
    EXPECT_EQ(::close(fds[1]), 0);
    EXPECT_EQ(::close(-1), -1);
    std::this_thread::sleep_for(std::chrono::nanoseconds(1));
  });
  EXPECT_EQ(parent, ::getppid());
  EXPECT_STREQ(got, "abc");
  EXPECT_EQ(seen.system_calls, 8u);
}

TEST_F(CallCount, IsOfOneThread) {
  std::mutex mutex;
  const CallCounts seen =
      counts_of([&] { std::thread([&] { const std::lock_guard lock(mutex); }).join(); });
  EXPECT_EQ(seen.locks, 0u);
}

}  // namespace
}  // namespace penstock
