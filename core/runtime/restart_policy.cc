#include "penstock/core/runtime/restart_policy.h"

#include <algorithm>

namespace penstock {

std::optional<std::chrono::nanoseconds> RestartPolicy::failed(const Status& failure,
                                                              Instant now) noexcept {
  if (now - started_ >= options_.forgets_after) number_ = 0;
  if (!may_pass(failure) || number_ >= options_.max) return std::nullopt;
  std::chrono::nanoseconds wait = options_.first_wait;
  for (std::uint32_t i = 0; i < number_ && wait < options_.longest_wait; ++i) wait *= 2;
  wait = std::min<std::chrono::nanoseconds>(wait, options_.longest_wait);
  ++number_;
  const double factor = 1 + options_.jitter * (2 * random_.uniform() - 1);
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor));
}

}  // namespace penstock
