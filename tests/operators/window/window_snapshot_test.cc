// Windows, sessions and their keys, thrown away and restored at random cuts, also while a walk fires them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "penstock/core/base/key_group.h"
#include "penstock/core/base/random.h"
#include "penstock/operators/process.h"
#include "penstock/operators/window/accumulator.h"
#include "penstock/operators/window/pane_partial.h"
#include "penstock/operators/window/session_aggregate.h"
#include "penstock/operators/window/window_aggregate.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/harness/snapshot_runs.h"

namespace penstock {

template <class Key, class Value>
bool operator==(const WindowResult<Key, Value>& a, const WindowResult<Key, Value>& b) {
  return a.key == b.key && a.start == b.start && a.end == b.end && a.value == b.value &&
         a.updated == b.updated;
}
template <class Key, class Value>
std::ostream& operator<<(std::ostream& out, const WindowResult<Key, Value>& row) {
  return out << "{key " << row.key << " [" << row.start.micros << ", " << row.end.micros << ") "
             << row.value << (row.updated ? " updated}" : "}");
}

namespace {

using harness::Items;
using harness::record;
using harness::RestoreRun;
using harness::Subject;
using harness::watermark;
using std::chrono::microseconds;

struct Bid {
  std::uint32_t key = 0;
  std::int64_t price = 0;
  bool operator==(const Bid&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Bid& bid) {
    return out << "{" << bid.key << " " << bid.price << "}";
  }
};
const Subject<Bid> kByKey{.key_hash = [](const Bid& bid) { return key_hash(bid.key); },
                          .side_output = ""};

struct Traffic {
  std::uint32_t keys = 20;
  std::uint64_t items = 300;
  std::int64_t disorder = 15;
  std::int64_t ahead = 0;  // How far ahead some records are.
  std::uint64_t watermark_percent = 15;
};

Items<Bid> random_bids(const Traffic& traffic, std::uint64_t seed) {
  Random random(seed);
  Items<Bid> items;
  std::int64_t now = 0;
  std::int64_t told = -1'000'000;
  for (std::uint64_t i = 0; i < traffic.items; ++i) {
    now += static_cast<std::int64_t>(random.below(4));
    if (random.below(60) == 0) now += 200;
    if (random.below(100) < traffic.watermark_percent) {
      const std::int64_t time =
          now -
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(traffic.disorder)));
      if (time > told) items.push_back(watermark<Bid>(told = time));
      continue;
    }
    std::int64_t time = now - static_cast<std::int64_t>(
                                  random.below(2 * static_cast<std::uint64_t>(traffic.disorder)));
    if (traffic.ahead > 0 && random.below(10) == 0)
      time += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(traffic.ahead)));
    const Bid bid{static_cast<std::uint32_t>(random.below(traffic.keys)),
                  static_cast<std::int64_t>(random.below(50))};
    items.push_back(record(bid, time));
  }
  if (seed % 2 == 0) items.push_back(watermark<Bid>(kMaxEventTime.micros));
  return items;
}

template <class Acc, class Value>
auto windowed(WindowSpec spec, Value Bid::*value) {
  using Window = WindowAggregate<Bid, std::uint32_t, Acc, Value Bid::*>;
  return KeyedProcess<Bid, std::uint32_t Bid::*, Window>(&Bid::key, Window(spec, value));
}
template <class Acc>
void expect_windows_same(WindowSpec spec, const Traffic& traffic, std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + " size " + std::to_string(spec.size.count()) +
               " slide " + std::to_string(spec.slide.count()));
  const auto op = windowed<Acc>(spec, &Bid::price);
  using Out = typename std::remove_cvref_t<decltype(op)>::Output;
  harness::expect_same_when_restored<Bid, Out, Bid>(std::tuple(op), random_bids(traffic, seed),
                                                    kByKey);
}

TEST(WindowSnapshot, WindowsThatRetractComeBack) {
  for (std::uint64_t seed = 1; seed <= rounds(3); ++seed) {
    expect_windows_same<Sum<std::int64_t>>(sliding(microseconds(40), microseconds(10)), {}, seed);
    expect_windows_same<Max<std::int64_t>>(sliding(microseconds(30), microseconds(20)), {}, seed);
    expect_windows_same<Average<std::int64_t>>(tumbling(microseconds(20)), {}, seed);
    if (HasFailure()) return;
  }
}

