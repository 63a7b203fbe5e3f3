#include "penstock/core/base/scheduler.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/cpu.h"

namespace penstock {
namespace {

TEST(ThreadScheduler, RunsTheBodyOnceOnAThreadOfThatName) {
  std::string name(16, '\0');
  int runs = 0;
  auto handle = make_thread_scheduler()->spawn({.name = "penstock-worker-0", .cpu = {}}, [&] {
    ++runs;
    pthread_getname_np(pthread_self(), name.data(), name.size());
  });
  ASSERT_TRUE(handle.ok());
  handle.value()->join();
  handle.value()->join();
  EXPECT_EQ(runs, 1);
  EXPECT_STREQ(name.c_str(), "penstock-worker");
}

TEST(ThreadScheduler, PinsBeforeTheFirstStepOfTheBody) {
  const int cpu = current_thread_cpus().back();
  std::vector<int> seen;
  auto handle = make_thread_scheduler()->spawn({.name = "pinned", .cpu = cpu},
                                               [&] { seen = current_thread_cpus(); });
  ASSERT_TRUE(handle.ok());
  EXPECT_TRUE(handle.value()->pin_status().ok());
  handle.value()->join();
  EXPECT_EQ(seen, std::vector<int>{cpu});
}

TEST(ThreadScheduler, RunsTheBodyUnpinnedWhereThereIsNoSuchCpuAndSaysSo) {
  for (const int cpu : {60'000, 1'000'000, -1}) {
    std::vector<int> seen;
    auto handle = make_thread_scheduler()->spawn({.name = "lost", .cpu = cpu},
                                                 [&] { seen = current_thread_cpus(); });
    ASSERT_TRUE(handle.ok());
    const Status& pin = handle.value()->pin_status();
    EXPECT_FALSE(pin.ok());
    EXPECT_NE(pin.message().find("thread 'lost'"), std::string_view::npos) << pin.to_string();
    EXPECT_NE(pin.message().find(std::to_string(cpu)), std::string_view::npos) << pin.to_string();
    handle.value()->join();
    EXPECT_EQ(seen, current_thread_cpus());
  }
}

TEST(ThreadScheduler, JoinsWhenTheHandleGoes) {
  std::atomic<bool> release{false};
  bool done = false;
  {
    auto handle = make_thread_scheduler()->spawn({.name = "body", .cpu = {}}, [&] {
      release.wait(false);
      done = true;
    });
    ASSERT_TRUE(handle.ok());
    release = true;
    release.notify_all();
  }
  EXPECT_TRUE(done);
}

// A body that gives up its own handle, which nobody else could then join.
TEST(ThreadScheduler, ABodyMayDetachItsThreadAndDestroyItsHandle) {
  std::unique_ptr<ThreadHandle> own;
  std::atomic<int> at{0};
  auto handle = make_thread_scheduler()->spawn({.name = "own", .cpu = {}}, [&] {
    at.wait(0);
    own->detach();
    own->join();
    own.reset();
    at = 2;
    at.notify_all();
  });
  ASSERT_TRUE(handle.ok());
  own = *std::move(handle);
  at = 1;
  at.notify_all();
  at.wait(1);
  EXPECT_EQ(own, nullptr);
}

}  // namespace
}  // namespace penstock
