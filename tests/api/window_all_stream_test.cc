#include "penstock/api/window_all_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

using Total = Sum<std::int64_t>;
using Result = WindowAllResult<std::int64_t>;

struct Window3 {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t value = 0;
  bool operator==(const Window3&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Window3& w) {
    return out << "[" << w.start << ", " << w.end << ") " << w.value;
  }
};
std::vector<Window3> windows(const Collected<Result>& rows) {
  std::vector<Window3> result;
  for (const Result& row : rows.values())
    result.push_back({row.start.micros, row.end.micros, row.value});
  return result;
}

std::vector<Sale> random_sales(std::uint32_t seed, std::int64_t disorder) {
  std::mt19937 random(seed);
  std::vector<Sale> sales;
  std::int64_t now = 1000;
  for (int i = 0; i < 800; ++i) {
    now += static_cast<std::int64_t>(random() % 5);
    const auto back =
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(disorder + 1));
    sales.push_back({static_cast<std::uint32_t>(random() % 7),
                     static_cast<std::int64_t>(random() % 100) + 1,
                     {now - back}});
  }
  return sales;
}

// The sums of windows of 30 us every 10 us; those that hold nothing are left out.
std::vector<Window3> sums_of(const std::vector<Sale>& sales) {
  std::map<std::int64_t, std::int64_t> sums;
  for (const Sale& sale : sales) {
    const std::int64_t first = sale.at.micros / 10 * 10 + 10;
    for (std::int64_t end = first; end < first + 30; end += 10) sums[end] += sale.amount;
  }
  std::vector<Window3> result;
  result.reserve(sums.size());
  for (const auto& [end, sum] : sums) result.push_back({end - 30, end, sum});
  return result;
}

TEST(WindowAll, MergesWhatAllTasksHaveSeen) {
  for (const std::uint32_t tasks : {1u, 3u}) {
    SCOPED_TRACE("tasks: " + std::to_string(tasks));
    Job job("all");
    auto [sales, input] = job.input<Sale>();
    Collected<Result> rows;
    collect_into(std::move(sales)
                     .event_time(&Sale::at, {.max_disorder = 40us})
                     .rebalance()
                     .parallelism(tasks)
                     .window_all(sliding(30us, 10us))
                     .aggregate<Total>(&Sale::amount),
                 rows);
    TestDriver driver(job);
    const std::vector<Sale> pushed = random_sales(tasks, 40);
    for (const Sale& sale : pushed) {
      ASSERT_TRUE(input.push(sale).ok());
      if (sale.amount % 3 != 0) continue;
      ASSERT_TRUE(driver.run_until_idle().ok());
    }
    ASSERT_TRUE(driver.finish().ok());
    EXPECT_EQ(windows(rows), sums_of(pushed));
  }
}

TEST(WindowAll, HavingDecidesWhichRowsComeOut) {
  Job job("having");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  collect_into(std::move(sales)
                   .event_time(&Sale::at)
                   .window_all(tumbling(10us))
                   .aggregate<Total>(&Sale::amount,
                                     [](const Result& row) noexcept { return row.value > 5; }),
               rows);
  TestDriver driver(job);
  for (const Sale& sale : {Sale{1, 5, {3}}, Sale{2, 4, {12}}, Sale{3, 3, {15}}})
    ASSERT_TRUE(input.push(sale).ok());
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_THAT(windows(rows), ElementsAre(Window3{10, 20, 7}));
}

TEST(WindowAll, CountsEachLateRecordThoughTheyComeInOnePart) {
  Job job("late");
  auto [sales, input] = job.input<Sale>();
  Collected<WindowAllResult<std::uint64_t>> rows;
  collect_into(std::move(sales).event_time(&Sale::at).window_all(tumbling(10us)).count(), rows);
  TestDriver driver(job);
  ASSERT_TRUE(input.push({1, 1, {5}}).ok());
  ASSERT_TRUE(input.push({1, 1, {50}}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(input.push({1, 1, {6}}).ok());
  ASSERT_TRUE(driver.run_until_idle().ok());
  ASSERT_TRUE(driver.finish().ok());
  ASSERT_EQ(rows.size(), 2u);
  std::uint64_t late = 0;
  for (const auto& task : driver.job().metrics().tasks) late += task.late;
  EXPECT_EQ(late, 3u);
}

TEST(WindowAll, SetsLateRecordsAsideAndChangesNoRow) {
  for (const std::uint32_t tasks : {1u, 3u}) {
    SCOPED_TRACE("tasks: " + std::to_string(tasks));
    Job job("aside");
    auto [sales, input] = job.input<Sale>();
    Collected<Result> rows;
    Collected<Sale> late;
    const SideOutput<Sale> too_late("late");
    auto [sums, aside] = std::move(sales)
                             .event_time(&Sale::at)
                             .rebalance()
                             .parallelism(tasks)
                             .window_all(sliding(30us, 10us))
                             .late_to(too_late)
                             .aggregate<Total>(&Sale::amount)
                             .side_output(too_late);
    collect_into(std::move(sums), rows);
    collect_into(std::move(aside), late);
    TestDriver driver(job);
    std::map<std::int64_t, std::int64_t> sums_by_end;
    std::vector<Sale> wanted;
    std::int64_t watermark = 0;
    for (const Sale& sale : random_sales(tasks, 60)) {
      ASSERT_TRUE(input.push(sale).ok());
      ASSERT_TRUE(driver.run_until_idle().ok());
      const std::int64_t first = sale.at.micros / 10 * 10 + 10;
      if (first + 20 <= watermark) wanted.push_back(sale);
      for (std::int64_t end = first; end < first + 30; end += 10) {
        if (end > watermark) sums_by_end[end] += sale.amount;
      }
      watermark = std::max(watermark, sale.at.micros);
    }
    ASSERT_TRUE(driver.finish().ok());
    ASSERT_FALSE(wanted.empty());
    EXPECT_EQ(late.values(), wanted);
    EXPECT_EQ(driver.job().metrics().late(), wanted.size());
    std::vector<Window3> wanted_rows;
    wanted_rows.reserve(sums_by_end.size());
    for (const auto& [end, sum] : sums_by_end) wanted_rows.push_back({end - 30, end, sum});
    EXPECT_EQ(windows(rows), wanted_rows);
  }
}

TEST(WindowAll, AllowedLatenessBringsWindowsOutAnew) {
  Job job("lateness");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  collect_into(std::move(sales)
                   .event_time(&Sale::at)
                   .window_all(tumbling(10us))
                   .allowed_lateness(100us)
                   .aggregate<Total>(&Sale::amount),
               rows);
  TestDriver driver(job);
  for (const Sale& sale : {Sale{1, 1, {5}}, Sale{1, 2, {50}}, Sale{1, 4, {6}}}) {
    ASSERT_TRUE(input.push(sale).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_THAT(windows(rows), ElementsAre(Window3{0, 10, 1}, Window3{0, 10, 5}, Window3{50, 60, 2}));
  EXPECT_TRUE(rows.values()[1].updated);
}

TEST(WindowAll, WindowsThatAreNoneAreRefusedWithItsName) {
  Job job("none");
  auto [sales, input] = job.input<Sale>();
  std::move(sales).window_all(tumbling(0us)).count().for_each([](const auto&) {});
  TestDriver driver(job);
  EXPECT_THAT(std::string(driver.status().message()), HasSubstr("window_all"));
}

}  // namespace
}  // namespace penstock
