// Goal: expressions over rows inside of a job: what they pass and make, what a wrong one says, what becomes of records
// that they fail on, and that a steady state allocates nothing.
#include "penstock/api/row_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "penstock/api/test_driver.h"
#include "penstock/io/dead_letter/dead_letter_file.h"
#include "penstock/io/file/line_file_source.h"
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

constexpr const char* kPayments = "card STRING, amount INT, ts TIMESTAMP";

std::shared_ptr<const ByteSource> payments() {
  return memory_source({"a,150,2024-03-01 10:00:00", "b,50,2024-03-01 10:00:01",
                        "c,,2024-03-01 10:00:02", "\"d, e\",200,2024-03-01 10:00:03"});
}

TEST(RowStream, FiltersAndSelectsByExpressions) {
  Job job("rows");
  auto out = MemorySink::make();
  job.rows(payments(), CsvRows{}, kPayments)
      .filter(expr("amount > 100"))
      .select({expr("upper(card) AS card"), expr("amount * 2 AS twice"), expr("ts")})
      .sink(out, JsonRows{});
  const Status ended = job.run();
  ASSERT_TRUE(ended.ok()) << ended.to_string();
  EXPECT_THAT(out->records(),
              ElementsAre(R"({"card":"A","twice":300,"ts":"2024-03-01T10:00:00.000Z"})",
                          R"({"card":"D, E","twice":400,"ts":"2024-03-01T10:00:03.000Z"})"));
}

TEST(RowStream, KnowsItsColumnsWhenItIsWritten) {
  Job job("columns");
  auto rows = job.rows(payments(), CsvRows{}, kPayments)
                  .select({expr("*"), expr("amount / 2 AS half"), expr("card = 'a'")});
  EXPECT_EQ(rows.schema().to_sql(),
            "card STRING, amount INT, ts TIMESTAMP, half DOUBLE, `card = 'a'` BOOLEAN");
  std::move(rows).for_each([](const RowView&) {});
}

TEST(RowStream, GivesTypedRecordsWhichMayGoFurther) {
  Job job("typed");
  Collected<ShopCount> counts;
  collect_into(job.rows(payments(), CsvRows{}, kPayments)
                   .event_time("ts", {.max_disorder = std::chrono::seconds(1)})
                   .select({expr("length(card) AS shop"), expr("coalesce(amount, 0) AS amount")})
                   .map([](const RowView& row) {
                     return Sale{.shop = static_cast<std::uint32_t>(row.inline_cell(0).number),
                                 .amount = row.inline_cell(1).number};
                   })
                   .key_by(&Sale::shop)
                   .process(CountPerShop{}),
               counts);
  ASSERT_TRUE(job.run().ok());
  EXPECT_THAT(counts.values(), testing::UnorderedElementsAre(ShopCount{1, 1}, ShopCount{1, 2},
                                                             ShopCount{1, 3}, ShopCount{4, 1}));
}

TEST(RowStream, AGeneratorMakesRowsBesideTheOtherColumns) {
  Job job("generator");
  auto out = MemorySink::make();
  job.rows(memory_source({R"({"id":1,"tags":["a","b"]})", R"({"id":2,"tags":[]})",
                          R"({"id":3,"tags":["c"]})"}),
           JsonRows{}, "id INT, tags ARRAY<STRING>")
      .select({expr("id"), expr("explode(tags) AS tag"), expr("size(tags) AS n")})
      .filter(expr("tag <> 'b'"))
      .sink(out, CsvRows{});
  ASSERT_TRUE(job.run().ok());
  EXPECT_THAT(out->records(), ElementsAre("1,a,2", "3,c,1"));
}

std::string refusal(auto write) {
  Job job("wrong");
  write(job);
  const Result<JobHandle> handle = job.open();
  return handle.ok() ? "it runs" : std::string(handle.status().message());
}

