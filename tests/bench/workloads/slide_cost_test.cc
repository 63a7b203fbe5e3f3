#include "penstock/bench/workloads/slide_cost.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "penstock/bench/workloads/split_mix.h"

namespace penstock::bench {
namespace {

constexpr SlideLoad kLoad{.events = 20'000, .keys = 300, .events_per_slide = 500};

// Windows that hold a record, counted one by one.
std::uint64_t windows_of(std::int64_t slides) {
  std::set<std::pair<std::int64_t, std::uint64_t>> windows;
  for (std::uint64_t n = 0; n < kLoad.events; ++n) {
    const auto slide = static_cast<std::int64_t>(n / kLoad.events_per_slide);
    for (std::int64_t end = slide + 1; end <= slide + slides; ++end)
      windows.insert({end, fin(n) % kLoad.keys});
  }
  return windows.size();
}

TEST(SlideCost, BothSidesGiveTheirWindows) {
  for (const std::int64_t slides : {kFewSlides, kManySlides}) {
    const SlideRun run = run_slides(kLoad, slides);
    EXPECT_EQ(run.windows, windows_of(slides)) << slides << " slides";
    EXPECT_GT(run.ns_per_record, 0);
  }
}
TEST(SlideCost, ThePairHasARatioAndAGoal) {
  const PairedResult result = measure_slides(1, kLoad);
  EXPECT_GT(result.ratio.median, 0);
  EXPECT_EQ(result.goal.kind, GoalKind::kAtMost);
}

}  // namespace
}  // namespace penstock::bench
