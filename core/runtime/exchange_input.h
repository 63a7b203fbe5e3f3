// core/runtime/exchange_input.h -- how a stage reads from exchanges: runs of a ring, pushed through its chain.
//
// Look-ahead A keyed chain gets each run in blocks: first `front().look_ahead(block)`, which prefetches the state of
//            all its keys, then record by record `front().on_element(hash, position, record, out)`. It hides the cache
//            misses of a large state behind each other, and is the largest single lever on keyed throughput.
// Threads    Owned by one worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/input_gate.h"
#include "penstock/core/runtime/output_gate.h"
#include "penstock/core/stream/stage_body.h"

namespace penstock {

inline constexpr std::size_t kLookAheadRecords = 16;

template <class T>
class ExchangeInput {
 public:
  explicit ExchangeInput(const StageWiring& wiring) {
    for (const StageWiring::Input& input : wiring.inputs) {
      const auto& channels = static_cast<const TypedChannelSet<T>&>(*input.channels);
      for (std::uint32_t producer = 0; producer < input.producers; ++producer) {
        if (Channel<T>* channel = channels.channel(producer, wiring.task_index))
          gate_.add_channel(channel);
      }
    }
  }

  Status open(const TaskContext&) { return Status(); }
  Status close() { return Status(); }
  std::size_t channels() const noexcept { return gate_.channels(); }
  void block(std::size_t channel, bool blocked) noexcept { gate_.block(channel, blocked); }
  std::size_t queued() const noexcept { return gate_.queued(); }
  std::size_t capacity() const noexcept { return gate_.capacity(); }

  template <class Chain>
  Turn poll(Instant, std::size_t budget, Chain& chain, const Credit& credit,
            const TaskFailure& failure) noexcept {
    Turn turn;
    const typename InputGate<T>::Run run = gate_.next(budget);
    turn.channel = run.channel;
    if (run.control) {
      turn.kind = TurnKind::kControl;
      turn.control = gate_.take_control(run.channel);
    } else if (!run.elements.empty()) {
      turn.kind = TurnKind::kData;
      turn.records = push_run(run.elements, chain, credit, failure);
      gate_.consume(run.channel, turn.records);
    }
    return turn;
  }

 private:
  using Elements = std::span<const Element<T>>;

  template <class Chain>
  static std::size_t push_run(Elements run, Chain& chain, const Credit& credit,
                              const TaskFailure& failure) noexcept {
    std::size_t done = 0;
    while (done < run.size()) {
      const Elements block = run.subspan(done, std::min(kLookAheadRecords, run.size() - done));
      const std::size_t pushed = push_block(block, chain, credit, failure);
      done += pushed;
      if (pushed < block.size()) break;
    }
    return done;
  }

  template <class Chain>
  static std::size_t push_block(Elements block, Chain& chain, const Credit& credit,
                                const TaskFailure& failure) noexcept {
    constexpr bool kKeyed = requires { chain.front().look_ahead(block); };
    if constexpr (kKeyed) chain.front().look_ahead(block);
    std::size_t done = 0;
    for (const Element<T>& element : block) {
      if (credit.left <= 0 || failure.failed()) break;
      const Record<T> record{element.payload, element.header.time()};
      if constexpr (kKeyed) {
        chain.front().on_element(element.header.key_hash(), done, record, chain.after_front());
      } else {
        chain.collect(record);
      }
      ++done;
    }
    return done;
  }

  InputGate<T> gate_;
};

}  // namespace penstock
