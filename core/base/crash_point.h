// core/base/crash_point.h -- named places at which a test lets the process die, as if by SIGKILL or a power cut.
//
// PENSTOCK_CRASH_AT=NAME or NAME:N in the environment ends the process when it comes there for the N-th time. Builds
// without PENSTOCK_CRASH_POINTS (see the CMake option), as what is shipped, have none of it.
// Threads    Any.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace penstock {

// One a line: tools/crash reads them here, and fails when one is never reached.
inline constexpr auto kCrashPoints = std::to_array<std::string_view>({
    "epoch.begun",      "epoch.requested",    "task.capture_begun",
    "task.captured",    "part.begun",         "part.synced",
    "output.synced",    "epoch.all_captured", "manifest.written",
    "manifest.synced",  "epoch.renamed",      "epoch.durable",
    "transaction.due",  "output.committed",   "output.published_half",
    "output.published", "epoch.committed",    "epoch.garbage_collected",
    "restore.begun",    "restore.state_read", "restore.done",
    "state_disk.begun", "state_disk.keeping", "state_disk.kept",
});

namespace internal {

void reach_crash_point(std::string_view name) noexcept;
bool is_mutant(std::string_view name) noexcept;

consteval std::string_view known_crash_point(std::string_view name) {
  if (std::find(kCrashPoints.begin(), kCrashPoints.end(), name) == kCrashPoints.end())
    throw "this crash point is not in kCrashPoints";
  return name;
}

}  // namespace internal
}  // namespace penstock

// PENSTOCK_MUTANT("name"): whether PENSTOCK_MUTANT=name in the environment asks for a defect that tests have to find.
#ifdef PENSTOCK_CRASH_POINTS
#define PENSTOCK_MUTANT(name) ::penstock::internal::is_mutant(name)
#define PENSTOCK_CRASH_POINT(name) \
  ::penstock::internal::reach_crash_point(::penstock::internal::known_crash_point(name))
#else
#define PENSTOCK_MUTANT(name) false
#define PENSTOCK_CRASH_POINT(name) static_cast<void>(0)
#endif
