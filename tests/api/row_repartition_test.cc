// Goal: rows that change their task: nothing is lost or changed, equal values meet, time and the error policy of the
// source go with them, and a steady state allocates nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "penstock/api/row_stream.h"
#include "penstock/api/test_driver.h"
#include "penstock/core/base/random.h"
#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/io/memory/memory_sink.h"
#include "penstock/io/memory/memory_source.h"
#include "penstock/tests/api/api_kit.h"
#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr const char* kColumns =
    "id INT, card STRING, amount DOUBLE, tags ARRAY<STRING>, place STRUCT<city: STRING, x: INT>, "
    "note STRING";

// Rows as to_json writes them, with nulls, texts of 0 to 100 kB, and values inside of values.
std::vector<std::string> varied(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> rows;
  for (std::size_t id = 0; id < count; ++id) {
    std::string row = R"({"id":)" + std::to_string(id);
    if (random.below(10) > 0) row += R"(,"card":"c)" + std::to_string(random.below(50)) + '"';
    if (random.below(4) > 0) row += R"(,"amount":)" + std::to_string(random.below(1000)) + ".5";
    if (random.below(2) > 0) {
      row += R"(,"tags":[)";
      for (std::uint64_t i = random.below(4); i > 0; --i)
        row += '"' + std::string(random.below(20), 't') + (i > 1 ? "\"," : "\"");
      row += ']';
    }
    if (random.below(2) > 0) row += R"(,"place":{"city":"Köln","x":)" + std::to_string(id) + '}';
    const std::size_t shorter = random.below(100) == 0 ? 100'000 : 40;
    if (random.below(5) > 0) row += R"(,"note":")" + std::string(random.below(shorter), 'n') + '"';
    rows.push_back(row + '}');
  }
  return rows;
}

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

struct Shape {
  std::uint32_t workers;
  std::size_t ring_slots;
  std::size_t ring_bytes;
};
void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.workers << " workers, " << shape.ring_slots << " slots, " << shape.ring_bytes
       << " bytes";
}
Options options_of(const Shape& shape) {
  return {
      {.workers = shape.workers, .ring_slots = shape.ring_slots, .ring_bytes = shape.ring_bytes}};
}

class RowRepartition : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, RowRepartition,
                         testing::Values(Shape{1, 4096, 1 << 20}, Shape{2, 4096, 1 << 20},
                                         Shape{4, 64, 1 << 16}, Shape{2, 2, 256},
                                         Shape{4, 4096, 1024}, Shape{3, 4, 1 << 20}));

