// Goal: the bare loops compute what the table of answers says, so that a ratio compares two ways to do the same work.
#include "penstock/bench/workloads/bare.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "penstock/bench/workloads/bare_loops.h"
#include "penstock/bench/workloads/expected.h"

namespace penstock::bench {
namespace {

// Those whose answer is known; `keyed` is ours and not in the table.
std::vector<Workload> answered_workloads() {
  std::vector<Workload> answered;
  for (const Workload& workload : all_workloads()) {
    if (find_expected(workload.name, 100'000).has_value()) answered.push_back(workload);
  }
  return answered;
}

class Bare : public testing::TestWithParam<Workload> {};

TEST_P(Bare, GivesTheExpectedRowsAndSumFor100000Events) {
  const RunResult result = run_bare(GetParam(), 100'000);
  EXPECT_EQ(result.events, 100'000u);
  EXPECT_GT(result.seconds, 0);
  EXPECT_EQ(result.output, find_expected(GetParam().name, 100'000))
      << format_sum(result.output.sum);
}

TEST_P(Bare, TakesAnyNumberOfEvents) {
  const std::uint64_t rows_per_event = GetParam().query == Query::kWordcount ? 10 : 1;
  for (const std::uint64_t events : {0u, 1u, 4u, 5u, 123u}) {
    const RunResult result = run_bare(GetParam(), events);
    EXPECT_EQ(result.events, events);
    EXPECT_LE(result.output.rows, rows_per_event * events);
  }
}

INSTANTIATE_TEST_SUITE_P(Workloads, Bare, testing::ValuesIn(answered_workloads()),
                         [](const auto& test) { return std::string(test.param.name); });

#ifdef NDEBUG  // Ten million events take a second then, and a minute otherwise.
TEST(BareAtFullSize, GivesTheExpectedRowsAndSum) {
  for (const Workload& workload : answered_workloads()) {
    if (workload.form == Form::kJson) continue;
    EXPECT_EQ(run_bare(workload, workload.default_events).output,
              find_expected(workload.name, workload.default_events))
        << workload.name;
  }
}
#endif

TEST(BareKeyed, CountsTheHitsOfEachKey) {
  std::map<std::uint64_t, std::uint64_t> counts;
  RowSum expected;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint64_t key = fin(i) % 1'000'000;
    expected.add(key, ++counts[key]);
  }
  EXPECT_LT(counts.size(), 100'000u);  // Some keys came twice.
  EXPECT_EQ(run_bare(*find_workload("keyed"), 100'000).output, expected);
}

TEST(BareFraud, GivesTheSameRowsWithAndWithoutLookingAhead) {
  for (const std::uint64_t events : {15u, 16u, 17u, 100'000u}) {
    EXPECT_EQ(run_bare_fraud(events, Ahead::kSixteen), run_bare_fraud(events, Ahead::kNone));
  }
}

TEST(Workloads, OfTheTableAreAllButTheOneThatIsOurs) {
  EXPECT_EQ(answered_workloads().size(), all_workloads().size() - 1);
  EXPECT_EQ(answered_workloads().size(), 18u);
}

TEST(RunResult, IsReportedInOneLine) {
  EXPECT_EQ(
      format_run("q0", 1, {.events = 1000, .output = {.rows = 920, .sum = 0xab}, .seconds = 0.5}),
      "workload=q0 workers=1 n=1000 secs=0.500000 events_per_s=2000 rows=920 sum=00000000000000ab");
  EXPECT_EQ(RunResult{}.events_per_second(), 0);
}

TEST(Workloads, AreFoundByName) {
  EXPECT_EQ(find_workload("q1_json")->form, Form::kJson);
  EXPECT_EQ(find_workload("q2_dis")->disorder, Disorder::kTwoSeconds);
  EXPECT_FALSE(find_workload("q99").has_value());
}

}  // namespace
}  // namespace penstock::bench
