// state/key_group_load.h -- how the records of a task spread over its key groups, so that skew shows before it hurts.
//
// One record of each run stands for all of it: under little load runs are single records, and all are counted; under
// full load it is one in some hundred. What is long past counts less: after kWindow records all counts are halved.
// Cost       An addition and a comparison per run of records.
// Threads    The task's worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/core/base/key_group.h"

namespace penstock {

class KeyGroupLoad {
 public:
  static constexpr std::uint64_t kWindow = std::uint64_t{1} << 22;

  // Which record of the next run to look at: another each time, so that no rhythm of the source hides anything.
  std::size_t next(std::size_t run) noexcept {
    phase_ += 0x9e3779b9;
    return static_cast<std::size_t>(std::uint64_t{phase_} * run >> 32);
  }
  void sample(std::uint64_t key_hash, std::size_t run) noexcept {
    const std::uint32_t group = key_group_of(key_hash).value;
    counts_[group] += static_cast<std::uint32_t>(run);
    records_ += run;
    if (counts_[group] > counts_[hottest_]) hottest_ = group;
    if (records_ >= kWindow) [[unlikely]]
      halve();
  }

  std::uint32_t hottest() const noexcept { return hottest_; }
  std::uint64_t hottest_records() const noexcept { return counts_[hottest_]; }
  std::uint64_t records() const noexcept { return records_; }

 private:
  [[gnu::noinline]] void halve() noexcept {
    records_ = 0;
    for (std::uint32_t& count : counts_) records_ += count /= 2;
  }

  std::array<std::uint32_t, kKeyGroups> counts_{};
  std::uint64_t records_ = 0;
  std::uint32_t hottest_ = 0;
  std::uint32_t phase_ = 0;
};

}  // namespace penstock
