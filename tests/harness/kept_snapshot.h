// tests/harness/kept_snapshot.h -- a snapshot in memory: what tests of operators capture into and restore from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/stream/snapshot.h"

namespace penstock::harness {

// The part of one task.
class KeptPart : public SnapshotTarget {
 public:
  void take(std::string chunk) noexcept override { chunks.push_back(std::move(chunk)); }
  // Runs it at once: an error is one that gives the epoch up.
  void before_ack(std::function<Status()> work) noexcept override {
    if (status.ok()) status = work();
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const std::string& chunk : chunks) sum += chunk.size();
    return sum;
  }

  std::vector<std::string> chunks;
  Status status;
};

// The part of one task, for tests that say themselves when it is acknowledged and committed.
struct PendingPart final : SnapshotTarget {
  void take(std::string chunk) noexcept override { bytes += chunk; }
  void before_ack(std::function<Status()> work) noexcept override { ack = std::move(work); }
  void after_commit(std::function<Status()> work) noexcept override { commit = std::move(work); }

  std::string bytes;
  std::function<Status()> ack;
  std::function<Status()> commit;
};

// Each item of all parts, the first error.
template <class Visit>
Status visit_items(const std::vector<const KeptPart*>& parts, Visit visit) {
  const auto count = static_cast<std::uint32_t>(parts.size());
  for (std::uint32_t task = 0; task < count; ++task) {
    SnapshotParser parser(task, count);
    for (const std::string& chunk : parts[task]->chunks)
      PENSTOCK_RETURN_IF_ERROR(parser.parse(chunk, visit));
  }
  return {};
}

}  // namespace penstock::harness
