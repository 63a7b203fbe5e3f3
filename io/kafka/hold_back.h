// io/kafka/hold_back.h -- whether a writer keeps what a batch brought for the next one to join it.
//
// A broker works about as long on a request with a few records as on one with hundreds. Where a batch has brought many,
// as while a job catches up, the next brings as many within microseconds: it is worth waiting for, though not for long.
// A batch that brought few goes at once, so that a result under light load waits for nothing.
// Threads    Owned by the worker of a writer.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

#include "penstock/core/base/time.h"

namespace penstock::kafka::internal {

class HoldBack {
 public:
  static constexpr std::size_t kMany = 64;  // Of the 256 that a batch may have.
  static constexpr std::chrono::milliseconds kAtMost{2};

  // At the end of a batch, behind which `waiting` records wait. True: they stay until this is asked again, which is to
  // be soon, also when nothing more has come.
  bool keeps(std::size_t waiting, Instant now) noexcept {
    const std::size_t before = std::exchange(waiting_, waiting);
    if (before == 0) since_ = now;
    return waiting >= before + kMany && now - since_ < kAtMost;
  }
  // What waited has gone.
  void let_go() noexcept { waiting_ = 0; }
  bool has_kept() const noexcept { return waiting_ > 0; }

 private:
  std::size_t waiting_ = 0;
  Instant since_;
};

}  // namespace penstock::kafka::internal
