// tests/harness/snapshot_runs.h -- operators that are thrown away and restored between any two steps of their input.
//
// A run without a snapshot is the measure. Then, for each cut: the operators take the input up to there and capture,
// slice by slice, while the input behind the cut goes on into them; new ones are restored from what they captured and
// take that input again. What the first had sent until the cut and what the second send must be what the measure sent.
// Equal      The same records, in any order between keys, since tables are filled in another order; the same last
//            watermark; the same counts of late and misdated records.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/random.h"
#include "penstock/core/stream/chain.h"
#include "penstock/core/stream/erased.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/tests/harness/items.h"
#include "penstock/tests/harness/kept_snapshot.h"
#include "penstock/tests/harness/memory_backend.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock::harness {

struct RestoreRun {
  std::size_t batch = 1;             // Items of a step.
  std::size_t slice = 256;           // Fired by a step.
  std::size_t capture_budget = 256;  // Captured between two steps.
  // Of a state backend that keeps the rest on a disk; 0: there is none.
  std::uint64_t state_memory = 0;
};

template <class Out, class Side>
struct Sent {
  Items<Out> main;
  Items<Side> side;
  std::uint64_t late = 0;
  std::uint64_t misdated = 0;
};

// Where a chain ends.
template <class T>
struct ItemList {
  Items<T> items;
  void collect(const Record<T>& record) noexcept {
    items.push_back(harness::record(record.value, record.time.micros));
  }
  void watermark(EventTime time) noexcept { items.push_back(harness::watermark<T>(time.micros)); }
  void idle() noexcept {}
};

// Operators in a chain, driven by hand as a task drives them.
template <class In, class Out, class Side, class... Ops>
class HandDriven {
 public:
  using End = ItemList<Out>;

  HandDriven(const std::tuple<Ops...>& ops, const Subject<In>& subject, const RestoreRun& run,
             StateBackend* backend)
      : subject_(subject), run_(run), clock_(subject.wall_start) {
    // Side outputs are slots of the context, so it is built before the chain.
    side_collector_ = AnyCollector<Side>(side_end_);
    TaskContext context;
    context.stage_name = "harness";
    context.seed = ++seeds();
    context.clock = &clock_;
    context.failure = &failure_;
    context.counters = &counters_;
    context.credit = &credit_;
    context.state_backend = backend;
    context.state_disk = "harness";
    context.checkpoint_folder = "checkpoints";
    if (!subject.side_output.empty())
      context.side_outputs.push_back({subject.side_output, &typeid(Side), &side_collector_});
    chain_ = std::apply(
        [this](const Ops&... op) { return std::make_unique<Chain<End, Ops...>>(main_end_, op...); },
        ops);
    const Status status = chain_->open(context);
    EXPECT_TRUE(status.ok()) << status.to_string();
  }

  void step(std::span<const Item<In>> items) {
    chain_->begin_batch(clock_.now());
    std::vector<Element<In>> data;
    for (const Item<In>& item : items) {
      if (item.kind == ElementKind::kData) {
        const std::uint64_t hash = subject_.key_hash ? subject_.key_hash(item.value) : 0;
        data.push_back(element_of(item, hash));
        continue;
      }
      push(data);
      if (item.kind == ElementKind::kWatermark) chain_->watermark({item.time_or_epoch});
      if (item.kind == ElementKind::kIdle) chain_->idle();
    }
    push(data);
    end_step();
  }
  // What is due comes out to the end.
  void finish() {
    chain_->begin_batch(clock_.now());
    while (end_step()) {
    }
    EXPECT_TRUE(chain_->close().ok());
    EXPECT_TRUE(failure_.status().ok()) << failure_.status().to_string();
  }
  Chain<End, Ops...>& chain() { return *chain_; }
  Sent<Out, Side> sent() const {
    return {main_end_.items, side_end_.items, counters_.late.get(), counters_.misdated.get()};
  }

 private:
  // Each instance has tables that hash in another way.
  static std::uint64_t& seeds() {
    static std::uint64_t seed = 0;
    return seed;
  }
  bool end_step() {
    chain_->end_batch(clock_.now());
    return chain_->fire(run_.slice);
  }
  template <class Op>
  static constexpr bool kTakesRuns = requires(Op& op, Credit& credit, ItemList<Out>& out) {
    op.on_run(std::span<const Element<In>>(), credit, out);
  };
  void push(std::vector<Element<In>>& data) {
    if constexpr (kTakesRuns<std::tuple_element_t<0, std::tuple<Ops...>>>) {
      std::span<const Element<In>> rest(data);
      for (int tries = 0; !rest.empty() && tries < 100'000; ++tries) {
        static_cast<void>(chain_->ready());
        rest = rest.subspan(chain_->front().on_run(rest, credit_, chain_->after_front()));
        if (!rest.empty()) end_step();
      }
      EXPECT_TRUE(rest.empty()) << "a record is never taken";
    } else {
      for (const Element<In>& element : data)
        chain_->collect(Record<In>{element.payload, element.header.time()});
    }
    data.clear();
  }

