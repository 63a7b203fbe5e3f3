// tests/harness/operator_harness.h -- runs operators through every schedule that must not change their output.
//
//   expect_same_in_every_schedule<int, int>(one_operator(Map<int, Doubled>(...)), {record(1), watermark(5)},
//                                           {record(2), watermark(5)});
//
// The operators are fused into the chain of a real task, between rings whose other ends the harness holds: each
// schedule decides how much is fed, how much a step may take, and when the output is emptied. An input is a list of
// records, watermarks and idles; the expected output is what the task has sent, in order, End left out.
// Barriers   Some schedules put a barrier behind each item of the input. It must come out exactly behind the output of
//            that item.
// Restores   The operators are also thrown away and restored from a snapshot: tests/harness/snapshot_runs.h.
// Errors     Differences are reported as failures of the running test, with the name of the schedule.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/runtime/chain_body.h"
#include "penstock/core/runtime/exchange_input.h"
#include "penstock/core/runtime/task.h"
#include "penstock/tests/harness/items.h"
#include "penstock/tests/harness/snapshot_runs.h"

namespace penstock::harness {

// How a run goes. 0 means "as much as there is".
struct Schedule {
  std::string name;
  std::size_t input_slots = 64;
  std::size_t output_slots = 64;
  std::size_t feed = 0;        // Items put into the input ring before each step.
  std::size_t budget = 65536;  // Records that a step may take.
  bool output_is_stuck =
      false;  // The output is emptied by one element, and only when the task can do no more.
  bool barriers = false;  // One behind each item of the input.
  FiringPace firing{};
  std::uint64_t state_memory =
      0;  // Of a state backend that keeps the rest on a disk; 0: there is none.
};

// Every schedule that an operator has to pass.
std::vector<Schedule> every_schedule();
// Each of these with what is due coming out one by one, by three, and all at once.
std::vector<Schedule> every_schedule_and_slice();

template <class Out, class Side>
struct Output {
  Items<Out> main;
  Items<Side> side;
  Status failure;
  friend bool operator==(const Output& a, const Output& b) {
    return a.main == b.main && a.side == b.side;
  }
};

// One task with its rings: built, fed, stepped and emptied by one run.
template <class In, class Out, class Side, class... Ops>
class Bench {
 public:
  Bench(const Schedule& schedule, const Subject<In>& subject, const std::tuple<Ops...>& ops)
      : schedule_(schedule),
        subject_(subject),
        input_({1, 1, ExchangeKind::kForward, schedule.input_slots}),
        output_({1, 1, ExchangeKind::kForward, schedule.output_slots}),
        side_({1, 1, ExchangeKind::kForward, schedule.output_slots}),
        clock_(subject.wall_start),
        disks_(schedule.state_memory, schedule.budget) {
    make_task(ops);
  }

  // Runs `items` to the end. A task that neither works nor waits for the harness has hung.
  Output<Out, Side> run(const Items<In>& items) {
    EXPECT_TRUE(task_->open().ok());
    std::size_t fed = 0;
    // A disk answers when it likes.
    const std::size_t patience = schedule_.state_memory > 0 ? 1000 : 4;
    for (std::size_t fruitless = 0; fruitless < patience;) {
      const std::size_t before = fed;
      feed(items, fed);
      const StepOutcome outcome = task_->step(clock_.now(), schedule_.budget);
      if (outcome == StepOutcome::kFailed) break;
      const bool stuck = outcome != StepOutcome::kWorked;
      const bool emptied = empty_outputs(stuck);
      if (outcome == StepOutcome::kFinished && !emptied) return finish();
      fruitless = stuck && !emptied && before == fed ? fruitless + 1 : 0;
    }
    if (task_->failure().ok()) ADD_FAILURE() << "the task hangs";
    return finish();
  }