TEST(RowStream, AWrongExpressionIsAnErrorOfThePlanWithPlaceCauseAndRemedy) {
  const auto nothing = [](const RowView&) {};
  EXPECT_EQ(
      refusal([&](Job& job) {
        job.rows(payments(), CsvRows{}, kPayments)
            .filter(expr("card = 'a' and\n amuont > 100"))
            .for_each(nothing);
      }),
      "job \"wrong\": filter \"card = 'a' and\n amuont > 100\": line 2, column 2: there is no "
      "column \"amuont\"; did you mean \"amount\"?\n   amuont > 100\n   ^^^^^^");
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments).filter(expr("amount")).for_each(nothing);
              }),
              AllOf(HasSubstr("filter \"amount\": line 1, column 1: this is int, no condition"),
                    HasSubstr("; compare it with something")));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments)
                    .select({expr("card"), expr("uper(card)")})
                    .for_each(nothing);
              }),
              AllOf(HasSubstr("select: line 1, column 1: there is no function"),
                    HasSubstr("uper(card)"), HasSubstr("did you mean \"upper\"")));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments)
                    .select({expr("card")})
                    .filter(expr("amount > 1"))
                    .for_each(nothing);
              }),
              HasSubstr("the columns are card"));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments).select({}).for_each(nothing);
              }),
              HasSubstr("select: there is no expression; write \"*\""));
}

TEST(RowStream, AWrongSchemaFormatOrSinkIsAnErrorOfThePlan) {
  const auto nothing = [](const RowView&) {};
  EXPECT_THAT(
      refusal([&](Job& job) {
        job.rows(payments(), CsvRows{}, "card STRNG").filter(expr("card = 'a'")).for_each(nothing);
      }),
      AllOf(HasSubstr("rows of memory: "), HasSubstr("STRNG")));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{{{"mode", "STRICT"}}}, kPayments).for_each(nothing);
              }),
              HasSubstr("option mode is 'STRICT'; write PERMISSIVE"));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments)
                    .select({expr("array(card) AS cards")})
                    .sink(MemorySink::make(), CsvRows{});
              }),
              AllOf(HasSubstr("sink memory: column cards is ARRAY<STRING>"), HasSubstr("to_json")));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments).sink(MemorySink::make(), TextRows{});
              }),
              HasSubstr("text has one STRING column"));
  EXPECT_THAT(refusal([&](Job& job) {
                job.rows(payments(), CsvRows{}, kPayments).event_time("card").for_each(nothing);
              }),
              HasSubstr("event_time: column \"card\" is STRING; name a TIMESTAMP"));
}

TEST(RowStream, ARecordThatAnExpressionFailsOnGoesToTheDeadLettersAsItCame) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "dead.ndjson";
  RowOptions options;
  options.bad_records =
      DecodeOptions{.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = path};
  options.settings.ansi = true;
  Job job("ansi");
  auto out = MemorySink::make();
  job.rows(memory_source({"1,10", "0,20", "x,30", "5,40"}), CsvRows{{{"mode", "FAILFAST"}}},
           "divisor INT, amount INT", options)
      .filter(expr("amount / divisor > 2"))
      .select({expr("divisor"), expr("100 / (divisor - 5) AS share")})
      .sink(out, CsvRows{});
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->poll() == StepOutcome::kWorked) {
  }
  ASSERT_TRUE(running->status().ok()) << running->status().to_string();
  EXPECT_THAT(out->records(), ElementsAre("1,-25.0"));
  const std::unique_ptr<FileSystem> files = make_posix_file_system();
  const Result<DeadLetters> dead = read_dead_letters(*files, path);
  ASSERT_TRUE(dead.ok()) << dead.status().to_string();
  ASSERT_EQ(dead->letters.size(), 3U);
  EXPECT_EQ(dead->letters[0].raw, "0,20");
  EXPECT_EQ(dead->letters[0].origin.offset, 1U);
  EXPECT_THAT(dead->letters[0].error,
              AllOf(HasSubstr("filter \"amount / divisor > 2\": "), HasSubstr("try_divide")));
  EXPECT_EQ(dead->letters[1].raw, "x,30");
  EXPECT_THAT(dead->letters[1].error, HasSubstr("cannot read column \"divisor\" (INT) from \"x\""));
  EXPECT_EQ(dead->letters[2].raw, "5,40");
  EXPECT_THAT(dead->letters[2].error,
              HasSubstr("select \"divisor, 100 / (divisor - 5) AS share\""));
  EXPECT_EQ(running->metrics().errors(), 3U);
}

