#include "penstock/core/base/crash_point.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <set>

namespace penstock {
namespace {

TEST(CrashPointDeathTest, EndsTheProcessAtTheVisitThatWasAskedFor) {
  EXPECT_EXIT(
      {
        ::setenv("PENSTOCK_CRASH_AT", "part.synced:3", 1);
        for (int i = 0; i < 5; ++i) internal::reach_crash_point("part.begun");
        internal::reach_crash_point("part.synced");
        internal::reach_crash_point("part.synced");
        std::fputs("twice\n", stderr);
        internal::reach_crash_point("part.synced");
        std::fputs("alive\n", stderr);
      },
      testing::KilledBySignal(SIGKILL), "twice\n$");
}

TEST(CrashPoint, NamesAreUnique) {
  EXPECT_EQ(std::set<std::string_view>(kCrashPoints.begin(), kCrashPoints.end()).size(),
            kCrashPoints.size());
}

}  // namespace
}  // namespace penstock
