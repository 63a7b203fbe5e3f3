// tests/sim/ledger.h -- what a simulated job has published, and will find again after a crash.
//
// A sink that publishes exactly once: what it has written since the newest durable epoch goes into the snapshot, and is
// published when that is durable, or by whoever restores it. Publishing the same again changes nothing. Each task of
// each run has a slot of its own, so that a run may have another number of tasks than those before.
// Threads    One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock::sim {

// What one task of one run has published, in order.
template <class T>
struct Published {
  std::vector<T> all;

  // `rows` stand from number `from` on.
  void publish(std::uint64_t from, const std::vector<T>& rows) {
    all.resize(static_cast<std::size_t>(from));
    all.insert(all.end(), rows.begin(), rows.end());
  }
};

// Of one sink: slots in the order in which their tasks were opened. They stay where they are.
template <class T>
using Slots = std::deque<Published<T>>;

// The writer of a task: the rows of this run, of which the first belong to epochs that are durable.
template <class T>
class LedgerWriter {
 public:
  void open(Slots<T>& slots) {
    slots_ = &slots;
    slot_ = slots.size();
    slots.emplace_back();
  }
  void write(const T& row) { rows_.push_back(row); }

  void capture(SnapshotWriter& out) {
    out.section("rows", 1);
    const std::vector<T> fresh(rows_.begin() + static_cast<std::ptrdiff_t>(durable_), rows_.end());
    captured_ = rows_.size();
    const std::uint64_t header[] = {slot_, durable_};
    char* to = out.add_room(sizeof(header) + fresh.size() * sizeof(T));
    std::memcpy(to, header, sizeof(header));
    if (!fresh.empty()) std::memcpy(to + sizeof(header), fresh.data(), fresh.size() * sizeof(T));
    out.after_commit([slot = &(*slots_)[slot_], from = durable_, fresh] {
      slot->publish(from, fresh);
      return Status();
    });
  }
  void committed() { durable_ = captured_; }
  // What an earlier run has captured. REQUIRES: open().
  void restore(std::string_view item) {
    std::uint64_t header[2] = {};
    std::memcpy(header, item.data(), sizeof(header));
    std::vector<T> rows((item.size() - sizeof(header)) / sizeof(T));
    if (!rows.empty())
      std::memcpy(rows.data(), item.data() + sizeof(header), rows.size() * sizeof(T));
    (*slots_)[header[0]].publish(header[1], rows);
  }

 private:
  Slots<T>* slots_ = nullptr;
  std::uint64_t slot_ = 0;
  std::vector<T> rows_;
  std::uint64_t durable_ = 0;
  std::uint64_t captured_ = 0;
};

}  // namespace penstock::sim