 private:
  void make_task(const std::tuple<Ops...>& ops) {
    StageWiring wiring;
    wiring.inputs.push_back({&input_, 1});
    auto outputs = std::make_unique<StageOutputs>();
    using Gate = PartitionedGate<Out, TurnPartition<Out>>;
    Gate& gate = outputs->template add_gate<Out>(wiring, {0, &output_, 1, ExchangeKind::kForward},
                                                 TurnPartition<Out>());
    std::vector<SideOutputSlot> sides;
    if (!subject_.side_output.empty()) {
      side_collector_ = AnyCollector<Side>(outputs->template add_gate<Side>(
          wiring, {1, &side_, 1, ExchangeKind::kForward}, TurnPartition<Side>()));
      sides.push_back({subject_.side_output, &typeid(Side), &side_collector_});
    }
    TaskContext context;
    context.stage_name = "harness";
    context.seed = 1;
    context.clock = &clock_;
    context.firing = schedule_.firing;
    if (schedule_.state_memory > 0) context.state_backend = &disks_;
    context.state_disk = "harness";
    auto body = std::apply(
        [&](const Ops&... op) {
          return std::make_unique<ChainBody<ExchangeInput<In>, Gate, Ops...>>(
              ExchangeInput<In>(wiring), std::move(outputs), &gate, std::move(sides),
              std::vector<std::shared_ptr<void>>{}, op...);
        },
        ops);
    task_ = std::make_unique<Task>(std::move(body), std::move(context), control_);
  }

  void feed(const Items<In>& items, std::size_t& fed) {
    auto& ring = input_.channel(0, 0)->ring;
    for (std::size_t n = 0; schedule_.feed == 0 || n < schedule_.feed; ++n) {
      if (fed > items.size()) break;
      const bool end = fed == items.size();
      const std::uint64_t hash =
          !end && subject_.key_hash ? subject_.key_hash(items[fed].value) : 0;
      if (!ring.stage(end ? Element<In>{ElementHeader::end(), In{}} : element_of(items[fed], hash)))
        break;
      ++fed;
    }
    ring.publish();
  }

  bool empty_outputs(bool task_is_stuck) {
    if (schedule_.output_is_stuck && !task_is_stuck) return false;
    const std::size_t most = schedule_.output_is_stuck ? 1 : ~std::size_t{0};
    const bool main = empty(output_, most, result_.main);
    const bool side = empty(side_, most, result_.side);
    return main || side;
  }
  template <class T>
  static bool empty(TypedChannelSet<T>& channels, std::size_t most, Items<T>& into) {
    return channels.channel(0, 0)->ring.drain(
               most, [&](Element<T>& e) { into.push_back(item_of(e)); }) > 0;
  }

  Output<Out, Side> finish() {
    result_.failure = task_->failure();
    const auto is_end = [](const auto& item) { return item.kind == ElementKind::kEnd; };
    if (result_.failure.ok()) {
      EXPECT_TRUE(!result_.main.empty() && is_end(result_.main.back()));
    }
    std::erase_if(result_.main, is_end);
    std::erase_if(result_.side, is_end);
    return std::move(result_);
  }

