// core/runtime/stage_outputs.h -- all outputs of one task: their gates, and the credit they share.
//
// Ownership  Owns the gates; a chain borrows the one at its end, side outputs are lent to operators by name.
// Threads    Owned by one worker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/output_gate.h"
#include "penstock/core/stream/erased.h"

namespace penstock {

class StageOutputs {
 public:
  // Builds the gate of one exchange.
  template <class T, class Partition>
  PartitionedGate<T, Partition>& add_gate(const StageWiring& wiring,
                                          const StageWiring::Output& output, Partition partition) {
    auto gate = std::make_unique<PartitionedGate<T, Partition>>(
        static_cast<const TypedChannelSet<T>&>(*output.channels), wiring.task_index,
        output.consumers, std::move(partition), credit_);
    PartitionedGate<T, Partition>& result = *gate;
    gates_.push_back(std::move(gate));
    return result;
  }

  void open(const TaskContext& context) {
    for (auto& gate : gates_) gate->open(context);
  }

  Credit& credit() noexcept { return credit_; }

  // Whether at least one more record fits everywhere.
  bool ready() noexcept {
    if (credit_.left <= 0) refill();
    return credit_.left > 0;
  }
  bool flushed() noexcept {
    bool all = true;
    for (auto& gate : gates_) all = gate->refill_overflow() && all;
    publish();
    return all;
  }
  // Whether there are readers, and all of them have left.
  bool is_unread() const noexcept {
    return !gates_.empty() && std::all_of(gates_.begin(), gates_.end(),
                                          [](const auto& gate) { return gate->is_unread(); });
  }
  void control(ElementHeader header) noexcept {
    for (auto& gate : gates_) gate->control(header);
  }
  void publish() noexcept {
    for (auto& gate : gates_) gate->publish();
  }
  void request_space() noexcept {
    for (auto& gate : gates_) gate->request_space();
  }

 private:
  // Without outputs a task never waits; the bound keeps the arithmetic away from overflow.
  static constexpr std::int64_t kCreditMax = std::numeric_limits<std::int64_t>::max() / 2;

  void refill() noexcept {
    std::size_t least = static_cast<std::size_t>(kCreditMax);
    for (auto& gate : gates_) least = std::min(least, gate->refill());
    if (!gates_.empty()) publish();
    credit_.left = static_cast<std::int64_t>(least);
  }

  std::vector<std::unique_ptr<OutputGate>> gates_;
  Credit credit_;
};

}  // namespace penstock
