#include "penstock/core/checkpoint/restore_progress.h"

#include <algorithm>
#include <string>

namespace penstock {

void RestoreProgress::expect(std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  total_ += bytes;
  if (begun_) return;
  begun_ = true;
  tell_at_ = clock_.now() + kFirstAfter;
}

void RestoreProgress::add(std::uint64_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  done_ = std::min(done_ + bytes, total_);
  const Instant now = clock_.now();
  if (now < tell_at_ || done_ == total_) return;
  tell_at_ = now + kThenEvery;
  notices_.post({Severity::kInfo, "checkpoints",
                 "restoring: " + std::to_string(done_) + " of " + std::to_string(total_) +
                     " bytes, " + std::to_string(done_ * 100 / total_) + " %"});
}

}  // namespace penstock