TEST(RowStream, WithoutAPolicyARecordThatAnExpressionFailsOnEndsTheJob) {
  RowOptions options;
  options.settings.ansi = true;
  Job job("fails");
  job.rows(memory_source({"1", "0"}), CsvRows{}, "divisor INT", options)
      .filter(expr("1 / divisor > 0"))
      .for_each([](const RowView&) {});
  const Status ended = job.run();
  EXPECT_EQ(ended.code(), StatusCode::kDataError);
  EXPECT_THAT(
      std::string(ended.message()),
      AllOf(HasSubstr("memory/0 @ 1: filter \"1 / divisor > 0\""), HasSubstr("try_divide")));
}

TEST(RowStream, AFileOfLinesBecomesRowsAndItsBadLinesGoByPolicy) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "payments.csv") << "card;amount\na;1\n\n# a note\nb;x\n\"c;d\";3";
  RowOptions options;
  options.bad_records = DecodeOptions{.on_error = ErrorPolicy::kSkip};
  Job job("file");
  auto out = MemorySink::make();
  job.rows(line_file_source({.path = folder / "payments.csv"}),
           CsvRows{{{"header", "true"}, {"sep", ";"}, {"comment", "#"}, {"mode", "FAILFAST"}}},
           "card STRING, amount INT", options)
      .sink(out, CsvRows{});
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->poll() == StepOutcome::kWorked) {
  }
  ASSERT_TRUE(running->status().ok()) << running->status().to_string();
  EXPECT_THAT(out->records(), ElementsAre("a,1", "c;d,3"));
  EXPECT_EQ(running->metrics().errors(), 1U) << "blank lines, notes and the header are none";
}

TEST(RowStream, RecordsOfAFileMayGoOverSeveralLines) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "notes.csv") << "\"id\nof it\",note\n1,\"a\nb\"\r\n\n# "
                                         "\"\n2,\"c\r\n\"\"d\"\r\nx,\"e\nf\"\n3,\"g\r\nh\"\n4,\"i";
  const std::string bad = folder / "bad";
  RowOptions options;
  options.bad_records =
      DecodeOptions{.on_error = ErrorPolicy::kDeadLetter, .dead_letter_path = bad};
  const CsvRows format{{{"header", "true"},
                        {"multiLine", "true"},
                        {"escape", "\""},
                        {"comment", "#"},
                        {"mode", "FAILFAST"}}};
  Job job("notes");
  auto out = MemorySink::make();
  job.rows(line_file_source({.path = folder / "notes.csv"}), format, "id INT, note STRING", options)
      .sink(out, JsonRows{});
  const Status ended = job.run();
  ASSERT_TRUE(ended.ok()) << ended.to_string();
  EXPECT_THAT(out->records(),
              ElementsAre(R"({"id":1,"note":"a\nb"})", R"({"id":2,"note":"c\n\"d"})",
                          R"({"id":3,"note":"g\r\nh"})", R"({"id":4,"note":"i"})"));
  const auto files = make_posix_file_system();
  const Result<DeadLetters> dead = read_dead_letters(*files, bad);
  ASSERT_TRUE(dead.ok());
  ASSERT_EQ(dead->letters.size(), 1U);
  EXPECT_EQ(dead->letters[0].raw, "x,\"e\nf\"");
  EXPECT_EQ(dead->letters[0].origin.offset, 42U);
}

TEST(RowStream, AMessageMayHaveLineEndsInQuotes) {
  for (const char* multi_line : {"true", "false"}) {
    Job job("messages");
    auto out = MemorySink::make();
    job.rows(memory_source({"1,\"a\r\nb\""}), CsvRows{{{"multiLine", multi_line}}},
             "id INT, note STRING")
        .sink(out, JsonRows{});
    ASSERT_TRUE(job.run().ok());
    EXPECT_THAT(out->records(), ElementsAre(R"({"id":1,"note":"a\r\nb"})"));
  }
}

TEST(RowStream, ARowWithoutATimeIsMisdated) {
  Job job("misdated");
  auto out = MemorySink::make();
  job.rows(memory_source({"a,2024-03-01 10:00:00", "b,"}), CsvRows{}, "s STRING, ts TIMESTAMP")
      .event_time("ts")
      .select({expr("s")})
      .sink(out, CsvRows{});
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->poll() == StepOutcome::kWorked) {
  }
  EXPECT_THAT(out->records(), ElementsAre("a"));
  EXPECT_EQ(running->metrics().misdated(), 1U);
}

