// tests/sim/ledger.h -- what a simulated job has published, and will find again after a crash.
//
// A sink that publishes exactly once: what it has written since the newest durable epoch goes into the snapshot, and is
// published when that is durable, or by whoever restores it. Publishing the same again changes nothing.
// Threads    One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock::sim {

// What one task has published, in order.
template <class T>
struct Published {
  std::vector<T> all;

  // `rows` stand from number `from` on.
  void publish(std::uint64_t from, const std::vector<T>& rows) {
    all.resize(static_cast<std::size_t>(from));
    all.insert(all.end(), rows.begin(), rows.end());
  }
};

// The writer of a task: the rows of this run, of which the first belong to epochs that are durable.
template <class T>
class LedgerWriter {
 public:
  void open(Published<T>* published) { published_ = published; }
  void write(const T& row) { rows_.push_back(row); }

  void capture(SnapshotWriter& out) {
    out.section("rows", 1);
    const std::vector<T> fresh(rows_.begin() + static_cast<std::ptrdiff_t>(durable_), rows_.end());
    captured_ = rows_.size();
    const std::uint64_t from = base_ + durable_;
    char* to = out.add_room(sizeof(from) + fresh.size() * sizeof(T));
    std::memcpy(to, &from, sizeof(from));
    if (!fresh.empty()) std::memcpy(to + sizeof(from), fresh.data(), fresh.size() * sizeof(T));
    out.after_commit([published = published_, from, fresh] {
      published->publish(from, fresh);
      return Status();
    });
  }
  void committed() { durable_ = captured_; }
  void restore(std::string_view item) {
    std::uint64_t from = 0;
    std::memcpy(&from, item.data(), sizeof(from));
    std::vector<T> rows((item.size() - sizeof(from)) / sizeof(T));
    if (!rows.empty())
      std::memcpy(rows.data(), item.data() + sizeof(from), rows.size() * sizeof(T));
    published_->publish(from, rows);
    base_ = from + rows.size();
  }

 private:
  Published<T>* published_ = nullptr;
  std::vector<T> rows_;
  std::uint64_t base_ = 0;  // Published before this run.
  std::uint64_t durable_ = 0;
  std::uint64_t captured_ = 0;
};

}  // namespace penstock::sim
