// core/stream/snapshot.h -- what operators write into the snapshot of their task, and get back when it is restored.
//
// Part       What one task has captured at the cut of an epoch: items in sections of its operators. Their bytes are
//            the operator's own; it names a version with each section and reads older ones.
// Sections   May be left and gone on with, so that the walks of several operators take turns.
// Format     Frames {length, section} of 8 bytes, little-endian, and their bytes. Section 0 names the others: its items
//            are {section, version, length of operator, operator, name}. Chunks hold whole frames.
// Trust      What is read may be anybody's: a SnapshotParser checks all lengths, and operators all sizes and values.
// Threads    The task's worker writes; whoever restores reads.
// Cost       A copy per item; a chunk that is full goes to the target, which may not wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>  // lint: allow(hot) looked up once per section and slice
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/base/status.h"

namespace penstock {

// Takes what has been written, in order.
class SnapshotTarget {
 public:
  virtual ~SnapshotTarget() = default;
  virtual void take(std::string chunk) noexcept = 0;
  // An empty string to fill as the next chunk, with the memory of one that is done with if there is one: memory that is
  // new to the process costs its first writer far more than the writing.
  virtual std::string spare() noexcept { return {}; }
  // False: whoever captures in slices should wait before the next one.
  virtual bool has_room() const noexcept { return true; }
  // See SnapshotWriter. Who makes nothing durable, as in tests of operators, drops both.
  // lint: allow(hot) once per epoch
  virtual void before_ack(std::function<Status()>) noexcept {}  // NOLINT: others keep it.
  // lint: allow(hot) once per epoch
  virtual void after_commit(std::function<Status()>) noexcept {}  // NOLINT: the same.
};

class SnapshotWriter {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

  // `target` outlives the writer.
  explicit SnapshotWriter(SnapshotTarget& target) : target_(&target) {}

  // Whose sections follow; the chain says it.
  void select_operator(std::string_view id) { operator_ = id; }
  // What the items that follow belong to.
  void section(std::string_view name, std::uint32_t version);
  void add(std::string_view item);
  // The same for an item that its writer puts together in place; to be filled before the next call.
  char* add_room(std::size_t bytes);

  // Work for the thread that makes snapshots durable. It runs before the part counts as captured; an error gives the
  // epoch up. What it owns may outlive the operator.
  // lint: allow(hot) once per epoch
  void before_ack(std::function<Status()> work) noexcept { target_->before_ack(std::move(work)); }
  // And once the epoch is durable: epoch by epoch, never two at a time. Dropped with an epoch that is given up. After
  // an error it is not called again: that of a later epoch makes up for it; after the last epoch it fails the job.
  // lint: allow(hot) once per epoch
  void after_commit(std::function<Status()> work) noexcept {
    target_->after_commit(std::move(work));
  }

  bool has_room() const noexcept { return target_->has_room(); }
  std::uint64_t bytes() const noexcept { return bytes_ + chunk_.size(); }  // So far.
  // Hands over the rest.
  void flush();

 private:
  char* frame(std::uint32_t section, std::size_t bytes);

  SnapshotTarget* target_;
  std::string operator_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> sections_;
  std::uint32_t section_ = 0;
  std::string chunk_;
  std::uint64_t bytes_ = 0;
};

// One item of a snapshot. The views are valid during the call that hands it over.
struct SnapshotItem {
  std::string_view operator_id;
  std::string_view section;
  std::uint32_t version = 0;
  std::string_view bytes;
  std::uint32_t task_index = 0;  // Which task of the stage has captured it, of how many.
  std::uint32_t task_count = 1;
};

// Takes the frames of one part apart, chunk by chunk.
class SnapshotParser {
 public:
  using Visit = std::function<Status(const SnapshotItem&)>;  // lint: allow(hot) of a restore

  SnapshotParser(std::uint32_t task_index, std::uint32_t task_count) noexcept
      : task_index_(task_index), task_count_(task_count) {}

  // The first error of `visit`, or kDataError for bytes that are no frames.
  Status parse(std::string_view chunk, const Visit& visit);

 private:
  struct Section {
    std::string operator_id;
    std::string name;
    std::uint32_t version = 0;
  };
  Status define(std::string_view item);

  std::uint32_t task_index_;
  std::uint32_t task_count_;
  std::vector<Section> sections_;  // Section n at n - 1.
};

}  // namespace penstock
