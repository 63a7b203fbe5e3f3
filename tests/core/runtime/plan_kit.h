// tests/core/runtime/plan_kit.h -- small plans by hand: numbered sources, stages of any operators, a log.
//
// The typed API does the same for users; these tests stand below it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/chain_body.h"
#include "penstock/core/runtime/engine.h"
#include "penstock/core/runtime/exchange_input.h"
#include "penstock/core/runtime/source_input.h"

namespace penstock::kit {

// In tests where somebody always has something to do, a wait this long can only be a hang.
inline constexpr std::chrono::seconds kHangsAfter{60};

// A record that tells when it is torn or belongs to somebody else.
struct Item {
  std::uint32_t origin = 0;  // Source task.
  std::uint64_t number = 0;
  std::uint64_t check = 0;

  static Item of(std::uint32_t origin, std::uint64_t number) noexcept {
    return {origin, number, hash_bits(number * 31 + origin)};
  }
  bool is_whole() const noexcept { return check == hash_bits(number * 31 + origin); }
  friend bool operator==(const Item&, const Item&) = default;
};

// Emits 0, 1, 2, ... with the number as event time; ends after `count`.
struct NumberSource {
  using Value = Item;
  std::uint64_t count = ~0ULL;
  std::uint64_t burst = ~0ULL;  // After so many records one poll finds nothing.

  Status open(const SourceContext& context) {
    origin = context.task_index;
    return Status();
  }
  PollResult poll(std::size_t max, Instant now, auto& emit) {
    PollResult result;
    while (result.records < max && next < count && !emit.full()) {
      if (next % burst == burst - 1 && !std::exchange(rested, true)) break;
      rested = false;
      emit(Record<Item>{Item::of(origin, next), EventTime{static_cast<std::int64_t>(next)}});
      ++next;
      ++result.records;
    }
    if (next == count) result.state = SourceState::kEnded;
    if (rested)
      result = {result.records, SourceState::kWaiting, now + std::chrono::microseconds(20)};
    return result;
  }

  std::uint32_t origin = 0;
  std::uint64_t next = 0;
  bool rested = false;
};

// What reached the tasks of a stage, in order; read it when the job has ended.
struct Log {
  struct Task {
    std::vector<Item> items;
    std::vector<std::pair<Epoch, std::size_t>> barriers;  // With the number of items before each.
    std::vector<EventTime> watermarks;
    bool closed = false;
  };
  std::mutex mutex;
  std::vector<Task> tasks = std::vector<Task>(64);

  std::size_t size() {
    const std::lock_guard lock(mutex);
    std::size_t sum = 0;
    for (const Task& task : tasks) sum += task.items.size();
    return sum;
  }
};

// Writes down what passes, and passes it on.
class Note {
 public:
  explicit Note(std::shared_ptr<Log> log) : log_(std::move(log)) {}
  Status open(const TaskContext& context) {
    task_ = &log_->tasks[context.task_index];
    return Status();
  }
  void on_record(const Record<Item>& record, auto&& out) noexcept {
    {
      const std::lock_guard lock(log_->mutex);
      task_->items.push_back(record.value);
    }
    out.collect(record);
  }
  void on_watermark(EventTime time, auto&&) noexcept { task_->watermarks.push_back(time); }
  void on_barrier(Epoch epoch) noexcept {
    task_->barriers.emplace_back(epoch, task_->items.size());
  }
  Status close(auto&&) {
    task_->closed = true;
    return Status();
  }

 private:
  std::shared_ptr<Log> log_;
  Log::Task* task_ = nullptr;
};

// The same for streams without an end: counts instead of a list, kept per source task.
struct Tally {
  struct Source {
    std::uint64_t count = 0;
    std::uint64_t next = 0;  // One above the highest number.
  };
  using Cut = std::array<Source, 8>;
  struct Task {
    Cut sources{};
    bool sound = true;  // Every record whole, numbers of one source rising.
    std::vector<std::pair<Epoch, Cut>> cuts;
  };
  std::vector<Task> tasks = std::vector<Task>(64);
};

class Count {
 public:
  explicit Count(std::shared_ptr<Tally> tally) : tally_(std::move(tally)) {}
  Status open(const TaskContext& context) {
    task_ = &tally_->tasks[context.task_index];
    return Status();
  }
  void on_record(const Record<Item>& record, auto&&) noexcept {
    Tally::Source& source = task_->sources[record.value.origin];
    task_->sound = task_->sound && record.value.is_whole() && record.value.number >= source.next;
    source.next = record.value.number + 1;
    ++source.count;
  }
  void on_barrier(Epoch epoch) noexcept { task_->cuts.emplace_back(epoch, task_->sources); }