TEST_P(RowRepartition, EveryRowArrivesOnceAndUnchanged) {
  const std::vector<std::string> rows = varied(3'000, 7);
  for (const bool in_turn : {false, true}) {
    Job job("unchanged");
    auto out = MemorySink::make();
    auto source = job.rows(memory_source(rows), JsonRows{}, kColumns);
    if (in_turn) {
      std::move(source).repartition().sink(out, JsonRows{});
    } else {
      std::move(source).repartition({expr("card")}).sink(out, JsonRows{});
    }
    const Status ended = job.run(options_of(GetParam()));
    ASSERT_TRUE(ended.ok()) << ended.to_string();
    EXPECT_EQ(sorted(out->records()), sorted(rows)) << (in_turn ? "in turn" : "by card");
  }
}

TEST_P(RowRepartition, EqualValuesMeetOnOneWorkerInTheirOrder) {
  std::mutex mutex;
  std::map<std::string, std::set<std::thread::id>> places;
  std::map<std::string, std::vector<std::int64_t>> orders;
  Job job("meet");
  job.rows(memory_source(varied(2'000, 8)), JsonRows{}, kColumns)
      .parallelism(1)
      .filter(expr("id % 3 > 0"))
      .repartition({expr("upper(card)"), expr("isnull(card)")})
      .select({expr("coalesce(card, 'none')"), expr("id")})
      .for_each([&](const RowView& row) {
        const std::lock_guard lock(mutex);
        const std::string card(row.bytes_cell(0).bytes());
        places[card].insert(std::this_thread::get_id());
        orders[card].push_back(row.inline_cell(1).number);
      });
  ASSERT_TRUE(job.run(options_of(GetParam())).ok());
  EXPECT_EQ(places.size(), 51U);
  std::set<std::thread::id> all;
  for (const auto& [card, threads] : places) {
    EXPECT_EQ(threads.size(), 1U) << card;
    all.insert(threads.begin(), threads.end());
    EXPECT_TRUE(std::is_sorted(orders[card].begin(), orders[card].end())) << card;
  }
  EXPECT_EQ(all.size(), GetParam().workers);
}

TEST_P(RowRepartition, RowsMayGoFromTaskToTaskSeveralTimesAndBecomeRecords) {
  Job job("several");
  Collected<ShopCount> counts;
  collect_into(job.rows(memory_source(varied(2'000, 9)), JsonRows{}, kColumns)
                   .repartition()
                   .select({expr("id"), expr("coalesce(length(note), 0) AS n"), expr("note")})
                   .repartition({expr("n"), expr("note")})
                   .filter(expr("n = coalesce(length(note), 0)"))
                   .repartition({expr("id % 5")})
                   .parallelism(2)
                   .map([](const RowView& row) {
                     return Sale{.shop = static_cast<std::uint32_t>(row.inline_cell(0).number % 5)};
                   })
                   .key_by(&Sale::shop)
                   .process(CountPerShop{}),
               counts);
  const Status ended = job.run(options_of(GetParam()));
  ASSERT_TRUE(ended.ok()) << ended.to_string();
  std::map<std::uint32_t, std::int64_t> last;
  for (const ShopCount& count : counts.values())
    last[count.shop] = std::max(last[count.shop], count.count);
  EXPECT_EQ(last, (std::map<std::uint32_t, std::int64_t>{
                      {0, 400}, {1, 400}, {2, 400}, {3, 400}, {4, 400}}));
}

TEST_P(RowRepartition, WhatOneRowExpandsToArrivesWhereItDoesNotFitTheRings) {
  Job job("expands");
  std::atomic<std::int64_t> rows{0};
  std::atomic<std::int64_t> wrong{0};
  std::vector<std::string> ids;
  for (int id = 0; id < 40; ++id) ids.push_back(std::to_string(id));
  job.rows(memory_source(ids), CsvRows{}, "id INT")
      .select({expr("id"), expr("explode(sequence(1, 300)) AS n")})
      .select({expr("id"), expr("n"), expr("repeat('x', n % 90) AS text")})
      .repartition({expr("n")})
      .filter(expr("length(text) = n % 90"))
      .for_each([&](const RowView& row) {
        ++rows;
        if (row.bytes_cell(2).size != static_cast<std::size_t>(row.inline_cell(1).number % 90))
          ++wrong;
      });
  const Status ended = job.run(options_of(GetParam()));
  ASSERT_TRUE(ended.ok()) << ended.to_string();
  EXPECT_EQ(rows, 40 * 300);
  EXPECT_EQ(wrong, 0);
}

TEST(RowRepartition, ColumnsThatAreReadOnlyBehindItAreThere) {
  Job job("columns");
  auto out = MemorySink::make();
  job.rows(memory_source({"a,1,x", "b,2,y"}), CsvRows{}, "card STRING, amount INT, note STRING")
      .repartition({expr("amount")})
      .filter(expr("card <> 'b'"))
      .select({expr("note")})
      .sink(out, TextRows{});
  ASSERT_TRUE(job.run().ok());
  EXPECT_THAT(out->records(), ElementsAre("x"));
}

TEST(RowRepartition, TimeGoesWithTheRows) {
  Job job("time");
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  Collected<Sale> sales;
  collect_into(job.rows(memory_source({"1,2024-03-01 10:00:00", "2,2024-03-01 10:00:05"}),
                        CsvRows{}, "shop INT, ts TIMESTAMP")
                   .event_time("ts")
                   .repartition({expr("shop")})
                   .map([](const RowView& row) {
                     return Sale{.shop = static_cast<std::uint32_t>(row.inline_cell(0).number)};
                   })
                   .apply(NoteWatermarks<Sale>{watermarks}),
               sales);
  ASSERT_TRUE(job.run().ok());
  ASSERT_EQ(sales.values().size(), 2U);
  EXPECT_THAT(*watermarks, testing::Contains(EventTime{1'709'287'205'000'000}));
}

TEST(RowRepartition, AWrongExpressionIsAnErrorOfThePlan) {
  const auto refusal = [](const std::vector<Expr>& keys) {
    Job job("wrong");
    job.rows(memory_source({}), JsonRows{}, "card STRING, m MAP<STRING, INT>")
        .repartition(keys)
        .for_each([](const RowView&) {});
    const Result<JobHandle> handle = job.open();
    return handle.ok() ? "it runs" : std::string(handle.status().message());
  };
  EXPECT_THAT(refusal({}), HasSubstr("repartition: there is no expression; without any"));
  EXPECT_THAT(refusal({expr("card"), expr("crad")}),
              HasSubstr("repartition \"crad\": line 1, column 1: there is no column \"crad\"; the "
                        "columns are card, m\n  crad\n  ^^^^"));
  EXPECT_THAT(refusal({expr("m")}), AllOf(HasSubstr("repartition"), HasSubstr("map")));
  EXPECT_THAT(refusal({expr("*")}), HasSubstr("repartition \"*\""));
  EXPECT_EQ(refusal({expr("card -- the card"), expr("1")}), "it runs");
}

struct Failing {
  test::TemporaryFolder folder;
  std::string path = folder / "dead.ndjson";
  std::shared_ptr<MemorySink> out = MemorySink::make();
  RowOptions options;

  explicit Failing(ErrorPolicy policy) {
    options.bad_records = DecodeOptions{.on_error = policy};
    if (policy == ErrorPolicy::kDeadLetter) options.bad_records->dead_letter_path = path;
    options.settings.ansi = true;
  }
  void write(Job& job) const {
    job.rows(memory_source({"1,10,a", "0,20,b", "x,30,c", "5,40,d"}),
             CsvRows{{{"mode", "FAILFAST"}}}, "divisor INT, amount INT, note STRING", options)
        .filter(expr("100 / (divisor - 5) < 0"))
        .repartition({expr("divisor")})
        .filter(expr("amount / divisor > 2"))
        .select({expr("divisor"), expr("amount")})
        .sink(out, CsvRows{});
  }
};

TEST(RowRepartition, ARowThatAnExpressionFailsOnIsADeadLetterAsJsonWithItsOrigin) {
  const Failing kit(ErrorPolicy::kDeadLetter);
  Job job("ansi");
  kit.write(job);
  TestDriver driver(job);
  ASSERT_TRUE(driver.run_until_idle().ok()) << driver.status().to_string();
  EXPECT_THAT(kit.out->records(), ElementsAre("1,10"));
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  const Result<DeadLetters> dead = read_dead_letters(*files, kit.path);
  ASSERT_TRUE(dead.ok()) << dead.status().to_string();
  ASSERT_EQ(dead->letters.size(), 3U);
  EXPECT_EQ(dead->letters[0].raw, "x,30,c") << "of the source, as it came";
  EXPECT_EQ(dead->letters[1].raw, "5,40,d");
  EXPECT_EQ(dead->letters[2].raw, R"({"divisor":0,"amount":20})") << "nobody reads the note";
  EXPECT_EQ(dead->letters[2].origin.offset, 1U);
  EXPECT_EQ(dead->letters[2].source, "memory");
  EXPECT_THAT(dead->letters[2].error,
              AllOf(HasSubstr("filter \"amount / divisor > 2\": "), HasSubstr("try_divide")));
  const JobMetrics metrics = driver.job().metrics();
  EXPECT_EQ(metrics.errors(), 3U);
  EXPECT_EQ(metrics.tasks[1].dead_letters, 1U);
}

TEST(RowRepartition, ARowThatAnExpressionFailsOnIsSkippedOrEndsTheJobByThePolicy) {
  const Failing skipping(ErrorPolicy::kSkip);
  Job skips("skips");
  skipping.write(skips);
  TestDriver driver(skips);
  ASSERT_TRUE(driver.run_until_idle().ok()) << driver.status().to_string();
  EXPECT_THAT(skipping.out->records(), ElementsAre("1,10"));
  EXPECT_EQ(driver.job().metrics().skipped(), 3U);

  Job fails("fails");
  RowOptions options;
  options.settings.ansi = true;
  fails.rows(memory_source({"1", "0"}), CsvRows{}, "divisor INT", options)
      .repartition()
      .filter(expr("1 / divisor > 0"))
      .for_each([](const RowView&) {});
  const Status ended = fails.run();
  EXPECT_EQ(ended.code(), StatusCode::kDataError);
  EXPECT_THAT(std::string(ended.message()),
              AllOf(HasSubstr("memory/0 @ 1: "), HasSubstr("filter \"1 / divisor > 0\"")));
}

TEST(RowRepartition, AKeyThatCannotBeWorkedOutRefusesTheRecordAsItCame) {
  Failing kit(ErrorPolicy::kDeadLetter);
  Job job("key");
  job.rows(memory_source({"1", "0"}), CsvRows{}, "divisor INT", kit.options)
      .repartition({expr("1 / divisor")})
      .sink(kit.out, CsvRows{});
  ASSERT_TRUE(job.run().ok());
  EXPECT_THAT(kit.out->records(), ElementsAre("1"));
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  const Result<DeadLetters> dead = read_dead_letters(*files, kit.path);
  ASSERT_TRUE(dead.ok() && dead->letters.size() == 1);
  EXPECT_EQ(dead->letters[0].raw, "0");
  EXPECT_THAT(dead->letters[0].error, HasSubstr("repartition"));
}

TEST(RowRepartition, ASteadyStateAllocatesNothing) {
  std::vector<std::string> lines;
  for (int i = 0; i < 60'000; ++i)
    lines.push_back("c" + std::to_string(i % 1000) + ",some longer text of a row," +
                    std::to_string(i));
  Job job("steady");
  std::int64_t sum = 0;
  job.rows(memory_source(std::move(lines)), CsvRows{}, "card STRING, note STRING, n INT")
      .repartition({expr("card")})
      .select({expr("upper(note)"), expr("n")})
      .for_each([&sum](const RowView& row) noexcept { sum += row.inline_cell(1).number; });
  Options small;
  small.ring_bytes = 1 << 14;  // Full again and again.
  Result<JobHandle> running = job.open(small);
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->metrics().records_read() < 20'000)
    ASSERT_EQ(running->poll(), StepOutcome::kWorked);
  std::uint64_t allocations = 0;
  for (StepOutcome outcome = StepOutcome::kWorked;
       outcome == StepOutcome::kWorked && running->metrics().records_read() < 55'000;) {
    const std::uint64_t before = thread_allocations_so_far();
    outcome = running->poll();
    allocations += thread_allocations_so_far() - before;
  }
  EXPECT_EQ(allocations, 0U);
  EXPECT_GT(sum, 0);
  EXPECT_EQ(running->metrics().tasks[0].row_blocks, 0U);
}

}  // namespace
}  // namespace penstock
