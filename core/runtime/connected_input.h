// core/runtime/connected_input.h -- how a stage reads a keyed input and a broadcast one beside it.
//
// Records of the keyed input go through the chain as in ExchangeInput; those of the broadcast input go to
// `chain.front().on_broadcast(record, out)`.
// Ordering   What has arrived on the broadcast input goes first, so that a rule is in force before the next record.
//            Both inputs get their share of each poll, so that neither can starve the other.
// Time       Broadcast channels carry none. They come behind the keyed ones in the count of channels.
// Threads    Owned by one worker.
#pragma once

#include <cstddef>
#include <span>

#include "penstock/core/runtime/exchange_input.h"

namespace penstock {

template <class T, class R>
class ConnectedInput {
 public:
  // REQUIRES: the first input of `wiring` is the keyed one, the others are broadcasts of R.
  explicit ConnectedInput(const StageWiring& wiring) : keyed_(part_of(wiring, 0, 1)) {
    add_channels(broadcast_, part_of(wiring, 1, wiring.inputs.size()));
  }

  Status open(const TaskContext&) { return Status(); }
  Status close() { return Status(); }
  std::size_t channels() const noexcept { return keyed_.channels() + broadcast_.channels(); }
  std::size_t time_channels() const noexcept { return keyed_.channels(); }
  void block(std::size_t channel, bool blocked) noexcept {
    if (channel < keyed_.channels()) {
      keyed_.block(channel, blocked);
    } else {
      broadcast_.block(channel - keyed_.channels(), blocked);
    }
  }
  void leave() noexcept {
    keyed_.leave();
    broadcast_.leave();
  }
  std::size_t queued() const noexcept { return keyed_.queued() + broadcast_.queued(); }
  std::size_t capacity() const noexcept { return keyed_.capacity() + broadcast_.capacity(); }

  template <class Chain>
  Turn poll(Instant now, std::size_t budget, Chain& chain, const Credit& credit) noexcept {
    std::size_t taken = 0;
    while (taken < budget && credit.left > 0) {
      const typename InputGate<R>::Run run = broadcast_.next(budget - taken);
      if (run.control && taken == 0) return control_of(run.channel);
      if (run.elements.empty()) break;
      const std::size_t pushed = push_run(run.elements, chain, credit);
      broadcast_.consume(run.channel, pushed);
      taken += pushed;
    }
    Turn turn = keyed_.poll(now, budget, chain, credit);
    if (taken > 0 && turn.kind == TurnKind::kEmpty) turn.kind = TurnKind::kData;
    turn.records_aside = taken;
    return turn;
  }

 private:
  static StageWiring part_of(const StageWiring& wiring, std::size_t from, std::size_t to) {
    StageWiring part;
    part.task_index = wiring.task_index;
    part.inputs.assign(wiring.inputs.begin() + static_cast<std::ptrdiff_t>(from),
                       wiring.inputs.begin() + static_cast<std::ptrdiff_t>(to));
    return part;
  }

  Turn control_of(std::size_t channel) noexcept {
    Turn turn;
    turn.kind = TurnKind::kControl;
    turn.channel = keyed_.channels() + channel;
    turn.control = broadcast_.take_control(channel);
    return turn;
  }

  template <class Chain>
  static std::size_t push_run(std::span<const Element<R>> run, Chain& chain,
                              const Credit& credit) noexcept {
    std::size_t done = 0;
    for (; done < run.size() && credit.left > 0; ++done) {
      chain.front().on_broadcast(Record<R>{run[done].payload, run[done].header.time()},
                                 chain.after_front());
    }
    return done;
  }

  ExchangeInput<T> keyed_;
  InputGate<R> broadcast_;
};

}  // namespace penstock
