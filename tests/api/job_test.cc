#include "penstock/api/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "penstock/io/json/json.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Numbered {
  int n = 0;
};

constexpr auto penstock_json_fields(Tag<Numbered>) {
  return json::fields(json::field("n", &Numbered::n));
}

std::string message_of(const Status& status) { return std::string(status.message()); }

TEST(Job, WithoutAStreamIsRefusedWithAHint) {
  EXPECT_THAT(message_of(Job("empty").run()),
              AllOf(HasSubstr("job \"empty\""), HasSubstr("no source")));
}

TEST(Job, WithAStreamThatLeadsNowhereIsRefusedAndNamesIt) {
  Job job("half");
  auto [numbers, input] = job.input<int>();
  auto named = std::move(numbers).named("payments");
  EXPECT_THAT(message_of(job.run()),
              AllOf(HasSubstr("half"), HasSubstr("payments"), HasSubstr("leads nowhere")));
}

TEST(Job, ASplitWhoseOtherHalfIsForgottenIsRefused) {
  Job job("split");
  auto [numbers, input] = job.input<int>();
  auto [even, odd] = std::move(numbers).split([](const int& n) { return n % 2 == 0; });
  std::move(even).for_each([](const int&) {});
  EXPECT_THAT(message_of(job.run()), HasSubstr("leads nowhere"));
}

TEST(Job, OptionsOutOfBoundsAreRefused) {
  Job job("options");
  auto [numbers, input] = job.input<int>();
  std::move(numbers).for_each([](const int&) {});
  EXPECT_THAT(message_of(job.start({{.workers = 0}}).status()),
              AllOf(HasSubstr("job \"options\""), HasSubstr("workers")));
  EXPECT_THAT(message_of(job.open({{.workers = 2}}).status()),
              AllOf(HasSubstr("one thread"), HasSubstr("start()")));
}

class JobThrows : public testing::TestWithParam<bool> {};

TEST_P(JobThrows, EndsWithTheOperatorTheStageAndWhatWasThrown) {
  const bool on_threads = GetParam();
  const auto outcome = [on_threads](auto end) {
    Job job("throws");
    auto [numbers, input] = job.input<int>();
    end(std::move(numbers).named("numbers"));
    for (int n = 0; n < 20; ++n) EXPECT_TRUE(input.push(n).ok());
    input.close();
    if (on_threads) return job.run();
    TestDriver driver(job);
    return driver.run_until_idle();
  };
  const auto boom = [](const int& n) -> bool {
    return n == 13 ? throw std::runtime_error("unlucky 13") : n > 0;
  };
  const auto says = [](const char* operator_name) {
    return AllOf(HasSubstr("stage \"numbers\""), HasSubstr(std::string(operator_name) + ":"),
                 HasSubstr("unlucky 13"));
  };
  const auto nothing = [](const auto&) {};
  EXPECT_THAT(message_of(outcome([&](auto s) { std::move(s).map(boom).for_each(nothing); })),
              says("map"));
  EXPECT_THAT(message_of(outcome([&](auto s) { std::move(s).filter(boom).for_each(nothing); })),
              says("filter"));
  EXPECT_THAT(message_of(outcome([&](auto s) { std::move(s).for_each(boom); })), says("for_each"));
  EXPECT_THAT(message_of(outcome([&](auto s) {
                std::move(s)
                    .template flat_map<int>([=](const int& n, auto emit) { emit(boom(n)); })
                    .for_each(nothing);
              })),
              says("flat_map"));
  EXPECT_THAT(message_of(outcome([&](auto s) {
                auto [yes, no] = std::move(s).split(boom);
                std::move(yes).for_each(nothing);
                std::move(no).for_each(nothing);
              })),
              says("split"));
  EXPECT_EQ(outcome([&](auto s) { std::move(s).map(boom).for_each(nothing); }).code(),
            StatusCode::kUserError);
}

INSTANTIATE_TEST_SUITE_P(ByHandAndOnThreads, JobThrows, testing::Bool());