 private:
  std::shared_ptr<Tally> tally_;
  Tally::Task* task_ = nullptr;
};

// Emits each record `times` times.
struct Repeat {
  std::size_t times = 1;
  void on_record(const Record<Item>& record, auto&& out) noexcept {
    for (std::size_t i = 0; i < times; ++i) out.collect(record);
  }
};

struct NumberHash {
  std::uint64_t operator()(const Item& item) const noexcept { return key_hash(item.number); }
};

inline auto from_exchanges() {
  return [](const StageWiring& wiring) { return ExchangeInput<Item>(wiring); };
}
template <class Source>
auto from_source(Source source) {
  return [source](const StageWiring&) { return SourceInput<Source>(source); };
}

inline void connect(Plan& plan, StageId from, StageId to, ExchangeKind kind) {
  plan.connect({from, 0, to, kind, [](const ChannelSetShape& shape) -> std::unique_ptr<ChannelSet> {
                  return std::make_unique<TypedChannelSet<Item>>(shape);
                }});
}

// Adds the gate of every exchange that leaves the stage.
inline std::shared_ptr<FanOut<Item>> gates_of(const StageWiring& wiring, StageOutputs& outputs) {
  auto fan_out = std::make_shared<FanOut<Item>>();
  for (const StageWiring::Output& output : wiring.outputs) {
    if (output.kind == ExchangeKind::kHash) {
      fan_out->add(outputs.add_gate<Item>(wiring, output, HashPartition<Item, NumberHash>({})));
    } else if (output.kind == ExchangeKind::kBroadcast) {
      fan_out->add(outputs.add_gate<Item>(wiring, output, BroadcastPartition<Item>()));
    } else {
      fan_out->add(outputs.add_gate<Item>(wiring, output, TurnPartition<Item>()));
    }
  }
  return fan_out;
}

template <class MakeInput, class... Ops>
void seal(Plan& plan, StageId stage, MakeInput make_input, Ops... ops) {
  plan.seal(stage, [=](const StageWiring& wiring) -> Result<std::unique_ptr<StageBody>> {
    using Input = decltype(make_input(wiring));
    auto outputs = std::make_unique<StageOutputs>();
    auto fan_out = gates_of(wiring, *outputs);
    FanOut<Item>* out = fan_out.get();
    std::unique_ptr<StageBody> body = std::make_unique<ChainBody<Input, FanOut<Item>, Ops...>>(
        make_input(wiring), std::move(outputs), out, std::vector<SideOutputSlot>{},
        std::vector<std::shared_ptr<void>>{fan_out}, ops...);
    return body;
  });
}

template <class Kept>
auto keeper(std::shared_ptr<Kept> kept) {
  if constexpr (std::is_same_v<Kept, Log>) {
    return Note(std::move(kept));
  } else {
    return Count(std::move(kept));
  }
}

// One stage behind another: source -> kind -> log.
template <class Kept, class... SourceOps>
Plan two_stages(NumberSource source, ExchangeKind kind, std::shared_ptr<Kept> log,
                SourceOps... ops) {
  Plan plan;
  const StageId first = plan.add_stage("numbers");
  const StageId second = plan.add_stage("log");
  connect(plan, first, second, kind);
  seal(plan, first, from_source(source), ops...);
  seal(plan, second, from_exchanges(), keeper(std::move(log)));
  return plan;
}

// Fails the running test when the plan is refused.
inline std::unique_ptr<Engine> build(const Plan& plan, EngineOptions options = {}) {
  options.seed = 1;
  Result<std::unique_ptr<Engine>> engine = Engine::build(plan, options);
  EXPECT_TRUE(engine.ok()) << engine.status().to_string();
  return engine.ok() ? std::move(*engine) : nullptr;
}

// By hand, until the end; false when `steps_max` rounds were not enough.
inline bool run_by_hand(Engine& engine, std::size_t steps_max = 10'000'000) {
  for (std::size_t i = 0; i < steps_max; ++i) {
    const StepOutcome outcome = engine.step();
    if (outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed) return true;
  }
  return false;
}

// For the message of a test that hangs.
inline std::string describe(const JobMetrics& metrics) {
  std::string text;
  for (const TaskMetrics& task : metrics.tasks) {
    text += task.stage + "[" + std::to_string(task.index) + "] in " +
            std::to_string(task.records_in) + " out " + std::to_string(task.records_out) +
            " queued " + std::to_string(task.queued) + "/" + std::to_string(task.queue_capacity) +
            " epoch " + std::to_string(task.epoch.value) + (task.finished ? " finished\n" : "\n");
  }
  return text;
}

// Polls a condition that some other thread makes true.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + kHangsAfter;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace penstock::kit