TEST(RowStream, MalformedLinesAreDroppedByTheModeAlone) {
  Job job("drop");
  auto out = MemorySink::make();
  job.rows(memory_source({"1,a", "x,b", "3"}), CsvRows{{{"mode", "DROPMALFORMED"}}},
           "n INT, s STRING")
      .sink(out, CsvRows{});
  ASSERT_TRUE(job.run().ok());
  EXPECT_THAT(out->records(), ElementsAre("1,a"));
}

// What a job of rows with two INT columns makes of lines of which each has one that is none.
std::string outcome_of(auto write) {
  Job job("columns");
  std::uint64_t rows = 0;
  write(job.rows(memory_source({"1,x", "2,y"}), CsvRows{{{"mode", "FAILFAST"}}}, "a INT, b INT"),
        [&rows](const RowView&) { ++rows; });
  const Status ended = job.run();
  return ended.ok() ? std::to_string(rows) + " rows" : std::string(ended.message());
}

TEST(RowStream, ColumnsThatNoExpressionReadsAreNotDecoded) {
  EXPECT_EQ(outcome_of([](auto rows, auto count) {
              std::move(rows).filter(expr("a > 1")).select({expr("a")}).for_each(count);
            }),
            "1 rows");
  EXPECT_EQ(outcome_of([](auto rows, auto count) {
              std::move(rows).select({expr("a")}).select({expr("a AS b")}).for_each(count);
            }),
            "2 rows");
  EXPECT_THAT(outcome_of([](auto rows, auto count) {
                std::move(rows).filter(expr("b > 1")).select({expr("a")}).for_each(count);
              }),
              HasSubstr("cannot read column \"b\""));
  EXPECT_THAT(
      outcome_of([](auto rows, auto count) {
        std::move(rows).select({expr("a"), expr("transform(array(b), x -> x)")}).for_each(count);
      }),
      HasSubstr("cannot read column \"b\""));
  EXPECT_THAT(outcome_of([](auto rows, auto count) {
                std::move(rows).filter(expr("a > 0")).for_each(count);
              }),
              HasSubstr("cannot read column \"b\""));
}

TEST(RowStream, TheTimeOfARowIsDecodedThoughNoExpressionReadsIt) {
  Job job("time");
  auto out = MemorySink::make();
  job.rows(memory_source({"a,2024-03-01 10:00:00"}), CsvRows{}, "s STRING, ts TIMESTAMP")
      .event_time("ts")
      .select({expr("s")})
      .sink(out, CsvRows{});
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->poll() == StepOutcome::kWorked) {
  }
  EXPECT_EQ(running->metrics().misdated(), 0U);
}

TEST(RowStream, AllocatesNothingPerRecordInASteadyState) {
  std::vector<std::string> lines;
  for (int i = 0; i < 60'000; ++i) {
    lines.push_back("card-" + std::to_string(i % 1000) + "," + std::to_string(i % 7000) +
                    ",2024-03-01 10:00:" + std::to_string(10 + i % 50));
  }
  Job job("steady");
  std::uint64_t rows = 0;
  job.rows(memory_source(std::move(lines)), CsvRows{}, kPayments)
      .event_time("ts", {.max_disorder = std::chrono::minutes(2)})
      .filter(expr("amount > 100 and card like 'card-%'"))
      .select({expr("upper(concat(card, '/', amount)) AS label"), expr("amount * 1.5 AS more")})
      .for_each([&rows](const RowView& row) noexcept { rows += row.is_null(0) ? 0 : 1; });
  Result<JobHandle> running = job.open();
  ASSERT_TRUE(running.ok()) << running.status().to_string();
  while (running->metrics().records_read() < 20'000)
    ASSERT_EQ(running->poll(), StepOutcome::kWorked);
  const std::uint64_t rows_before = rows;
  std::uint64_t allocations = 0;
  for (int steps = 0; steps < 100; ++steps) {
    const std::uint64_t before = thread_allocations_so_far();
    const StepOutcome outcome = running->poll();
    allocations += thread_allocations_so_far() - before;
    if (outcome != StepOutcome::kWorked) break;
  }
  EXPECT_EQ(allocations, 0U);
  EXPECT_GT(rows - rows_before, 20'000U);
}

}  // namespace
}  // namespace penstock
