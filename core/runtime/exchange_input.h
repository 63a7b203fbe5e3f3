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

// What all inputs that read exchanges are to their tasks.
template <class T>
class ExchangeReader {
 public:
  explicit ExchangeReader(const StageWiring& wiring) { add_channels(gate_, wiring); }

  std::size_t channels() const noexcept { return gate_.channels(); }
  void block(std::size_t channel, bool blocked) noexcept { gate_.block(channel, blocked); }
  void leave() noexcept { gate_.leave(); }
  std::size_t queued() const noexcept { return gate_.queued(); }
  std::size_t capacity() const noexcept { return gate_.capacity(); }

 protected:
  // A run of the next channel that has something, or its control element. `push(elements, bytes)` works off the run
  // and returns how many of its records it has done; `bytes` is what the slots do not hold.
  template <class Push>
  Turn next_turn(std::size_t budget, Push push) noexcept {
    Turn turn;
    const typename InputGate<T>::Run run = gate_.next(budget);
    turn.channel = run.channel;
    if (run.control) {
      turn.kind = TurnKind::kControl;
      turn.control = gate_.take_control(run.channel);
    } else if (!run.elements.empty()) {
      turn.kind = TurnKind::kData;
      turn.records = push(run.elements, gate_.bytes(run.channel));
      gate_.consume(run.channel, turn.records);
    }
    return turn;
  }

 private:
  InputGate<T> gate_;
};

template <class T>
class ExchangeInput : public ExchangeReader<T> {
 public:
  using ExchangeReader<T>::ExchangeReader;

  Status open(const TaskContext&) { return Status(); }
  Status close() { return Status(); }

  template <class Chain>
  Turn poll(Instant, std::size_t budget, Chain& chain, const Credit& credit) noexcept {
    return this->next_turn(budget, [&](Elements run, ChannelBytes<T>&) noexcept {
      return push_run(run, chain, credit);
    });
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
};

}  // namespace penstock
