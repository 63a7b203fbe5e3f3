#include "penstock/api/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct Numbered {
  std::uint32_t thread = 0;
  std::uint64_t number = 0;
};

TEST(Input, KeepsWhatIsPushedBeforeTheStart) {
  Job job("early");
  auto [numbers, input] = job.input<int>();
  Collected<int> all;
  collect_into(std::move(numbers), all);
  ASSERT_TRUE(input.push(1).ok());
  ASSERT_TRUE(input.push(2).ok());
  TestDriver driver(job);
  (void)driver.run_until_idle();
  EXPECT_THAT(all.values(), ElementsAre(1, 2));
}

TEST(Input, RefusesWhenItIsFullAndTakesAgainWhenThereIsRoom) {
  Job job("full");
  auto [numbers, input] = job.input<int>({.capacity = 4});
  Collected<int> all;
  collect_into(std::move(numbers), all);
  for (int n = 0; n < 4; ++n) ASSERT_TRUE(input.push(n).ok());
  const Status refused = input.push(4);
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("4 records wait"), HasSubstr("capacity")));
  TestDriver driver(job);
  (void)driver.run_until_idle();
  EXPECT_TRUE(input.push(5).ok());
  (void)driver.run_until_idle();
  EXPECT_THAT(all.values(), ElementsAre(0, 1, 2, 3, 5));
}

TEST(Input, ClosingItEndsTheJobBehindWhatWasPushed) {
  Job job("close");
  auto [numbers, input] = job.input<int>();
  Collected<int> all;
  collect_into(std::move(numbers), all);
  TestDriver driver(job, {.ring_slots = 2, .batch_max = 2});
  for (int n = 0; n < 500; ++n) ASSERT_TRUE(input.push(n).ok());
  input.close();
  EXPECT_EQ(input.push(500).code(), StatusCode::kFailedPrecondition);
  (void)driver.run_until_idle();
  EXPECT_TRUE(driver.finished());
  EXPECT_EQ(all.size(), 500u);
}

TEST(Input, TheHandleOutlivesTheJobAndSaysSo) {
  std::optional<InputHandle<int>> kept;
  {
    Job job("gone");
    auto [numbers, input] = job.input<int>();
    std::move(numbers).for_each([](const int&) {});
    kept = input;
    auto running = job.start();
    ASSERT_TRUE(running.ok());
    ASSERT_TRUE(kept->push(1).ok());
    running->stop();
    EXPECT_EQ(kept->push(2).code(), StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(kept->push(3).code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(kept->push(3).message()), HasSubstr("job has ended"));
  kept->close();
}

struct FailsToOpen {
  using Output = int;
  Status open(const TaskContext&) { return Status(StatusCode::kNotFound, "no such thing"); }
  void on_record(const Record<int>&, auto&&) noexcept {}
};

TEST(Input, AJobThatCouldNotOpenRefusesPushes) {
  Job job("broken");
  auto [numbers, input] = job.input<int>();
  std::move(numbers).apply(FailsToOpen{}).for_each([](const int&) {});
  auto running = job.start();
  ASSERT_TRUE(running.ok());
  EXPECT_EQ(running->wait().code(), StatusCode::kNotFound);
  EXPECT_EQ(input.push(1).code(), StatusCode::kFailedPrecondition);
}

// How each of several threads fared that push until they are refused for good.
struct Pushers {
  Pushers(const InputHandle<Numbered>& input, std::uint32_t threads, std::uint64_t count)
      : accepted(threads) {
    for (std::uint32_t thread = 0; thread < threads; ++thread) {
      pushing.emplace_back([this, input, thread, count] {
        while (accepted[thread] < count) {
          const Status status = input.push({thread, accepted[thread]});
          if (status.ok()) ++accepted[thread];
          if (status.code() == StatusCode::kFailedPrecondition) return;
          if (!status.ok()) std::this_thread::yield();
        }
      });
    }
  }
  void join() {
    for (std::thread& thread : pushing) thread.join();
    pushing.clear();
  }

  std::vector<std::uint64_t> accepted;  // Read after join().
  std::vector<std::thread> pushing;
};

// Every accepted record of every thread came once and in order.
void expect_all_arrived(const std::vector<Numbered>& seen,
                        const std::vector<std::uint64_t>& accepted) {
  std::vector<std::uint64_t> next(accepted.size());
  for (const Numbered& record : seen) {
    ASSERT_EQ(record.number, next[record.thread]) << "of thread " << record.thread;
    ++next[record.thread];
  }
  EXPECT_EQ(next, accepted);
}

TEST(Input, TakesRecordsFromFourThreadsAndKeepsTheOrderOfEach) {
  Job job("four");
  auto [numbers, input] = job.input<Numbered>({.capacity = 1024});
  Collected<Numbered> all;
  collect_into(std::move(numbers), all);
  auto running = job.start({{.ring_slots = 16}});
  ASSERT_TRUE(running.ok());
  Pushers pushers(input, 4, 20'000);
  pushers.join();
  input.close();
  ASSERT_TRUE(running->wait_for(kHangsAfter));
  EXPECT_EQ(pushers.accepted, std::vector<std::uint64_t>(4, 20'000));
  expect_all_arrived(all.values(), pushers.accepted);
}

// What was accepted is not lost, however the end races with the pushes.
TEST(Input, ADrainOrCloseLosesNothingThatWasAccepted) {
  for (int round = 0; round < 60; ++round) {
    Job job("race");
    auto [numbers, input] = job.input<Numbered>({.capacity = 256});
    Collected<Numbered> all;
    collect_into(std::move(numbers).rebalance(), all);
    auto running = job.start({{.batch_max = 8, .ring_slots = 4}});
    ASSERT_TRUE(running.ok());
    Pushers pushers(input, 3, ~0ULL);
    ASSERT_TRUE(eventually([&] { return running->metrics().records_read() > 50; }));
    if (round % 3 == 0) running->drain();
    if (round % 3 == 1) running->finish();
    if (round % 3 == 2) input.close();
    ASSERT_TRUE(running->wait_for(kHangsAfter));
    pushers.join();
    expect_all_arrived(all.values(), pushers.accepted);
  }
}

TEST(Input, APushWakesAWorkerThatSleeps) {
  Job job("sleep");
  auto [numbers, input] = job.input<int>();
  auto seen = std::make_shared<std::atomic<int>>(0);
  std::move(numbers).for_each([seen](const int& n) { seen->store(n); });
  auto running = job.start();
  ASSERT_TRUE(running.ok());
  std::uint64_t slept = 0;
  for (int n = 1; n <= 20; ++n) {
    const auto sleeps = [&] { return running->metrics().workers[0].sleeps; };
    ASSERT_TRUE(eventually([&] { return sleeps() > slept; }));
    slept = sleeps();
    ASSERT_TRUE(input.push(n).ok());
    ASSERT_TRUE(eventually([&] { return seen->load() == n; })) << "nobody woke the worker";
  }
}

}  // namespace
}  // namespace penstock
