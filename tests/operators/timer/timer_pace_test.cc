#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "penstock/operators/timer/timer_service.h"
#include "penstock/tests/operators/timer/by_hand.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

// Sets a timer of event time for each record.
struct Alarm {
  using Output = Fired;
  Timers<int> handle;

  auto& timers() noexcept { return handle; }
  void on_record(const Record<Event>& record, auto&& out) noexcept {
    if (record.value.what == Do::kSet) handle.set_event_time({record.value.at});
    out.collect(Record<Fired>{{record.value.key, false, 0, 0}, record.time});
  }
  void on_timer(const Timer& timer, const KeyContext<int>& context, auto&& out) noexcept {
    out.collect(Record<Fired>{{context.key(), true, timer.time.micros, 0}, timer.time});
  }
};

// Sets one of processing time, which sets itself anew.
struct Pulse {
  using Output = Fired;
  Timers<int> handle;

  auto& timers() noexcept { return handle; }
  void on_record(const Record<Event>& record, auto&&) noexcept {
    handle.set_processing_time(handle.processing_now() +
                               std::chrono::microseconds(record.value.at));
  }
  void on_timer(const Timer& timer, const KeyContext<int>& context, auto&& out) noexcept {
    handle.set_processing_time(timer.time + 1s);
    out.collect(Record<Fired>{{context.key(), true, timer.time.micros, 0}, timer.time});
  }
};

TEST(TimerPace, ABatchEndsEarlyThatChangesManyAndTheNextGoesOn) {
  ByHand<Alarm> task(Alarm{});
  std::vector<Event> moves;
  moves.reserve(600);
  for (int key = 0; key < 600; ++key) moves.push_back({.key = key, .what = Do::kSet, .at = 11});
  for (const std::size_t taken : {256u, 256u, 88u}) {
    ASSERT_EQ(task.push_all(moves), taken);
    moves.erase(moves.begin(), moves.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  EXPECT_EQ(task.out().records().size(), 600u);
}

TEST(TimerPace, AskForSmallerBatchesWhileMoreIsDueThanASliceTakes) {
  ByHand<Alarm> task(Alarm{});
  for (int key = 0; key < 2000; ++key) task.push({.key = key, .what = Do::kSet, .at = 11});
  EXPECT_FALSE(task.falls_behind());
  task.watermark(20);
  task.step();
  EXPECT_TRUE(task.falls_behind());
  while (task.more()) task.step();
  EXPECT_FALSE(task.falls_behind());
  EXPECT_EQ(task.out().records().size(), 4000u);
}

TEST(TimerPace, OnesThatSetThemselvesAnewMakeSlicesNoLonger) {
  ByHand<Pulse> task(Pulse{});
  for (int key = 0; key < 4000; ++key) task.push({.key = key, .what = Do::kSet, .at = 1});
  std::size_t before = 0;
  std::size_t longest = 0;
  task.clock().advance(1s);
  for (int step = 0; step < 10; ++step, before = task.out().records().size()) {
    task.step(4096);
    longest = std::max(longest, task.out().records().size() - before);
  }
  EXPECT_GE(longest, 128u);
  EXPECT_LE(longest, 400u);
  EXPECT_EQ(task.push({.key = 1, .what = Do::kNothing}), 1u) << "what slices set is not its fault";
}

}  // namespace
}  // namespace penstock
