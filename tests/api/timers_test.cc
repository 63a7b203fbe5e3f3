#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/api/keyed_stream.h"
#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

// Reminds of a shop that has sold nothing for a while.
struct Reminder {
  using Output = ShopCount;
  Timers<std::uint32_t> reminders;
  ValueState<EventTime> set_for;

  auto& timers() noexcept { return reminders; }
  void open(OperatorContext& context) { set_for = context.value_state<EventTime>("set_for"); }
  void on_record(const Record<Sale>&, auto&&) noexcept {
    EventTime& time = set_for.get_or_create();
    reminders.erase_processing_time(time);
    time = reminders.processing_now() + 5s;
    reminders.set_processing_time(time);
  }
  void on_timer(const Timer&, const KeyContext<std::uint32_t>& context, auto&& out) noexcept {
    set_for.clear();
    out.collect(Record<ShopCount>{{context.key(), 0}, {}});
  }
};

TEST(TimersOfAJob, WakeItWhenTheClockHasPassedThem) {
  Job job("reminders");
  auto [sales, input] = job.input<Sale>();
  Collected<ShopCount> reminders;
  collect_into(std::move(sales).key_by(&Sale::shop).process(Reminder{}), reminders);
  TestDriver driver(job);
  ASSERT_TRUE(input.push({.shop = 7}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(driver.advance(3s).ok());
  ASSERT_TRUE(input.push({.shop = 7}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(driver.advance(4s).ok());
  EXPECT_EQ(reminders.size(), 0u);
  ASSERT_TRUE(driver.advance(1s).ok());
  EXPECT_THAT(reminders.values(), ElementsAre(ShopCount{7, 0}));
}

struct Soon : Reminder {
  void on_record(const Record<Sale>&, auto&&) noexcept {
    reminders.set_processing_time(reminders.processing_now() + 20ms);
  }
};

TEST(TimersOfAJob, WakeAWorkerThatSleeps) {
  Job job("reminders");
  auto [sales, input] = job.input<Sale>();
  Collected<ShopCount> fired;
  collect_into(std::move(sales).key_by(&Sale::shop).process(Soon{}), fired);
  auto running = job.start();
  ASSERT_TRUE(running.ok());
  ASSERT_TRUE(input.push({.shop = 7}).ok());
  EXPECT_TRUE(eventually([&] { return fired.size() == 1; }));
  running->drain();
  EXPECT_TRUE(running->wait().ok());
}

}  // namespace
}  // namespace penstock
