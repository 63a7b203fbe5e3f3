// state/rocksdb/expiry_filter.h -- which records have expired, and may go when RocksDB rewrites its files.
//
// A key goes when all of its values have expired, an element of a map by itself. What readers see does not change:
// state that has expired is absent for them.
// Threads    tell_time() from the worker, the rest from RocksDB's threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/time.h"
#include "penstock/state/disk/state_backend.h"

namespace penstock {

class ExpiryFilter {
 public:
  ExpiryFilter(std::uint32_t prefix_bytes, std::vector<DiskState> states)
      : prefix_bytes_(prefix_bytes), states_(std::move(states)) {}

  bool any_expires() const noexcept;
  void tell_time(TimeDomain domain, EventTime now) noexcept {
    now_[static_cast<std::size_t>(domain)].store(now.micros, std::memory_order_relaxed);
  }
  // Whether all of a record has expired; false for what is no record.
  bool has_expired(std::string_view name, std::string_view value) const noexcept;

 private:
  bool is_past(const DiskState& state, std::string_view used) const noexcept;
  bool all_past(std::string_view item) const noexcept;

  std::uint32_t prefix_bytes_;
  std::vector<DiskState> states_;
  std::array<std::atomic<std::int64_t>, 2> now_{kMinEventTime.micros, kMinEventTime.micros};
};

}  // namespace penstock