struct Total {  // Cannot retract.
  std::int64_t sum = 0;
  void add(std::int64_t value) noexcept { sum += value; }
  void merge(const Total& other) noexcept { sum += other.sum; }
  std::int64_t result() const noexcept { return sum; }
};

TEST(WindowSnapshot, WindowsThatAreMergedAnewComeBack) {
  for (std::uint64_t seed = 1; seed <= rounds(3); ++seed) {
    expect_windows_same<Total>(sliding(microseconds(40), microseconds(10)), {}, seed);
    expect_windows_same<Total>(tumbling(microseconds(20), microseconds(3)), {}, seed);
    if (HasFailure()) return;
  }
}

TEST(WindowSnapshot, RecordsFarAheadOfTheWatermarkComeBack) {
  for (std::uint64_t seed = 4; seed < 4 + rounds(3); ++seed) {
    expect_windows_same<Sum<std::int64_t>>(sliding(microseconds(40), microseconds(10)),
                                           {.ahead = 900, .watermark_percent = 5}, seed);
    expect_windows_same<Total>(tumbling(microseconds(20)), {.ahead = 900}, seed);
    if (HasFailure()) return;
  }
}

TEST(WindowSnapshot, WindowsThatMayStillChangeComeBack) {
  WindowSpec spec = sliding(microseconds(40), microseconds(10));
  spec.allowed_lateness = microseconds(35);
  for (std::uint64_t seed = 7; seed < 7 + rounds(3); ++seed) {
    expect_windows_same<Sum<std::int64_t>>(spec, {.disorder = 40}, seed);
    expect_windows_same<Total>(spec, {.disorder = 40, .ahead = 500}, seed);
    if (HasFailure()) return;
  }
}

TEST(WindowSnapshot, WalksOverSeveralBlocksOfKeysAreCutAnywhere) {
  constexpr std::uint64_t kSeed = 10;
  const auto shape = [](std::size_t all, std::size_t fewer) {
    return Traffic{.keys = 400, .items = kInstrumented ? fewer : all, .watermark_percent = 1};
  };
  expect_windows_same<Sum<std::int64_t>>(sliding(microseconds(40), microseconds(10)),
                                         shape(700, 500), kSeed);
  expect_windows_same<Count>(tumbling(microseconds(20)), shape(700, 450), kSeed);
}

using Session = SessionAggregate<Bid, std::uint32_t, Max<std::int64_t>, std::int64_t Bid::*>;
using Sessions = KeyedProcess<Bid, std::uint32_t Bid::*, Session>;
// Out of line, or the compiler believes that the side output which is not there is copied.
[[gnu::noinline]] Sessions sessions() {
  return {&Bid::key, Session(session(microseconds(12)), &Bid::price)};
}

TEST(WindowSnapshot, SessionsAndTheirTimersComeBack) {
  const Sessions op = sessions();
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    harness::expect_same_when_restored<Bid, Session::Output, Bid>(
        std::tuple(op), random_bids({.keys = 12}, seed), kByKey);
    if (HasFailure()) return;
  }
}

// ---- any number of tasks ----

using Sums =
    KeyedProcess<Bid, std::uint32_t Bid::*,
                 WindowAggregate<Bid, std::uint32_t, Sum<std::int64_t>, std::int64_t Bid::*>>;

