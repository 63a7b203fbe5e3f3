// core/checkpoint/restore_progress.h -- tells how far a long restore has come: bytes of bytes, every two seconds.
//
// A restore that is over within the first second says nothing.
// Threads    add() from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/notice.h"

namespace penstock {

class RestoreProgress {
 public:
  static constexpr std::chrono::seconds kFirstAfter{1};
  static constexpr std::chrono::seconds kThenEvery{2};

  // Both outlive it.
  RestoreProgress(const Clock& clock, Notices& notices) noexcept
      : clock_(clock), notices_(notices) {}

  // So many more will be read, counted for each task that reads them. Before the first add().
  void expect(std::uint64_t bytes) noexcept;
  void add(std::uint64_t bytes) noexcept;

 private:
  const Clock& clock_;
  Notices& notices_;
  std::mutex mutex_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  bool begun_ = false;
  Instant tell_at_{};
};

}  // namespace penstock
