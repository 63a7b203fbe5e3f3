// api/stage_builder.h -- turns what a stream has gathered (input, operators, outputs) into a stage of the plan.
//
// Streams hold prototypes; the body of each task is made from copies of them when the engine is built.
// Threads    Used by the thread that writes the job.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/chain_body.h"
#include "penstock/core/runtime/connected_input.h"
#include "penstock/core/runtime/exchange_input.h"

namespace penstock::internal {

template <class T>
ExchangeSpec exchange(StageId from, std::uint32_t output, StageId to, ExchangeKind kind) {
  return {from, output, to, kind, [](const ChannelSetShape& shape) -> std::unique_ptr<ChannelSet> {
            return std::make_unique<TypedChannelSet<T>>(shape);
          }};
}

// To a stage that keeps what it gets: rules and lists come rarely, so that short rings are enough, however large the
// records are.
template <class T>
ExchangeSpec broadcast_exchange(StageId from, StageId to) {
  return {from, 0, to, ExchangeKind::kBroadcast,
          [](ChannelSetShape shape) -> std::unique_ptr<ChannelSet> {
            constexpr std::size_t kRingBytes = std::size_t{64} << 10;
            constexpr std::size_t kSlotsMin = 16;
            while (shape.slots > kSlotsMin && shape.slots * sizeof(Element<T>) > kRingBytes)
              shape.slots /= 2;
            return std::make_unique<TypedChannelSet<T>>(shape);
          }};
}

// Whether two streams can be combined: false when they belong to different jobs, which then both refuse to start.
inline bool same_job(const char* method, Plan& plan, StageId stage, Plan& other_plan,
                     StageId other_stage) {
  if (&plan == &other_plan) return true;
  const Status why = Status::invalid_argument(
      std::string(method) + ": stream \"" + plan.stage(stage).name + "\" and stream \"" +
      other_plan.stage(other_stage).name +
      "\" belong to different jobs: write both in one job, or push the records of one into the "
      "other through job.input<T>()");
  plan.refuse(why);
  other_plan.refuse(why);
  return false;
}

// ---- how a stage gets its input: from a source prototype, or from the exchanges that lead to it ----

template <class Input>
struct FromPrototype {
  using Type = Input;
  Input prototype;
  Input operator()(const StageWiring&) const { return prototype; }
};

template <class T>
struct FromExchanges {
  using Type = ExchangeInput<T>;
  ExchangeInput<T> operator()(const StageWiring& wiring) const { return ExchangeInput<T>(wiring); }
};

template <class T, class R>
struct FromConnected {
  using Type = ConnectedInput<T, R>;
  Type operator()(const StageWiring& wiring) const { return Type(wiring); }
};

// ---- what a chain ends in ----

using OwnedParts = std::vector<std::shared_ptr<void>>;

struct ToNowhere {
  using Type = NoOutput;
  NoOutput* operator()(const StageWiring&, StageOutputs&, OwnedParts& owned) const {
    auto end = std::make_shared<NoOutput>();
    owned.push_back(end);
    return end.get();
  }
};

// The key of a record: a reference into it, where it is not copied.
template <class T, class Selector>
class KeyOf {
  // Which member it is, is known when the job runs. So what is asked for it must lie in memory, and a record that has
  // just been made would be read there again, in larger pieces than it was written in, to get to its slot: a
  // processor waits some 20 cycles for that. Of a copy the record itself knows nothing and stays in registers.
  static constexpr bool kReadsACopy = std::is_member_object_pointer_v<Selector> &&
                                      std::is_trivially_copyable_v<T> && sizeof(T) <= 64;
  using Selected = std::invoke_result_t<const Selector&, const T&>;
  using Key = std::conditional_t<kReadsACopy, std::remove_cvref_t<Selected>, Selected>;

 public:
  explicit KeyOf(Selector selector) : selector_(std::move(selector)) {}

