#include "penstock/api/windowed_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

using Total = Sum<std::int64_t>;
using Result = WindowResult<std::uint32_t, std::int64_t>;

TEST(WindowedStream, AggregatesEachSessionOfAKeyAndSetsLateRecordsAside) {
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

using Windows = std::vector<std::array<std::int64_t, 4>>;  // key, end, value, updated

Windows rows_of(const Collected<Result>& rows) {
  Windows result;
  for (const Result& row : rows.values())
    result.push_back({row.key, row.end.micros, row.value, row.updated});
  return result;
}

TEST(WindowedStream, AggregatesEachWindowOfAKeyAndSetsLateRecordsAside) {
  Job job("windows");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  Collected<Sale> late;
  const SideOutput<Sale> too_late("late");
  auto [sums, aside] =
      std::move(sales)
          .event_time(&Sale::at)
          .key_by(&Sale::shop)
          .window(sliding(20us, 10us))
          .late_to(too_late)
          .aggregate<Total>(&Sale::amount, [](const Result& row) noexcept { return row.value > 1; })
          .side_output(too_late);
  collect_into(std::move(sums), rows);
  collect_into(std::move(aside), late);
  TestDriver driver(job);
  for (const Sale& sale :
       {Sale{1, 2, {5}}, Sale{2, 1, {6}}, Sale{1, 3, {15}}, Sale{1, 4, {35}}, Sale{1, 9, {9}}}) {
    ASSERT_TRUE(input.push(sale).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_EQ(rows_of(rows),
            (Windows{{1, 10, 2, 0}, {1, 20, 5, 0}, {1, 30, 3, 0}, {1, 40, 4, 0}, {1, 50, 4, 0}}));
  EXPECT_THAT(late.values(), ElementsAre(Sale{1, 9, {9}}));
}

struct RowsAndLate {
  Windows rows;
  std::uint64_t late = 0;
};

// Records that are asked for when they are late go one by one, all others in parts.
enum class Late : std::uint8_t { kAside, kCounted };

RowsAndLate sums_of(Late late, std::uint32_t tasks, std::uint64_t seed) {
  Job job("windows");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  auto windows = std::move(sales)
                     .event_time(&Sale::at, {.max_disorder = 12us})
                     .key_by(&Sale::shop)
                     .parallelism(tasks)
                     .window(sliding(30us, 10us))
                     .allowed_lateness(10us);
  if (late == Late::kAside) {
    collect_into(
        std::move(windows).late_to(SideOutput<Sale>("late")).aggregate<Total>(&Sale::amount), rows);
  } else {
    collect_into(std::move(windows).aggregate<Total>(&Sale::amount), rows);
  }
  TestDriver driver(job);
  std::mt19937_64 random(seed);
  std::int64_t now = 1000;
  for (int i = 0; i < 3000; ++i) {
    now += static_cast<std::int64_t>(random() % 2);
    const auto back = static_cast<std::int64_t>(random() % (random() % 20 == 0 ? 90 : 16));
    EXPECT_TRUE(input.push({static_cast<std::uint32_t>(random() % 7), i, {now - back}}).ok());
    // Each is a batch, behind which stands its watermark: else which are late would hang on batches.
    EXPECT_TRUE(driver.run_until_idle().ok());
  }
  EXPECT_TRUE(driver.finish().ok());
  RowsAndLate result{rows_of(rows), driver.job().metrics().late()};
  std::sort(result.rows.begin(), result.rows.end());
  return result;
}

TEST(WindowedStream, GivesTheSameRowsWhetherOrNotRecordsAreAddedUpBeforeTheyAreSent) {
  for (const std::uint32_t tasks : {1u, 3u}) {
    const RowsAndLate one_by_one = sums_of(Late::kAside, tasks, tasks);
    EXPECT_GT(one_by_one.late, 50u);
    EXPECT_GT(one_by_one.rows.size(), 1000u);
    const RowsAndLate in_parts = sums_of(Late::kCounted, tasks, tasks);
    EXPECT_EQ(in_parts.rows, one_by_one.rows) << tasks;
    EXPECT_EQ(in_parts.late, one_by_one.late) << tasks;
  }
}

// Nothing but a number that has to be given.
struct ShopId {
  explicit ShopId(std::uint32_t given) noexcept : number(given) {}
  std::uint32_t number;
  friend bool operator==(const ShopId&, const ShopId&) = default;
};
std::uint64_t penstock_hash(const ShopId& id) noexcept { return key_hash(id.number); }

TEST(WindowedStream, TakesKeysThatAreNeverEmpty) {
  Job job("windows");
  auto [sales, input] = job.input<Sale>();
  std::uint64_t counted = 0;
  std::move(sales)
      .event_time(&Sale::at)
      .key_by([](const Sale& sale) { return ShopId(sale.shop); })
      .window(tumbling(10us))
      .count()
      .for_each([&counted](const auto& window) { counted += window.value; });
  TestDriver driver(job);
  for (std::int64_t i = 0; i < 100; ++i) ASSERT_TRUE(input.push(Sale{1, 1, {i}}).ok());
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_EQ(counted, 100u);
}

TEST(WindowedStream, ChangesAClosedWindowWithinTheAllowedLateness) {
  Job job("windows");
  auto [sales, input] = job.input<Sale>();
  Collected<Result> rows;
  collect_into(std::move(sales)
                   .event_time(&Sale::at)
                   .key_by(&Sale::shop)
                   .window(tumbling(10us))
                   .allowed_lateness(10us)
                   .aggregate<Total>(&Sale::amount),
               rows);
  TestDriver driver(job);
  for (const Sale& sale :
       {Sale{1, 2, {5}}, Sale{1, 1, {14}}, Sale{1, 3, {6}}, Sale{1, 1, {20}}, Sale{1, 7, {7}}}) {
    ASSERT_TRUE(input.push(sale).ok());
    ASSERT_TRUE(driver.run_until_idle().ok());
  }
  ASSERT_TRUE(driver.finish().ok());
  EXPECT_EQ(rows_of(rows), (Windows{{1, 10, 2, 0}, {1, 10, 5, 1}, {1, 20, 1, 0}, {1, 30, 1, 0}}));
}

}  // namespace
}  // namespace penstock