TEST(Job, AKeySelectorThatThrowsEndsTheJobNotTheProcess) {
  Job job("selector");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .key_by([](const Sale& sale) -> std::uint32_t {
        return sale.amount < 0 ? throw std::out_of_range("no shop") : sale.shop;
      })
      .process(CountPerShop{})
      .for_each([](const ShopCount&) {});
  ASSERT_TRUE(input.push({.amount = -1}).ok());
  TestDriver driver(job);
  EXPECT_THAT(message_of(driver.run_until_idle()),
              AllOf(HasSubstr("key_by"), HasSubstr("no shop")));
}

TEST(Job, TooManyKeysEndTheJobWithAStatus) {
  Job job("keys");
  auto [sales, input] = job.input<Sale>();
  std::move(sales).key_by(&Sale::shop).process(CountPerShop{}).for_each([](const ShopCount&) {});
  for (std::uint32_t n = 0; n < 100; ++n) ASSERT_TRUE(input.push({.shop = n}).ok());
  Options options;
  options.state_keys_max = 10;
  auto handle = job.open(options);
  ASSERT_TRUE(handle.ok());
  for (int i = 0; i < 100; ++i) handle->poll();
  EXPECT_EQ(handle->status().code(), StatusCode::kResourceExhausted)
      << handle->status().to_string();
}

TEST(Job, NoCallbackRunsAfterStop) {
  for (int round = 0; round < 20; ++round) {
    Job job("stop");
    auto [numbers, input] = job.input<int>();
    auto calls = std::make_shared<std::atomic<std::uint64_t>>(0);
    auto stopped = std::make_shared<std::atomic<bool>>(false);
    auto late = std::make_shared<std::atomic<bool>>(false);
    std::move(numbers).rebalance().for_each([=](const int&) {
      calls->fetch_add(1);
      if (stopped->load()) late->store(true);
    });
    auto running = job.start({{.workers = 2, .ring_slots = 8}});
    ASSERT_TRUE(running.ok());
    std::thread pusher([input = input] {
      while (input.push(1).code() != StatusCode::kFailedPrecondition) {
      }
    });
    ASSERT_TRUE(eventually([&] { return calls->load() > 100; }));
    running->stop();
    stopped->store(true);
    pusher.join();
    EXPECT_FALSE(late->load());
    EXPECT_TRUE(running->wait().ok()) << "to be stopped is not a failure";
  }
}

