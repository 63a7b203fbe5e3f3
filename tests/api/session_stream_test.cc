#include "penstock/api/session_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

using Total = Sum<std::int64_t>;
using Result = WindowResult<std::uint32_t, std::int64_t>;

TEST(SessionStream, AggregatesEachSessionOfAKeyAndSetsLateRecordsAside) {
  Job job("sessions");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  Collected<Sale> late;
  const SideOutput<Sale> too_late("late");
  auto [sums, aside] =
      std::move(sales)
          .event_time(&Sale::at)
          .key_by(&Sale::shop)
          .window(session(10us))
          .late_to(too_late)
          .aggregate<Total>(&Sale::amount, [](const Result& row) noexcept { return row.value > 1; })
          .side_output(too_late);
  collect_into(std::move(sums), rows);
  collect_into(std::move(aside), late);
  TestDriver driver(job);
  for (const Sale& sale : {Sale{1, 2, {100}}, Sale{2, 1, {101}}, Sale{1, 3, {108}},
                           Sale{1, 7, {130}}, Sale{2, 9, {103}}}) {
    ASSERT_TRUE(input.push(sale).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  ASSERT_TRUE(driver.finish().ok());
  std::vector<std::int64_t> seen;
  for (const Result& row : rows.values()) {
    EXPECT_EQ(row.key, 1u);
    seen.insert(seen.end(), {row.start.micros, row.end.micros, row.value});
  }
  EXPECT_THAT(seen, ElementsAre(100, 118, 5, 130, 140, 7));
  EXPECT_THAT(late.values(), ElementsAre(Sale{2, 9, {103}}));
}

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