  const Schedule& schedule_;
  const Subject<In>& subject_;
  TypedChannelSet<In> input_;
  TypedChannelSet<Out> output_;
  TypedChannelSet<Side> side_;
  AnyCollector<Side> side_collector_;
  VirtualClock clock_;
  MemoryBackend disks_;
  TaskControl control_;
  std::unique_ptr<Task> task_;
  Output<Out, Side> result_;
};

inline constexpr std::int64_t kFirstOwnBarrier = 1'000'000;

// The input with a barrier behind each item, and where those must come out: behind that many items of the output.
template <class In>
Items<In> with_barriers(const Items<In>& items) {
  Items<In> result;
  for (std::size_t i = 0; i < items.size(); ++i) {
    result.push_back(items[i]);
    result.push_back(barrier<In>(kFirstOwnBarrier + static_cast<std::int64_t>(i)));
  }
  return result;
}

// Takes the harness's barriers out and returns how many items stood before each.
template <class T>
std::vector<std::size_t> take_barriers(Items<T>& items) {
  std::vector<std::size_t> cuts;
  Items<T> rest;
  for (const Item<T>& item : items) {
    const bool own = item.kind == ElementKind::kBarrier && item.time_or_epoch >= kFirstOwnBarrier;
    if (own) {
      cuts.push_back(rest.size());
    } else {
      rest.push_back(item);
    }
  }
  items = std::move(rest);
  return cuts;
}

// What is left of an output where its watermarks depend on how the input was batched: records, and the last watermark.
template <class T>
Items<T> without_passing_watermarks(const Items<T>& items) {
  Items<T> result;
  Item<T> last = watermark<T>(kMinEventTime.micros);
  for (const Item<T>& item : items) {
    if (item.kind == ElementKind::kWatermark) {
      EXPECT_GT(item.time_or_epoch, last.time_or_epoch) << "watermarks must rise";
      last = item;
    } else {
      result.push_back(item);
    }
  }
  result.push_back(last);
  return result;
}

template <class In, class Out, class Side = Out>
struct Expectation {
  Items<In> input;
  Items<Out> main;
  Items<Side> side{};
  Subject<In> subject{};
  bool watermarks_depend_on_batches = false;
};

// Where each item's output ends: that of the prefixes of the input, run one by one.
template <class In, class Out, class Side, class... Ops>
std::vector<std::size_t> cuts_of(const Expectation<In, Out, Side>& wanted,
                                 const std::tuple<Ops...>& ops) {
  const Schedule plain{.name = "prefix", .output_slots = 4096, .feed = 1, .budget = 1};
  std::vector<std::size_t> cuts;
  for (std::size_t n = 1; n <= wanted.input.size(); ++n) {
    const Items<In> prefix(wanted.input.begin(),
                           wanted.input.begin() + static_cast<std::ptrdiff_t>(n));
    cuts.push_back(
        Bench<In, Out, Side, Ops...>(plain, wanted.subject, ops).run(prefix).main.size());
  }
  return cuts;
}

// With next to no memory for state, and some: the same records, whose order between keys what has moved may change.
template <class In, class Out, class Side, class... Ops>
void expect_same_with_a_disk(const std::tuple<Ops...>& ops,
                             const Expectation<In, Out, Side>& wanted) {
  for (const Schedule& schedule :
       {Schedule{.name = "disk, one by one", .feed = 1, .budget = 1, .state_memory = 1},
        Schedule{.name = "disk", .state_memory = 1},
        Schedule{.name = "disk, some memory", .budget = 7, .state_memory = 1000}}) {
    SCOPED_TRACE("schedule: " + schedule.name);
    const Output<Out, Side> seen =
        Bench<In, Out, Side, Ops...>(schedule, wanted.subject, ops).run(wanted.input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    expect_same_records(seen.main, wanted.main, "main");
    expect_same_records(seen.side, wanted.side, "side");
    EXPECT_EQ(last_watermark(seen.main), last_watermark(wanted.main));
  }
}

// Runs `ops`, a tuple of operators in chain order, through every schedule.
template <class In, class Out, class Side, class... Ops>
void expect_same_in_every_schedule(const std::tuple<Ops...>& ops,
                                   const Expectation<In, Out, Side>& wanted) {
  const std::vector<std::size_t> cuts = cuts_of(wanted, ops);
  for (const Schedule& schedule : every_schedule()) {
    SCOPED_TRACE("schedule: " + schedule.name);
    const Items<In> input = schedule.barriers ? with_barriers(wanted.input) : wanted.input;
    Output<Out, Side> seen = Bench<In, Out, Side, Ops...>(schedule, wanted.subject, ops).run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    const std::vector<std::size_t> seen_cuts = take_barriers(seen.main);
    take_barriers(seen.side);
    if (wanted.watermarks_depend_on_batches) {
      EXPECT_EQ(without_passing_watermarks(seen.main), without_passing_watermarks(wanted.main));
      continue;
    }
    EXPECT_EQ(seen.main, wanted.main);
    EXPECT_EQ(seen.side, wanted.side);
    if (schedule.barriers) {
      EXPECT_EQ(seen_cuts, cuts);
    }
  }
  if (wanted.subject.key_hash) expect_same_with_a_disk(ops, wanted);
  expect_same_when_restored<In, Out, Side>(ops, wanted.input, wanted.subject);
}

// Runs one schedule and returns the failure that it ended with.
template <class In, class Out, class... Ops>
Status failure_of(const std::tuple<Ops...>& ops, const Items<In>& input) {
  const Schedule schedule{.name = "failure"};
  const Subject<In> subject;
  return Bench<In, Out, Out, Ops...>(schedule, subject, ops).run(input).failure;
}

}  // namespace penstock::harness
