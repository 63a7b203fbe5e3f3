// state/rocksdb/expiry_filter.h -- lets go of records that have expired when RocksDB rewrites its files.
//
// A key goes when all of its values have expired, an element of a map by itself. What readers see does not change:
// state that has expired is absent for them.
// Threads    tell_time() from the worker, the rest from RocksDB's threads.
#pragma once

#include <rocksdb/compaction_filter.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/time.h"
#include "penstock/state/disk/state_backend.h"

namespace penstock {

class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  ExpiryFilter(std::uint32_t prefix_bytes, std::vector<DiskState> states)
      : prefix_bytes_(prefix_bytes), states_(std::move(states)) {}

  bool any_expires() const noexcept;
  void tell_time(TimeDomain domain, EventTime now) noexcept {
    now_[static_cast<std::size_t>(domain)].store(now.micros, std::memory_order_relaxed);
  }
  // Whether all of a record has expired; false for what is no record.
  bool has_expired(std::string_view name, std::string_view value) const noexcept;

  const char* Name() const override { return "penstock.ExpiryFilter"; }
  bool Filter(int, const rocksdb::Slice& name, const rocksdb::Slice& value, std::string*,
              bool*) const override {
    return has_expired({name.data(), name.size()}, {value.data(), value.size()});
  }

 private:
  bool is_past(const DiskState& state, std::string_view used) const noexcept;
  bool all_past(std::string_view item) const noexcept;

  std::uint32_t prefix_bytes_;
  std::vector<DiskState> states_;
  std::array<std::atomic<std::int64_t>, 2> now_{kMinEventTime.micros, kMinEventTime.micros};
};

}  // namespace penstock
