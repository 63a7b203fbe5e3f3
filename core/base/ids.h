// core/base/ids.h -- numbers that name things, each with a type of its own so that two cannot be swapped.
#pragma once

#include <compare>
#include <cstdint>

namespace penstock {

// A number that names a thing of kind Tag. Ordered, hashable by `value`, as cheap as its Rep.
template <class Tag, class Rep = std::uint32_t>
struct StrongId {
  Rep value = 0;
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

using StageId = StrongId<struct StageTag>;  // A node of the plan.
using TaskId = StrongId<struct TaskTag>;    // One parallel instance of a stage; unique in the job.
using WorkerId = StrongId<struct WorkerTag>;  // One pinned thread.
using KeyGroup =
    StrongId<struct KeyGroupTag>;  // A fixed slice of the key space, 0 .. kKeyGroups - 1.
using SplitId =
    StrongId<struct SplitTag>;  // A part of a source that is read in order: file, partition.
using Epoch = StrongId<struct EpochTag,
                       std::uint64_t>;  // Number of a checkpoint; never reused; 0 is "none yet".

// Where a record came from: enough to find it again, and to derive ids that are equal on every replay.
struct Origin {
  SplitId split;
  std::uint64_t offset =
      0;  // Position within the split, as its source counts: byte, line or message.
  friend constexpr auto operator<=>(const Origin&, const Origin&) = default;
};

}  // namespace penstock