TEST(Job, DroppingTheHandleStopsTheJob) {
  Job job("drop");
  auto [numbers, input] = job.input<int>();
  auto stopped = std::make_shared<std::atomic<bool>>(false);
  auto late = std::make_shared<std::atomic<bool>>(false);
  std::move(numbers).for_each([=](const int&) { late->store(late->load() || stopped->load()); });
  {
    auto running = job.start();
    ASSERT_TRUE(running.ok());
    for (int n = 0; n < 1000; ++n) (void)input.push(n);
  }
  stopped->store(true);
  EXPECT_EQ(input.push(1).code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(late->load());
}

// A job whose function gets its own job's handle with each record.
struct Reentrant {
  std::shared_ptr<std::optional<JobHandle>> handle = std::make_shared<std::optional<JobHandle>>();
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
  std::optional<InputHandle<int>> input;

  // The function holds the handle, and the handle the function.
  ~Reentrant() { handle->reset(); }

  // `at_ten` is called for the tenth record. Starts on `workers` threads, or by hand when there are none.
  template <class Function>
  void start(std::uint32_t workers, Function at_ten) {
    Job job("reentrant");
    auto [numbers, pushed] = job.input<int>();
    input = pushed;
    std::move(numbers).rebalance().for_each([handle = handle, calls = calls, at_ten](const int& n) {
      calls->fetch_add(1);
      if (n == 10) at_ten(*handle);
    });
    Result<JobHandle> started =
        workers == 0 ? job.open({{.ring_slots = 8}}) : job.start({{.workers = workers}});
    ASSERT_TRUE(started.ok());
    handle->emplace(std::move(*started));
    for (int n = 0; n <= 10; ++n) ASSERT_TRUE(input->push(n).ok());
    for (int n = 11; n < 100; ++n) (void)input->push(n);  // The tenth may have ended the job.
  }
  bool ends(std::uint32_t workers) {
    if (workers > 0) return (*handle)->wait_for(kHangsAfter);
    for (int i = 0; i < 1000; ++i) {
      if ((*handle)->poll() == StepOutcome::kFinished) return true;
    }
    return false;
  }
};

// By hand (0), or on that many workers.
class JobCallback : public testing::TestWithParam<std::uint32_t> {};

TEST_P(JobCallback, MayStopItsJobWithoutWaitingForItself) {
  Reentrant job;
  job.start(GetParam(), [](std::optional<JobHandle>& handle) { handle->stop(); });
  ASSERT_TRUE(job.ends(GetParam()));
  EXPECT_TRUE((*job.handle)->status().ok()) << (*job.handle)->status().to_string();
  EXPECT_EQ(job.input->push(1).code(), StatusCode::kFailedPrecondition);
  (*job.handle)->stop();
  const int calls = *job.calls;
  if (GetParam() == 0) {
    EXPECT_EQ((*job.handle)->poll(), StepOutcome::kFinished);
  }
  EXPECT_EQ(*job.calls, calls);
}

TEST_P(JobCallback, MayDrainItsJobWhichThenLosesNothing) {
  Reentrant job;
  job.start(GetParam(), [](std::optional<JobHandle>& handle) {
    handle->drain();
    handle->drain();
  });
  ASSERT_TRUE(job.ends(GetParam()));
  EXPECT_GE(*job.calls, 11);
  EXPECT_TRUE((*job.handle)->status().ok()) << (*job.handle)->status().to_string();
}

TEST_P(JobCallback, IsToldThatItCannotWaitForItsOwnJob) {
  Reentrant job;
  auto told = std::make_shared<Status>();
  auto ended = std::make_shared<bool>(true);
  auto step = std::make_shared<StepOutcome>(StepOutcome::kWorked);
  job.start(GetParam(), [=, by_hand = GetParam() == 0](std::optional<JobHandle>& handle) {
    *told = handle->wait();
    *ended = handle->wait_for(std::chrono::hours(1));
    if (by_hand) *step = handle->poll();
    handle->drain();
  });
  ASSERT_TRUE(job.ends(GetParam()));
  EXPECT_EQ(told->code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(message_of(*told), AllOf(HasSubstr("callback"), HasSubstr("stop()")));
  EXPECT_FALSE(*ended);
  if (GetParam() == 0) {
    EXPECT_EQ(*step, StepOutcome::kIdle);
  }
}

TEST_P(JobCallback, MayDropTheHandleOfItsJobWhichThenEndsAndIsDestroyed) {
  Reentrant job;
  auto destroyed = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<void> held(nullptr, [destroyed](void*) { destroyed->store(true); });
  job.start(GetParam(), [held](std::optional<JobHandle>& handle) { handle.reset(); });
  held.reset();
  if (GetParam() == 0) {
    for (int i = 0; i < 1000 && job.handle->has_value(); ++i) (void)(*job.handle)->poll();
  }
  ASSERT_TRUE(eventually([&] { return destroyed->load(); }));
  EXPECT_FALSE(job.handle->has_value());
  EXPECT_EQ(job.input->push(1).code(), StatusCode::kFailedPrecondition);
}

INSTANTIATE_TEST_SUITE_P(ByHandAndOnThreads, JobCallback, testing::Values(0u, 1u, 2u));

TEST(Job, WithInputsIsStartedOnce) {
  Job job("once");
  auto [numbers, input] = job.input<int>();
  Collected<int> all;
  collect_into(std::move(numbers), all);
  EXPECT_FALSE(job.start({{.workers = 0}}).ok()) << "this was no start";
  auto running = job.start();
  ASSERT_TRUE(running.ok());
  const Job copy = job;
  for (const Status& again : {job.start().status(), job.open().status(), copy.run()}) {
    EXPECT_EQ(again.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(message_of(again), AllOf(HasSubstr("job \"once\""), HasSubstr("started before"),
                                         HasSubstr("new Job")));
  }
  ASSERT_TRUE(input.push(1).ok()) << "the first run goes on";
  input.close();
  EXPECT_TRUE(running->wait().ok());
  EXPECT_EQ(all.size(), 1u);
}

TEST(Job, WithoutInputsRunsAsOftenAsItIsStarted) {
  Job job("again");
  Collected<Numbered> all;
  collect_into(job.source(memory_source({"{\"n\":1}", "{\"n\":2}"}), json::decoder<Numbered>()),
               all);
  EXPECT_TRUE(job.run().ok());
  EXPECT_TRUE(job.run().ok());
  EXPECT_EQ(all.size(), 4u);
}

TEST(Job, TwoJobsInOneProcessDoNotKnowOfEachOther) {
  Collected<int> lists[2];
  Job first("first");
  Job second("second");
  auto [first_numbers, first_input] = first.input<int>();
  auto [second_numbers, second_input] = second.input<int>();
  collect_into(std::move(first_numbers), lists[0]);
  collect_into(std::move(second_numbers).map([](const int& n) -> int {
    return n == 50 ? throw std::runtime_error("mine") : n;
  }),
               lists[1]);
  auto first_running = first.start();
  auto second_running = second.start();
  for (int n = 0; n < 1000; ++n) {
    ASSERT_TRUE(first_input.push(n).ok());
    (void)second_input.push(n);
  }
  first_input.close();
  EXPECT_TRUE(first_running->wait().ok());
  EXPECT_EQ(second_running->wait().code(), StatusCode::kUserError);
  EXPECT_EQ(lists[0].size(), 1000u);
}

TEST(Job, ADrainLetsOutWhatAByteSourceHasReadAndBackPressureHoldsUp) {
  std::vector<std::string> lines;
  lines.reserve(100);
  for (int n = 0; n < 100; ++n) lines.push_back("{\"n\":" + std::to_string(n) + "}");
  Job job("drain");
  Collected<Numbered> all;
  collect_into(job.source(memory_source(std::move(lines)), json::decoder<Numbered>()).rebalance(),
               all);
  TestDriver driver(job, {.ring_slots = 2, .batch_max = 256});
  (void)driver.job().poll();
  ASSERT_LT(driver.job().metrics().records_read(), 100u) << "nothing was held up";
  ASSERT_TRUE(driver.drain().ok());
  EXPECT_TRUE(driver.finished());
  EXPECT_EQ(all.size(), 100u);
}

TEST(Job, MetricsNameStagesAndCount) {
  Job job("metrics");
  auto [sales, input] = job.input<Sale>();
  std::move(sales)
      .event_time(&Sale::at)
      .named("sales")
      .key_by(&Sale::shop)
      .named("count")
      .process(CountPerShop{})
      .for_each([](const ShopCount&) {});
  for (std::uint32_t n = 0; n < 10; ++n) ASSERT_TRUE(input.push({.shop = n % 3, .at = {n}}).ok());
  TestDriver driver(job);
  (void)driver.run_until_idle();
  const JobMetrics metrics = driver.job().metrics();
  ASSERT_EQ(metrics.tasks.size(), 2u);
  EXPECT_EQ(metrics.tasks[0].stage, "sales");
  EXPECT_EQ(metrics.tasks[1].stage, "count");
  EXPECT_EQ(metrics.tasks[1].records_in, 10u);
  EXPECT_EQ(metrics.tasks[1].watermark, EventTime{9});
  EXPECT_EQ(metrics.tasks[1].watermark_held_by_channel, 0);
  EXPECT_EQ(metrics.records_read(), 10u);
  EXPECT_EQ(metrics.state_keys(), 3u);
  EXPECT_GT(metrics.state_bytes(), 0u);
}

}  // namespace
}  // namespace penstock
