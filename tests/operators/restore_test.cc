// What operators hold besides keyed state, captured in one instance and restored in others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/operators/assign_event_time.h"
#include "penstock/operators/process.h"
#include "penstock/operators/window/pane_partial.h"
#include "penstock/tests/harness/kept_snapshot.h"

namespace penstock {
namespace {

using harness::KeptPart;
using testing::ElementsAre;
using testing::HasSubstr;

struct Tick {
  std::uint32_t key = 0;
  std::int64_t value = 0;
  EventTime time;
};

// What a task gives its operators.
struct World {
  explicit World(std::uint32_t index = 0, std::uint32_t count = 1, EventTime wall = {})
      : clock(wall) {
    context.stage_name = "stage";
    context.task_index = index;
    context.task_count = count;
    context.key_groups = key_groups_of_task(index, count);
    context.clock = &clock;
    context.failure = &failure;
    context.counters = &counters;
    context.credit = &credit;
  }
  VirtualClock clock;
  TaskFailure failure;
  TaskCounters counters;
  Credit credit{1'000'000};
  TaskContext context;
};

template <class Op>
std::unique_ptr<KeptPart> captured(Op& op) {
  auto part = std::make_unique<KeptPart>();
  SnapshotWriter out(*part);
  op.capture({1}, out);
  if constexpr (requires { op.capture_more(1, out); }) {
    while (op.capture_more(1, out)) {
    }
  }
  out.flush();
  return part;
}
template <class Op>
Status restored(Op& op, const std::vector<const KeptPart*>& parts) {
  PENSTOCK_RETURN_IF_ERROR(
      harness::visit_items(parts, [&](const SnapshotItem& item) { return op.restore(item); }));
  if constexpr (requires { op.restored(); }) return op.restored();
  return {};
}

// ---- timers and members of an operator ----

struct Remind {
  using Output = std::int64_t;
  std::vector<std::int64_t> rules;
  Timers<std::uint32_t> own;
  auto& timers() noexcept { return own; }
  void on_record(const Record<Tick>& record, auto&&) noexcept {
    own.set_processing_time({record.value.value});
  }
  void on_broadcast(const Record<std::int64_t>& rule, auto&&) { rules.push_back(rule.value); }
  void on_timer(const Timer& timer, const KeyContext<std::uint32_t>&, auto&& out) noexcept {
    out.collect(Record<std::int64_t>{timer.time.micros, {}});
  }
  void capture(SnapshotWriter& out) const {
    out.section("rules", 3);
    for (const std::int64_t rule : rules)
      out.add({reinterpret_cast<const char*>(&rule), sizeof(rule)});
  }
  Status restore(const SnapshotItem& item) {
    if (item.section != "rules" || item.version != 3) return Status::data_error("which rules?");
    if (item.task_index != 0) return {};
    std::int64_t rule = 0;
    std::memcpy(&rule, item.bytes.data(), sizeof(rule));
    rules.push_back(rule);
    return {};
  }
};
using Reminding = KeyedProcess<Tick, std::uint32_t Tick::*, Remind>;

// Emits the rules it has, so that a test can see them.
struct TellRules : Remind {
  void on_record(const Record<Tick>&, auto&& out) noexcept {
    for (const std::int64_t rule : rules) out.collect(Record<std::int64_t>{rule, {}});
  }
};

template <class Op>
void push(Op& op, World& world, const Tick& tick, ListCollector<std::int64_t>& out) {
  const Element<Tick> element{ElementHeader::data(tick.time, key_hash(tick.key)), tick};
  op.begin_batch(world.clock.now());
  ASSERT_EQ(op.on_run({&element, 1}, world.credit, out), 1U);
}

TEST(Restore, TimersOfProcessingTimeThatAreDueFireOnce) {
  World before(0, 1, {1000});
  Reminding op(&Tick::key, Remind{});
  ASSERT_TRUE(op.open(before.context).ok());
  ListCollector<std::int64_t> out;
  push(op, before, {1, 2000, {}}, out);
  push(op, before, {2, 9000, {}}, out);
  const auto part = captured(op);

  World after(0, 1, {5000});
  Reminding again(&Tick::key, Remind{});
  ASSERT_TRUE(again.open(after.context).ok());
  ASSERT_TRUE(restored(again, {part.get()}).ok());
  for (int i = 0; i < 3; ++i) {
    again.begin_batch(after.clock.now());
    again.end_batch(after.clock.now(), out);
    again.fire(100, out);
  }
  ASSERT_EQ(out.records().size(), 1U);
  EXPECT_EQ(out.records()[0].value, 2000);
}

TEST(Restore, AnOperatorsOwnMembersComeBackInEveryTask) {
  World before;
  Reminding op(&Tick::key, Remind{});
  ASSERT_TRUE(op.open(before.context).ok());
  ListCollector<std::int64_t> out;
  op.on_broadcast(Record<std::int64_t>{11, {}}, out);
  op.on_broadcast(Record<std::int64_t>{22, {}}, out);
  const auto part = captured(op);
  for (std::uint32_t task = 0; task < 2; ++task) {
    World after(task, 2);
    KeyedProcess<Tick, std::uint32_t Tick::*, TellRules> again(&Tick::key, TellRules{});
    ASSERT_TRUE(again.open(after.context).ok());
    ASSERT_TRUE(restored(again, {part.get(), part.get()}).ok());
    std::uint32_t key = 0;
    while (!after.context.key_groups.contains(key_group_of(key_hash(key)))) ++key;
    ListCollector<std::int64_t> rules;
    push(again, after, {key, 0, {}}, rules);
    ASSERT_EQ(rules.records().size(), 2U);
    EXPECT_EQ(rules.records()[0].value, 11);
    EXPECT_EQ(rules.records()[1].value, 22);
  }
}

struct HasNothing {
  using Output = std::int64_t;
  void on_record(const Record<Tick>&, auto&&) noexcept {}
};

TEST(Restore, WhatAnOperatorDoesNotRestoreIsRefused) {
  World before;
  Reminding op(&Tick::key, Remind{});
  ASSERT_TRUE(op.open(before.context).ok());
  ListCollector<std::int64_t> out;
  op.on_broadcast(Record<std::int64_t>{11, {}}, out);
  World after;
  KeyedProcess<Tick, std::uint32_t Tick::*, HasNothing> other(&Tick::key, HasNothing{});
  ASSERT_TRUE(other.open(after.context).ok());
  const Status status = restored(other, {captured(op).get()});
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("stage"));
}

// ---- time ----

using Timed = AssignEventTime<Tick, EventTime Tick::*>;

std::unique_ptr<Timed> timed(World& world, std::vector<SplitId> splits) {
  auto op = std::make_unique<Timed>(&Tick::time, EventTimeOptions<Tick>{});
  EXPECT_TRUE(op->open(world.context).ok());
  op->set_splits(splits);
  return op;
}

TEST(Restore, ASplitTakesItsTimeToWhicheverTaskReadsIt) {
  World before[2] = {World(0, 2), World(1, 2)};
  std::vector<std::unique_ptr<KeptPart>> parts;
  for (std::uint32_t task = 0; task < 2; ++task) {
    auto op = timed(before[task], {{task}});
    ListCollector<Tick> out;
    op->select_split({task});
    op->on_record(Record<Tick>{{1, 1, {100 * (task + 1)}}, {}}, out);
    op->end_batch({}, out);
    EXPECT_THAT(out.watermarks(), ElementsAre(EventTime{100 * (task + 1)}));
    parts.push_back(captured(*op));
  }
  World after;
  auto op = timed(after, {{0}, {1}});
  ASSERT_TRUE(restored(*op, {parts[0].get(), parts[1].get()}).ok());
  ListCollector<Tick> out;
  op->end_batch({}, out);
  EXPECT_THAT(out.watermarks(), ElementsAre(EventTime{100})) << "the least of both, told again";
  op->select_split({0});
  op->on_record(Record<Tick>{{1, 1, {500}}, {}}, out);
  op->end_batch({}, out);
  EXPECT_THAT(out.watermarks(), ElementsAre(EventTime{100}, EventTime{200}))
      << "split 1 stands where it stood";
}

TEST(Restore, AWatermarkDoesNotFallBehindWhatItsTaskHadTold) {
  World before;
  auto op = timed(before, {{0}});
  ListCollector<Tick> out;
  op->select_split({0});
  op->on_record(Record<Tick>{{1, 1, {100}}, {}}, out);
  op->end_batch({}, out);
  const auto part = captured(*op);
  World after;
  auto again = timed(after, {{0}, {7}});  // One more than it read before.
  ASSERT_TRUE(restored(*again, {part.get()}).ok());
  ListCollector<Tick> told;
  again->select_split({7});
  again->on_record(Record<Tick>{{1, 1, {30}}, {}}, told);
  again->end_batch({}, told);
  EXPECT_THAT(told.watermarks(), ElementsAre(EventTime{100}));
}

// ---- parts of windows over all records ----

using Partial = PanePartial<Tick, Sum<std::int64_t>, std::int64_t Tick::*>;

TEST(Restore, PartsOfPanesComeOutOnceInFewerOrMoreTasks) {
  const WindowSpec spec = tumbling(std::chrono::microseconds(10));
  std::vector<std::unique_ptr<KeptPart>> parts;
  ListCollector<PanePart<Sum<std::int64_t>>> out;
  for (std::uint32_t task = 0; task < 3; ++task) {
    World world(task, 3);
    Partial op(spec, &Tick::value);
    ASSERT_TRUE(op.open(world.context).ok());
    for (std::int64_t i = 0; i < 5; ++i) op.on_record(Record<Tick>{{1, 1, {}}, {10 * i}}, out);
    parts.push_back(captured(op));
  }
  ASSERT_TRUE(out.records().empty());
  for (const std::uint32_t tasks : {1U, 2U, 5U}) {
    ListCollector<PanePart<Sum<std::int64_t>>> all;
    for (std::uint32_t task = 0; task < tasks; ++task) {
      World world(task, tasks);
      Partial op(spec, &Tick::value);
      ASSERT_TRUE(op.open(world.context).ok());
      ASSERT_TRUE(restored(op, {parts[0].get(), parts[1].get(), parts[2].get()}).ok());
      op.end_batch({}, all);
      op.end_batch({}, all);
    }
    std::int64_t sum = 0;
    for (const auto& part : all.records()) sum += part.value.value.sum;
    EXPECT_EQ(sum, 15);
  }
}

}  // namespace
}  // namespace penstock
