// operators/window/pane_partial.h -- adds up the records of a task by pane, for one task to merge what many have seen.
//
// Fused into the chain before the exchange of a window over all records. What it emits are parts of panes, which count
// for their windows when they are merged; so a pane may come in several parts, and lateness is judged only there.
// Out        The part of a pane, at the last microsecond of the pane, before a watermark that reaches its end passes
//            on; at once for all panes when a record needs one too many. Records that come later make another part.
// Idleness   Nothing is held back from readers that do not wait for this task: all parts come out when it falls idle,
//            and those of the first batch afterwards at its end, which says that it is there again.
// Snapshots  Parts that have not come out are kept, and come out first of all when they are restored, in any task.
// Cost       One compare and an add per record within a pane; nothing is allocated.
// Threads    The task's worker.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/guarded.h"
#include "penstock/operators/restore_errors.h"
#include "penstock/operators/window/accumulator.h"
#include "penstock/operators/window/window_spec.h"

namespace penstock {

template <class Acc>
struct PanePart {
  Acc value{};
  std::uint64_t records = 0;
};

template <class In, class Acc, class ValueOf>
class PanePartial {
  static_assert(Accumulator<Acc>,
                "window_all: an accumulator is trivially copyable, default-constructible and has "
                "void merge(const Acc&)");

 public:
  using Output = PanePart<Acc>;

  PanePartial(WindowSpec spec, ValueOf value_of) : spec_(spec), value_of_(std::move(value_of)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    task_index_ = context.task_index;
    task_count_ = context.task_count;
    auto panes = Panes::of(spec_);
    if (!panes.ok()) return panes.status().with_place("window_all");
    panes_ = *panes;
    return Status();
  }

  void on_record(const Record<In>& record, CollectorOf<Output> auto&& out) noexcept {
    guarded(failure_, "window_all",
            [&]() noexcept(std::is_nothrow_invocable_v<ValueOf&, const In&>) {
              const auto& value = std::invoke(value_of_, record.value);
              if (static_cast<std::uint64_t>(record.time.micros) - start_ >= width_) [[unlikely]]
                turn_to(record.time, out);
              current_->part.value.add(value);
              ++current_->part.records;
            });
  }
  void on_watermark(EventTime time, CollectorOf<Output> auto&& out) noexcept {
    give_restored(out);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < used_; ++i) {
      if (panes_.time_of(open_[i].pane + 1) <= time) {
        emit(open_[i], out);
      } else {
        open_[kept++] = open_[i];
      }
    }
    used_ = kept;
    forget_current();
  }
  void on_idle(CollectorOf<Output> auto&& out) noexcept {
    flush(out);
    is_idle_ = true;
  }
  void end_batch(Instant, CollectorOf<Output> auto&& out) noexcept {
    give_restored(out);
    if (!is_idle_ || used_ == 0) return;
    is_idle_ = false;
    flush(out);
  }
  Status close(CollectorOf<Output> auto&& out) noexcept {
    flush(out);
    return Status();
  }

  void capture(Epoch, SnapshotWriter& out) noexcept {
    out.section(kSection, kVersion);
    for (const Open& open : restored_) add(open, out);
    for (std::size_t i = 0; i < used_; ++i) add(open_[i], out);
  }
  Status restore(const SnapshotItem& item) {
    Kept kept;
    if (item.section != kSection || item.version != kVersion)
      return internal::section_unknown(item).with_place("window_all");
    if (item.bytes.size() != sizeof(kept)) {
      return internal::accumulator_changed(item.bytes.size(), sizeof(kept))
          .with_place("window_all");
    }
    std::memcpy(&kept, item.bytes.data(), sizeof(kept));
    if (kept.spec != spec_)
      return internal::window_changed(kept.spec, spec_).with_place("window_all");
    // Each part to one task, which one does not matter.
    if (item.task_index % task_count_ == task_index_) restored_.push_back(kept.open);
    return Status();
  }

 private:
  struct Open {
    std::int64_t pane = 0;
    Output part;
  };
  struct Kept {  // As it stands in a snapshot.
    WindowSpec spec;
    Open open;
  };
  static constexpr std::string_view kSection = "penstock.pane_partial";
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::size_t kOpenMax = 16;

  template <class Out>
  [[gnu::noinline]] void turn_to(EventTime time, Out& out) noexcept {
    const std::int64_t pane = panes_.pane_of(time);
    std::size_t at = 0;
    while (at < used_ && open_[at].pane != pane) ++at;
    if (at == kOpenMax) {
      flush(out);
      at = 0;
    }
    if (at == used_) open_[used_++] = Open{pane, {}};
    current_ = &open_[at];
    start_ = static_cast<std::uint64_t>(panes_.time_of(pane).micros);
    width_ = static_cast<std::uint64_t>(panes_.time_of(pane + 1).micros) - start_;
  }
  void add(const Open& open, SnapshotWriter& out) const {
    const Kept kept{spec_, open};
    out.add({reinterpret_cast<const char*>(&kept), sizeof(kept)});
  }
  template <class Out>
  void give_restored(Out& out) noexcept {
    if (restored_.empty()) [[likely]]
      return;
    for (const Open& open : restored_) emit(open, out);
    restored_.clear();
  }
  template <class Out>
  void flush(Out& out) noexcept {
    give_restored(out);
    for (std::size_t i = 0; i < used_; ++i) emit(open_[i], out);
    used_ = 0;
    forget_current();
  }
  template <class Out>
  void emit(const Open& open, Out& out) noexcept {
    out.collect(
        Record<Output>{open.part, panes_.time_of(open.pane + 1) - std::chrono::microseconds(1)});
  }
  void forget_current() noexcept {
    current_ = nullptr;
    width_ = 0;
  }

  WindowSpec spec_;
  ValueOf value_of_;
  Panes panes_;
  // The pane of the last record; of width 0: none.
  std::uint64_t start_ = 0;
  std::uint64_t width_ = 0;
  Open* current_ = nullptr;
  std::array<Open, kOpenMax> open_{};
  std::size_t used_ = 0;
  bool is_idle_ = false;
  std::vector<Open> restored_;
  std::uint32_t task_index_ = 0;
  std::uint32_t task_count_ = 1;
  TaskFailure* failure_ = nullptr;
};

}  // namespace penstock