  Key operator()(const T& value) const
      noexcept(std::is_nothrow_invocable_v<const Selector&, const T&>) {
    if constexpr (kReadsACopy) {
      const T copy = value;
      return std::invoke(selector_, copy);
    } else {
      return std::invoke(selector_, value);
    }
  }

 private:
  Selector selector_;
};

template <class T, class Selector>
struct KeyHashOf {
  KeyOf<T, Selector> key_of;
  std::uint64_t operator()(const T& value) const
      noexcept(std::is_nothrow_invocable_v<const KeyOf<T, Selector>&, const T&>) {
    return key_hash(key_of(value));
  }
};

template <class T, class Selector>
struct ToKeyOwners {
  using Partition = HashPartition<T, KeyHashOf<T, Selector>>;
  using Type = PartitionedGate<T, Partition>;
  Selector selector;
  Type* operator()(const StageWiring& wiring, StageOutputs& outputs, OwnedParts&) const {
    for (const StageWiring::Output& output : wiring.outputs) {
      if (output.output == 0)
        return &outputs.add_gate<T>(
            wiring, output, Partition(KeyHashOf<T, Selector>{KeyOf<T, Selector>(selector)}));
    }
    return nullptr;
  }
};

template <class T>
void add_spread_gate(const StageWiring& wiring, const StageWiring::Output& output,
                     StageOutputs& outputs, FanOut<T>& fan_out) {
  if (output.kind == ExchangeKind::kBroadcast) {
    fan_out.add(outputs.add_gate<T>(wiring, output, BroadcastPartition<T>()));
  } else {
    fan_out.add(outputs.add_gate<T>(wiring, output, TurnPartition<T>()));
  }
}

// To every exchange that reads output `index` of the stage.
template <class T>
struct ToReaders {
  using Type = FanOut<T>;
  std::uint32_t index = 0;
  FanOut<T>* operator()(const StageWiring& wiring, StageOutputs& outputs, OwnedParts& owned) const {
    auto fan_out = std::make_shared<FanOut<T>>();
    for (const StageWiring::Output& output : wiring.outputs) {
      if (output.output == index) add_spread_gate(wiring, output, outputs, *fan_out);
    }
    owned.push_back(fan_out);
    return fan_out.get();
  }
};

// A side output that some stream reads: makes its collector when the task is built.
using MakeSideOutput =
    std::function<SideOutputSlot(const StageWiring&, StageOutputs&, OwnedParts&)>;

template <class T>
MakeSideOutput side_output_maker(std::string name, std::uint32_t index) {
  return [name = std::move(name), index](const StageWiring& wiring, StageOutputs& outputs,
                                         OwnedParts& owned) {
    FanOut<T>* fan_out = ToReaders<T>{index}(wiring, outputs, owned);
    auto collector = std::make_shared<AnyCollector<T>>(*fan_out);
    owned.push_back(collector);
    return SideOutputSlot{name, &typeid(T), collector.get()};
  };
}

template <class MakeInput, class MakeOut, class... Ops>
void seal_stage(Plan& plan, StageId stage, MakeInput make_input, MakeOut make_out,
                const std::vector<MakeSideOutput>& sides, std::tuple<Ops...> ops) {
  plan.seal(stage, [=](const StageWiring& wiring) -> Result<std::unique_ptr<StageBody>> {
    auto outputs = std::make_unique<StageOutputs>();
    OwnedParts owned;
    auto* out = make_out(wiring, *outputs, owned);
    std::vector<SideOutputSlot> slots;
    slots.reserve(sides.size());
    for (const MakeSideOutput& make_side : sides)
      slots.push_back(make_side(wiring, *outputs, owned));
    using Body = ChainBody<typename MakeInput::Type, typename MakeOut::Type, Ops...>;
    return std::apply(
        [&](const Ops&... op) -> std::unique_ptr<StageBody> {
          return std::make_unique<Body>(make_input(wiring), std::move(outputs), out,
                                        std::move(slots), std::move(owned), op...);
        },
        ops);
  });
}

}  // namespace penstock::internal
