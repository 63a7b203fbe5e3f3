// core/runtime/source_input.h -- how a stage reads from a typed source: the source pushes straight into the chain.
//
// A typed source is a copyable prototype with
//   using Value = T;
//   Status open(const SourceContext&)
//   PollResult poll(std::size_t max, Instant now, auto& emit)
//   void stop()                                     where it holds records that must not be lost when the job drains:
//                                                   it hands out those and then says kEnded
//   Status close()                                  where it has something to close; called after a failed open too
// and, where a restored job can go on from what it captured at the cut:
//   void capture(Epoch, SnapshotWriter&)
//   Status restore(const SnapshotItem&)             every item that it captured in any task of the stage
//   Status restored()                               after the last of them
// where emit(const Record<T>&) pushes one record and emit.full() says to stop before the next one (back-pressure).
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "penstock/core/runtime/output_gate.h"
#include "penstock/core/stream/source.h"
#include "penstock/core/stream/stage_body.h"

namespace penstock {

inline SourceContext source_context_of(const TaskContext& context) {
  return {
      context.task_index, context.task_count, context.clock,    context.file_system,
      context.waker,      context.notices,    context.counters, context.restored_epoch != Epoch{},
      context.source_log};
}

// What every source's poll comes to for its task.
inline Turn turn_of(const PollResult& result) noexcept {
  Turn turn;
  turn.records = result.records;
  turn.wake_at = result.wake_at;
  if (result.records > 0 || result.state == SourceState::kMore) {
    turn.kind =
        TurnKind::kData;  // Also without a record: the source wants to be asked again at once.
  } else if (result.state == SourceState::kEnded) {
    turn.kind = TurnKind::kEnded;
  } else if (result.state == SourceState::kMore) {
    turn.wake_at = Instant{};  // Nothing this time but more at once: whoever sleeps on it must not.
  }
  return turn;
}

template <class Source>
class SourceInput {
 public:
  using Value = typename Source::Value;

  explicit SourceInput(Source source) : source_(std::move(source)) {}

  Status open(const TaskContext& context) { return source_.open(source_context_of(context)); }
  Status close() {
    if constexpr (requires { source_.close(); }) return source_.close();
    return Status();
  }
  void capture(Epoch epoch, SnapshotWriter& out) noexcept {
    if constexpr (kReplayable) source_.capture(epoch, out);
  }
  Status restore(const SnapshotItem& item) {
    if constexpr (requires { source_.restore(item); }) return source_.restore(item);
    return Status(StatusCode::kFailedPrecondition, "the snapshot has a position of a source, '" +
                                                       std::string(item.section) +
                                                       "'; this one has none");
  }
  Status restored() {
    if constexpr (requires { source_.restored(); }) return source_.restored();
    return Status();
  }
  // As ByteSource::what_may_be_lost().
  std::string what_may_be_lost() const {
    if constexpr (requires { source_.what_may_be_lost(); }) return source_.what_may_be_lost();
    return kReplayable ? ""
                       : "a source of the program's own: it has no capture(), so what came "
                         "after the last snapshot is lost in a crash";
  }
  void stop() noexcept
    requires requires(Source& source) { source.stop(); }
  {
    source_.stop();
  }
  std::size_t channels() const noexcept { return 0; }
  void block(std::size_t, bool) noexcept {}
  std::size_t queued() const noexcept { return 0; }
  std::size_t capacity() const noexcept { return 0; }

  template <class Chain>
  Turn poll(Instant now, std::size_t budget, Chain& chain, const Credit& credit) {
    Emit<Chain> emit{chain, credit};
    return turn_of(source_.poll(budget, now, emit));
  }

 private:
  static constexpr bool kReplayable =
      requires(Source& source, SnapshotWriter& out) { source.capture(Epoch{}, out); };

  template <class Chain>
  struct Emit {
    Chain& chain;
    const Credit& credit;
    void operator()(const Record<Value>& record) noexcept { chain.collect(record); }
    bool full() const noexcept { return credit.left <= 0; }
  };

  Source source_;
};

}  // namespace penstock
