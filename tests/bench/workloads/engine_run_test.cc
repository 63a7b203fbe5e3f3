#include "penstock/bench/workloads/engine_run.h"

#include <gtest/gtest.h>

#include <string>

#include "penstock/bench/workloads/bare.h"
#include "penstock/bench/workloads/workload.h"

namespace penstock::bench {
namespace {

class EngineRuns : public testing::TestWithParam<Workload> {
 protected:
  static RunResult run(std::uint64_t events, std::uint32_t workers) {
    Options options;
    options.workers = workers;
    const auto result = run_engine(GetParam(), events, options);
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    return result.ok() ? *result : RunResult{};
  }
};

TEST_P(EngineRuns, TheWorkloadWithTheRowsAndTheSumThatMustComeOut) {
  const RunResult bare = run_bare(GetParam(), 100'000);
  // Numbers of sources for which all records of a card come from one.
  for (const std::uint32_t workers : {1u, 2u, 4u}) {
    const RunResult seen = run(100'000, workers);
    EXPECT_EQ(seen.output.rows, bare.output.rows) << workers << " workers";
    EXPECT_EQ(seen.output.sum, bare.output.sum) << workers << " workers";
  }
}

TEST_P(EngineRuns, AnyNumberOfEvents) {
  for (const std::uint64_t events : {1u, 49u, 777u, 12'345u}) {
    const RunResult seen = run(events, 2);
    const RunResult bare = run_bare(GetParam(), events);
    EXPECT_EQ(seen.output.rows, bare.output.rows) << events << " events";
    EXPECT_EQ(seen.output.sum, bare.output.sum) << events << " events";
  }
}

INSTANTIATE_TEST_SUITE_P(All, EngineRuns,
                         testing::ValuesIn(all_workloads().begin(), all_workloads().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace penstock::bench
