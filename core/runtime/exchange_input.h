// core/runtime/exchange_input.h -- how a stage reads from exchanges: runs of a ring, pushed through its chain.
//
// Runs       A chain whose first operator has `on_run(run, credit, out)` gets each run at once, so that it can fetch
//            the state of later records while it works off earlier ones: the largest single lever on keyed throughput.
// Threads    Owned by one worker.
#pragma once

#include <cstddef>
#include <span>

#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/input_gate.h"
#include "penstock/core/runtime/output_gate.h"
#include "penstock/core/stream/stage_body.h"

namespace penstock {

// The rings of `wiring` that lead to its task.
template <class T>
void add_channels(InputGate<T>& gate, const StageWiring& wiring) {
  for (const StageWiring::Input& input : wiring.inputs) {
    const auto& channels = static_cast<const TypedChannelSet<T>&>(*input.channels);
    for (std::uint32_t producer = 0; producer < input.producers; ++producer) {
      if (Channel<T>* channel = channels.channel(producer, wiring.task_index))
        gate.add_channel(channel);
    }
  }
}

template <class T>
class ExchangeInput {
 public:
  explicit ExchangeInput(const StageWiring& wiring) { add_channels(gate_, wiring); }

  Status open(const TaskContext&) { return Status(); }
  Status close() { return Status(); }
  std::size_t channels() const noexcept { return gate_.channels(); }
  void block(std::size_t channel, bool blocked) noexcept { gate_.block(channel, blocked); }
  void leave() noexcept { gate_.leave(); }
  std::size_t queued() const noexcept { return gate_.queued(); }
  std::size_t capacity() const noexcept { return gate_.capacity(); }

  template <class Chain>
  Turn poll(Instant, std::size_t budget, Chain& chain, const Credit& credit) noexcept {
    Turn turn;
    const typename InputGate<T>::Run run = gate_.next(budget);
    turn.channel = run.channel;
    if (run.control) {
      turn.kind = TurnKind::kControl;
      turn.control = gate_.take_control(run.channel);
    } else if (!run.elements.empty()) {
      turn.kind = TurnKind::kData;
      turn.records = push_run(run.elements, chain, credit);
      gate_.consume(run.channel, turn.records);
    }
    return turn;
  }

 private:
  using Elements = std::span<const Element<T>>;

  template <class Chain>
  static std::size_t push_run(Elements run, Chain& chain, const Credit& credit) noexcept {
    if constexpr (requires { chain.front().on_run(run, credit, chain.after_front()); }) {
      return chain.front().on_run(run, credit, chain.after_front());
    } else {
      std::size_t done = 0;
      for (; done < run.size() && credit.left > 0; ++done)
        chain.collect(Record<T>{run[done].payload, run[done].header.time()});
      return done;
    }
  }

  InputGate<T> gate_;
};

}  // namespace penstock
