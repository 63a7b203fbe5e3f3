// operators/filter.h -- passes the records for which the function is true, unchanged.
//
// Held back  Where many are dropped and many pass, which of them do cannot be predicted, and each wrong guess of the
//            processor costs as much as making and sending several records. So where the stage ends in an exchange,
//            small records go to a buffer without a jump, and on from there: 16 at a time, and all of them when what
//            the task has polled is over, or another part of the source begins. No order changes but that of calls:
//            the function sees a few records before those behind it see the first. It is done for functions that carry
//            nothing and cannot throw. Else records pass at once, without a copy.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "penstock/core/stream/collector.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/guarded.h"

namespace penstock {

template <class In, class Predicate>
class Filter {
  static_assert(
      std::is_invocable_r_v<bool, Predicate&, const In&>,
      "filter: the function must be callable as bool f(const In&) with the stream's record type");

 public:
  using Output = In;

  explicit Filter(Predicate predicate) : predicate_(std::move(predicate)) {}

  Status open(const TaskContext& context) {
    failure_ = context.failure;
    credit_ = context.credit;
    return Status();
  }

  void begin_batch(Instant) noexcept {
    if constexpr (kMayHold) begin_holding();
  }
  template <class Out>
  void on_record(const Record<In>& record, Out&& out) noexcept {
    if constexpr (kMayHold && requires { requires std::remove_cvref_t<Out>::kLeavesTask; }) {
      const bool passes = std::invoke(predicate_, record.value);
      if (holds_) return hold(record, passes, out);
      ++(passes ? passed_ : dropped_);
      if (passes) out.collect(record);
    } else {
      guarded(failure_, "filter",
              [&]() noexcept(std::is_nothrow_invocable_v<Predicate&, const In&>) {
                if (std::invoke(predicate_, record.value)) out.collect(record);
              });
    }
  }
  // What is held back goes on, and nothing is until the next batch begins.
  void hand_on(auto&& out) noexcept {
    if constexpr (kMayHold) {
      empty(out);
      holds_ = false;
    }
  }

 private:
  static constexpr std::size_t kBytesMax = 40;  // Of a record that is worth a copy.
  static constexpr bool kMayHold = std::is_trivially_copyable_v<In> &&
                                   std::is_default_constructible_v<In> &&
                                   sizeof(Record<In>) <= kBytesMax && std::is_empty_v<Predicate> &&
                                   std::is_nothrow_invocable_v<Predicate&, const In&>;
  static constexpr std::size_t kHeld = 16;
  // From so many records it is told whether to hold back, for so many batches.
  static constexpr std::uint64_t kSample = 512;
  static constexpr std::uint32_t kBatches = 64;

  struct Nothing {};
  using Buffer = std::array<Record<In>, kHeld>;

  void begin_holding() noexcept {
    if (batches_left_ > 0) {
      --batches_left_;
    } else if (passed_ + dropped_ >= kSample) {
      const bool mixed = std::min(passed_, dropped_) > (passed_ + dropped_) / 8;
      batches_left_ = mixed ? kBatches : 0;
      passed_ = dropped_ = 0;
    }
    holds_ = batches_left_ > 0;
    if (holds_) look_at_credit();
  }
  // Readers have room for as many as there is credit.
  void look_at_credit() noexcept {
    const std::int64_t credit = credit_ == nullptr ? kHeld : credit_->left;
    limit_ = static_cast<std::size_t>(std::clamp<std::int64_t>(credit, 1, kHeld));
  }
  [[gnu::always_inline]] void hold(const Record<In>& record, bool passes, auto& out) noexcept {
    held_[held_now_] = record;
    held_now_ += static_cast<std::size_t>(passes);
    if (held_now_ == limit_) empty(out);
  }
  [[gnu::noinline]] void empty(auto& out) noexcept {
    const std::size_t held = std::exchange(held_now_, 0);
    for (std::size_t i = 0; i < held; ++i) {
      if (failure_ != nullptr && failure_->failed()) [[unlikely]]
        return;
      out.collect(held_[i]);
    }
    look_at_credit();
  }

  Predicate predicate_;
  bool holds_ = false;
  std::uint32_t batches_left_ = 0;
  std::size_t held_now_ = 0;
  std::size_t limit_ = 1;
  [[no_unique_address]] std::conditional_t<kMayHold, Buffer, Nothing> held_;
  std::uint64_t passed_ = 0;
  std::uint64_t dropped_ = 0;
  TaskFailure* failure_ = nullptr;
  const Credit* credit_ = nullptr;
};

}  // namespace penstock