// The tasks of a stage, each with its keys; all see every watermark.
class Stage {
 public:
  Stage(std::uint32_t tasks, WindowSpec spec) {
    for (std::uint32_t i = 0; i < tasks; ++i) {
      auto& task = tasks_.emplace_back(
          std::make_unique<Task>(windowed<Sum<std::int64_t>>(spec, &Bid::price)));
      TaskContext context;
      context.stage_name = "stage";
      context.task_index = i;
      context.task_count = tasks;
      context.key_groups = key_groups_of_task(i, tasks);
      context.clock = &clock_;
      context.failure = &task->failure;
      context.counters = &task->counters;
      context.credit = &credit_;
      EXPECT_TRUE(task->op.open(context).ok());
    }
  }
  void step(const harness::Item<Bid>& item, std::size_t slice) {
    const std::uint64_t hash = key_hash(item.value.key);
    const auto count = static_cast<std::uint32_t>(tasks_.size());
    for (std::uint32_t i = 0; i < count; ++i) {
      Task& task = *tasks_[i];
      const Element<Bid> element = element_of(item, hash);
      const bool ours = owner_of_key_group(key_group_of(hash), count) == i;
      if (item.kind == ElementKind::kWatermark)
        task.op.on_watermark({item.time_or_epoch}, task.out);
      if (item.kind == ElementKind::kData && ours) task.op.on_run({&element, 1}, credit_, task.out);
      task.op.end_batch({}, task.out);
      // Tasks do not fire at the same pace.
      task.op.fire(slice * (i + 1), task.out);
    }
  }
  void finish() {
    for (auto& task : tasks_)
      while (task->op.fire(100, task->out)) task->op.end_batch({}, task->out);
  }
  std::vector<std::unique_ptr<harness::KeptPart>> capture() {
    std::vector<std::unique_ptr<harness::KeptPart>> parts;
    for (auto& task : tasks_) {
      parts.push_back(std::make_unique<harness::KeptPart>());
      SnapshotWriter out(*parts.back());
      task->op.capture({1}, out);
      while (task->op.capture_more(5, out)) {
      }
      out.flush();
    }
    return parts;
  }
  void restore(const std::vector<std::unique_ptr<harness::KeptPart>>& parts) {
    std::vector<const harness::KeptPart*> read;
    read.reserve(parts.size());
    for (const auto& part : parts) read.push_back(part.get());
    for (auto& task : tasks_) {
      const Status status = harness::visit_items(
          read, [&](const SnapshotItem& item) { return task->op.restore(item); });
      ASSERT_TRUE(status.ok()) << status.to_string();
      ASSERT_TRUE(task->op.restored().ok());
    }
  }
  Items<Sums::Output> rows() const {
    Items<Sums::Output> rows;
    for (const auto& task : tasks_)
      for (const auto& row : task->out.records())
        rows.push_back(record(row.value, row.time.micros));
    return rows;
  }

 private:
  struct Task {
    explicit Task(Sums prototype) : op(std::move(prototype)) {}
    Sums op;
    TaskFailure failure;
    TaskCounters counters;
    ListCollector<Sums::Output> out;
  };
  VirtualClock clock_;
  Credit credit_{1'000'000'000};
  std::vector<std::unique_ptr<Task>> tasks_;
};

TEST(WindowSnapshot, IsRestoredByAnyNumberOfTasks) {
  const WindowSpec spec = sliding(microseconds(40), microseconds(10));
  for (std::uint64_t seed = 1; seed <= rounds(6); ++seed) {
    const Items<Bid> input = random_bids({.keys = 60, .items = 500}, seed);
    Stage whole(1, spec);
    for (const auto& item : input) whole.step(item, 1);
    whole.finish();
    for (const auto& [before, after] : {std::pair{1U, 3U}, {3U, 2U}, {4U, 1U}, {3U, 3U}}) {
      for (std::size_t cut = 7; cut < input.size(); cut += 61) {
        SCOPED_TRACE(std::to_string(before) + " -> " + std::to_string(after) + ", seed " +
                     std::to_string(seed) + ", cut " + std::to_string(cut));
        Stage first(before, spec);
        for (std::size_t i = 0; i < cut; ++i) first.step(input[i], 1);
        Stage second(after, spec);
        second.restore(first.capture());
        for (std::size_t i = cut; i < input.size(); ++i) second.step(input[i], 1);
        second.finish();
        Items<Sums::Output> rows = first.rows();
        const Items<Sums::Output> rest = second.rows();
        rows.insert(rows.end(), rest.begin(), rest.end());
        harness::expect_same_records(rows, whole.rows(), "rows");
        if (HasFailure()) return;
      }
    }
  }
}

TEST(WindowSnapshot, AWindowOfAnotherSizeIsRefused) {
  Stage tens(1, tumbling(microseconds(10)));
  tens.step(record(Bid{1, 2}, 5), 1);
  const auto parts = tens.capture();
  Sums twenties = windowed<Sum<std::int64_t>>(tumbling(microseconds(20)), &Bid::price);
  VirtualClock clock;
  TaskCounters counters;
  TaskFailure failure;
  TaskContext context;
  context.stage_name = "stage";
  context.clock = &clock;
  context.counters = &counters;
  context.failure = &failure;
  ASSERT_TRUE(twenties.open(context).ok());
  const Status status = harness::visit_items(
      {parts[0].get()}, [&](const SnapshotItem& item) { return twenties.restore(item); });
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("window 'window'"), std::string_view::npos) << status.to_string();
}

}  // namespace
}  // namespace penstock
