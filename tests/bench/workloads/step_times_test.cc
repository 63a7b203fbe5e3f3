#include "penstock/bench/workloads/step_times.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::bench {
namespace {

constexpr std::uint64_t kKeys = 5'000;

StepFigures figures_of(StepSubject subject) {
  const Result<StepFigures> figures = measure_steps(subject, kKeys);
  EXPECT_TRUE(figures.ok()) << figures.status().to_string();
  return figures.ok() ? *figures : StepFigures{};
}

TEST(StepTimes, EveryRecordIsInSomeStepAndEveryKeyWasThere) {
  for (const StepSubject subject : kStepSubjects) {
    SCOPED_TRACE(name_of(subject));
    const StepFigures figures = figures_of(subject);
    EXPECT_EQ(figures.records, 3 * kKeys);
    EXPECT_EQ(figures.keys_most, kKeys);
    EXPECT_EQ(figures.took_ns.count(), figures.on_cpu_ns.count());
    ASSERT_FALSE(figures.slowest.empty());
    EXPECT_GE(figures.slowest.front().on_cpu_ns, figures.slowest.back().on_cpu_ns);
  }
}
TEST(StepTimes, WindowsFireAndKeysAreLetGoOf) {
  const StepFigures figures = figures_of(StepSubject::kWindows);
  EXPECT_GT(figures.came_out, 6 * kKeys);
  EXPECT_LT(figures.keys_at_end, kKeys / 2);
}
TEST(StepTimes, EachKeysTimerComes) {
  const StepFigures figures = figures_of(StepSubject::kTimers);
  EXPECT_GE(figures.came_out, kKeys);
  EXPECT_EQ(figures.keys_at_end, 0u);
}
TEST(StepTimes, ALineTellsWhatAStepDid) {
  EXPECT_EQ(format_step({.took_ns = 1'500'000,
                         .on_cpu_ns = 1'200'000,
                         .number = 7,
                         .records = 1024,
                         .came_out = 3,
                         .keys = -2,
                         .state_bytes = 65'536,
                         .page_faults = 16,
                         .descheduled = 1}),
            "step number=7 us=1500.0 cpu_us=1200.0 records=1024 fired=3 keys=-2 state_kib=+64 "
            "page_faults=16 descheduled=1");
}

}  // namespace
}  // namespace penstock::bench