  const Subject<In>& subject_;
  RestoreRun run_;
  VirtualClock clock_;
  TaskFailure failure_;
  TaskCounters counters_;
  Credit credit_{1'000'000'000};
  End main_end_;
  ItemList<Side> side_end_;
  AnyCollector<Side> side_collector_;
  std::unique_ptr<Chain<End, Ops...>> chain_;
};

template <class T>
void expect_same_records(const Items<T>& seen, const Items<T>& wanted, const char* what) {
  Items<T> a;
  Items<T> b;
  for (const auto& [from, to] : {std::pair{&seen, &a}, std::pair{&wanted, &b}})
    std::copy_if(from->begin(), from->end(), std::back_inserter(*to),
                 [](const Item<T>& item) { return item.kind == ElementKind::kData; });
  if (a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin())) return;
  ADD_FAILURE() << what << ": " << testing::PrintToString(a) << "\n instead of "
                << testing::PrintToString(b);
}
template <class T>
std::int64_t last_watermark(const Items<T>& items) {
  std::int64_t last = kMinEventTime.micros;
  for (const Item<T>& item : items)
    if (item.kind == ElementKind::kWatermark) last = std::max(last, item.time_or_epoch);
  return last;
}

template <class In, class Out, class Side, class... Ops>
class RestoredRuns {
 public:
  using Driven = HandDriven<In, Out, Side, Ops...>;

  RestoredRuns(const std::tuple<Ops...>& ops, const Items<In>& input, const Subject<In>& subject,
               const RestoreRun& run)
      : ops_(ops), input_(input), subject_(subject), run_(run) {
    Driven whole(ops_, subject_, run_, nullptr);
    feed(whole, 0);
    whole.finish();
    wanted_ = whole.sent();
  }

  // Cut behind the first `cut` items.
  void expect_same_behind(std::size_t cut) const {
    SCOPED_TRACE("cut behind item " + std::to_string(cut) + ", batches of " +
                 std::to_string(run_.batch) + ", slices of " + std::to_string(run_.slice) +
                 ", captured by " + std::to_string(run_.capture_budget) + ", state in " +
                 std::to_string(run_.state_memory) + " bytes");
    MemoryBackend disks(run_.state_memory, cut + 1);
    StateBackend* backend = run_.state_memory > 0 ? &disks : nullptr;
    KeptPart part;
    Sent<Out, Side> until_cut;
    {
      Driven first(ops_, subject_, run_, backend);
      std::size_t at = 0;
      while (at < cut) at = step(first, at, cut);
      SnapshotWriter out(part);
      first.chain().on_barrier({1});
      first.chain().capture({1}, out);
      until_cut = first.sent();
      while (first.chain().capture_more(run_.capture_budget, out))
        at = step(first, at, input_.size());
      out.flush();
    }
    ASSERT_TRUE(part.status.ok()) << part.status.to_string();
    Driven second(ops_, subject_, run_, backend);
    restore(second, part);
    feed(second, cut);
    second.finish();
    compare(until_cut, second.sent());
  }

 private:
  std::size_t step(Driven& driven, std::size_t at, std::size_t end) const {
    const std::size_t count = std::min(run_.batch, end - at);
    driven.step(std::span(input_).subspan(at, count));
    return at + count;
  }
  void feed(Driven& driven, std::size_t at) const {
    while (at < input_.size()) at = step(driven, at, input_.size());
  }
  static void restore(Driven& driven, const KeptPart& part) {
    const Status status = visit_items({&part}, [&](const SnapshotItem& item) {
      bool known = false;
      Status restored = driven.chain().restore(item, known);
      EXPECT_TRUE(known) << item.operator_id << " " << item.section;
      return restored;
    });
    ASSERT_TRUE(status.ok()) << status.to_string();
    const Status restored = driven.chain().restored();
    ASSERT_TRUE(restored.ok()) << restored.to_string();
  }
  void compare(Sent<Out, Side> seen, const Sent<Out, Side>& rest) const {
    seen.main.insert(seen.main.end(), rest.main.begin(), rest.main.end());
    seen.side.insert(seen.side.end(), rest.side.begin(), rest.side.end());
    expect_same_records(seen.main, wanted_.main, "main");
    expect_same_records(seen.side, wanted_.side, "side");
    EXPECT_EQ(last_watermark(seen.main), last_watermark(wanted_.main));
    EXPECT_EQ(seen.late + rest.late, wanted_.late);
    EXPECT_EQ(seen.misdated + rest.misdated, wanted_.misdated);
  }

  const std::tuple<Ops...>& ops_;
  const Items<In>& input_;
  const Subject<In>& subject_;
  RestoreRun run_;
  Sent<Out, Side> wanted_;
};

// Behind every item of a short input, and some of a long one.
template <class In, class Out, class Side, class... Ops>
void expect_same_when_restored(const std::tuple<Ops...>& ops, const Items<In>& input,
                               const Subject<In>& subject) {
  constexpr std::size_t kCuts = rounds(40);
  Random random(input.size());
  for (const RestoreRun& run :
       {RestoreRun{1, 1, 1}, RestoreRun{1, 256, 3}, RestoreRun{3, 3, 1}, RestoreRun{7, 256, 256},
        RestoreRun{1, 3, 256}, RestoreRun{1, 1, 1, 1}, RestoreRun{7, 256, 3, 1000}}) {
    if (run.state_memory > 0 && !subject.key_hash) continue;
    const RestoredRuns<In, Out, Side, Ops...> runs(ops, input, subject, run);
    const bool all = input.size() <= kCuts;
    for (std::size_t i = 0; i <= std::min(input.size(), kCuts); ++i) {
      runs.expect_same_behind(all ? i : random.below(input.size() + 1));
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace penstock::harness
