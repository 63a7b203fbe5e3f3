#include "penstock/operators/timer/timer_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/harness/operator_harness.h"
#include "penstock/tests/operators/timer/by_hand.h"

namespace penstock {
namespace {

using harness::Item;
using harness::Items;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

std::uint64_t hash_of(const Event& event) { return key_hash(event.key); }

// What a timer does besides being seen: some set another, also for a time that is due already, some erase one.
template <class Set, class Erase>
void echo(std::int64_t time, Set set, Erase erase) {
  if (time % 5 == 0) set(time + 3);
  if (time % 7 == 0 && time % 2 == 0) set(time - 9);
  if (time % 3 == 0) erase(time + 4);
}

struct Clockwork {
  using Output = Fired;
  Timers<int> handle;
  ValueState<std::int64_t> fired;

  auto& timers() noexcept { return handle; }
  void open(OperatorContext& context) { fired = context.value_state<std::int64_t>("fired"); }
  void on_record(const Record<Event>& record, auto&& out) noexcept {
    const Event& event = record.value;
    if (event.what == Do::kSet) handle.set_event_time({event.at});
    if (event.what == Do::kErase) handle.erase_event_time({event.at});
    emit(event.key, false, record.time.micros, out);
  }
  void on_timer(const Timer& timer, const KeyContext<int>& context, auto&& out) noexcept {
    EXPECT_EQ(timer.domain, TimeDomain::kEventTime);
    ++fired.get_or_create();
    echo(
        timer.time.micros, [&](std::int64_t at) { handle.set_event_time({at}); },
        [&](std::int64_t at) { handle.erase_event_time({at}); });
    emit(context.key(), true, timer.time.micros, out);
  }
  void emit(int key, bool timer, std::int64_t time, auto& out) noexcept {
    const std::int64_t* count = fired.get();
    out.collect(Record<Fired>{{key, timer, time, count == nullptr ? 0 : *count}, {time}});
  }
};
using Op = KeyedProcess<Event, decltype(key_of), Clockwork>;

// What timers are, without heaps or slices: sorted sets, looked at after each item.
class Reference {
 public:
  std::map<int, std::vector<Fired>> run(const Items<Event>& items) {
    for (const Item<Event>& item : items) {
      if (item.kind == ElementKind::kWatermark) {
        watermark_ = item.time_or_epoch;
        for (auto& [key, times] : timers_) settle(key, times);
      } else if (item.kind == ElementKind::kData) {
        auto& times = timers_[item.value.key];
        if (item.value.what == Do::kSet) times.insert(item.value.at);
        if (item.value.what == Do::kErase) times.erase(item.value.at);
        emit(item.value.key, false, item.time_or_epoch);
        settle(item.value.key, times);
      }
    }
    return rows_;
  }

 private:
  void settle(int key, std::set<std::int64_t>& times) {
    while (!times.empty() && *times.begin() <= watermark_) {
      const std::int64_t time = *times.begin();
      times.erase(time);
      ++fired_[key];
      echo(
          time, [&](std::int64_t at) { times.insert(at); },
          [&](std::int64_t at) { times.erase(at); });
      emit(key, true, time);
    }
  }
  void emit(int key, bool timer, std::int64_t time) {
    rows_[key].push_back({key, timer, time, fired_[key]});
  }

  std::int64_t watermark_ = kMinEventTime.micros;
  std::map<int, std::set<std::int64_t>> timers_;
  std::map<int, std::int64_t> fired_;
  std::map<int, std::vector<Fired>> rows_;
};

struct Load {
  int keys = 6;
  int records = 500;
  std::int64_t ahead =
      60;  // How far timers lie from the current time, at most; some lie behind it.
  int watermark_every = 9;
};

Items<Event> random_input(std::uint32_t seed, const Load& load) {
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
  };
  Items<Event> items;
  std::int64_t now = 1000;
  for (int i = 0; i < load.records; ++i) {
    now += below(4);
    const std::int64_t dice = below(10);
    const Do what = dice < 6 ? Do::kSet : dice < 8 ? Do::kErase : Do::kNothing;
    items.push_back(harness::record(
        Event{static_cast<int>(below(load.keys)), what, now - 10 + below(load.ahead)}, now));
    if (below(load.watermark_every) == 0) items.push_back(harness::watermark<Event>(now += 1));
  }
  items.push_back(harness::watermark<Event>(kMaxEventTime.micros));
  return items;
}

std::vector<harness::Schedule> schedules_with_slices() {
  std::vector<harness::Schedule> schedules;
  for (const std::size_t slice : {1U, 3U, 256U}) {
    for (harness::Schedule schedule : harness::every_schedule()) {
      schedule.name += ", slices of " + std::to_string(slice);
      schedule.firing = {.slice = slice, .per_record = slice == 1 ? 0u : 8u};
      schedules.push_back(std::move(schedule));
    }
  }
  return schedules;
}

// Rows by key; and no timer stands behind a watermark that covers it, but for those that were set too late.
std::map<int, std::vector<Fired>> by_key(const Items<Fired>& items) {
  std::map<int, std::vector<Fired>> rows;
  std::int64_t watermark = kMinEventTime.micros;
  for (const Item<Fired>& item : items) {
    if (item.kind == ElementKind::kWatermark) {
      EXPECT_GT(item.time_or_epoch, watermark) << "watermarks must rise";
      watermark = item.time_or_epoch;
    }
    if (item.kind == ElementKind::kData) rows[item.value.key].push_back(item.value);
  }
  EXPECT_EQ(watermark, kMaxEventTime.micros);
  return rows;
}

void expect_as_reference(const Items<Event>& items) {
  const auto wanted = Reference().run(items);
  harness::Subject<Event> subject;
  subject.key_hash = hash_of;
  for (const harness::Schedule& schedule : schedules_with_slices()) {
    SCOPED_TRACE("schedule: " + schedule.name);
    const Items<Event> input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen =
        harness::Bench<Event, Fired, Fired, Op>(schedule, subject, std::tuple(Op(key_of, {})))
            .run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    harness::take_barriers(seen.main);
    ASSERT_EQ(by_key(seen.main), wanted);
  }
}

TEST(Timers, AgreeWithSortedSetsPerKeyInEverySchedule) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_as_reference(random_input(seed, {}));
  }
}
TEST(Timers, AgreeWhenAKeyHasMoreThanARecordMayLookThrough) {
  expect_as_reference(random_input(5, {.keys = 2, .ahead = 900, .watermark_every = 40}));
  expect_as_reference(
      random_input(6, {.keys = 2, .records = 600, .ahead = 900, .watermark_every = 400}));
}
TEST(Timers, AgreeWhenAllComeAtTheEndOfTime) {
  expect_as_reference(random_input(7, {.keys = 40, .watermark_every = 1'000'000}));
}

TEST(Timers, TheWatermarkPassesOnlyBehindWhatItMadeDue) {
  const Items<Event> input = {
      harness::record(Event{1, Do::kSet, 11}, 1), harness::record(Event{2, Do::kSet, 22}, 1),
      harness::record(Event{3, Do::kSet, 11}, 1), harness::record(Event{3, Do::kSet, 41}, 1),
      harness::watermark<Event>(30)};
  harness::Subject<Event> subject;
  subject.key_hash = hash_of;
  const harness::Schedule one_by_one{.name = "one by one", .firing = {.slice = 1, .per_record = 0}};
  auto seen =
      harness::Bench<Event, Fired, Fired, Op>(one_by_one, subject, std::tuple(Op(key_of, {})))
          .run(input);
  std::vector<std::pair<ElementKind, std::int64_t>> order;
  for (const auto& item : seen.main) {
    if (item.kind == ElementKind::kWatermark || item.value.timer)
      order.emplace_back(item.kind, item.time_or_epoch);
  }
  constexpr auto kTimer = ElementKind::kData;
  constexpr auto kMark = ElementKind::kWatermark;
  EXPECT_THAT(order,
              ElementsAre(std::pair(kMark, 10), std::pair(kTimer, 11), std::pair(kTimer, 11),
                          std::pair(kMark, 21), std::pair(kTimer, 22), std::pair(kMark, 30)));
}

// ---- processing time, and one step at a time ----

struct Reminder {
  using Output = Fired;
  Timers<int> handle;
  bool again = false;

  auto& timers() noexcept { return handle; }
  void on_record(const Record<Event>& record, auto&&) noexcept {
    const EventTime at = handle.processing_now() + std::chrono::microseconds(record.value.at);
    if (record.value.what == Do::kErase) return handle.erase_processing_time(at);
    handle.set_processing_time(at);
  }
  void on_timer(const Timer& timer, const KeyContext<int>& context, auto&& out) noexcept {
    EXPECT_EQ(timer.domain, TimeDomain::kProcessingTime);
    if (again) handle.set_processing_time(timer.time + 1s);
    out.collect(Record<Fired>{{context.key(), true, timer.time.micros, 0}, timer.time});
  }
};

TEST(ProcessingTimeTimers, FireWhenTheClockHasPassedThemAndSayWhenToWake) {
  ByHand<Reminder> task(Reminder{}, {5'000'000});
  EXPECT_EQ(task.wake_at(), kNever);
  task.clock().advance(3us);
  task.push({.key = 1, .what = Do::kSet, .at = 2000});
  task.push({.key = 2, .what = Do::kSet, .at = 1000});
  EXPECT_EQ(task.wake_at(), Instant{1'003'000});
  task.clock().advance(999us);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre());
  task.clock().advance(1us);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre(5'001'003));
  EXPECT_EQ(task.wake_at(), Instant{2'003'000});
  task.clock().advance(1h);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre(5'001'003, 5'002'003));
  EXPECT_EQ(task.wake_at(), kNever);
}

TEST(ProcessingTimeTimers, CountFromTheStepOfTheirRecordAlsoAfterALongSleep) {
  ByHand<Reminder> task(Reminder{});
  task.step();
  task.clock().advance(1h);
  task.push({.key = 1, .what = Do::kSet, .at = 1000});
  EXPECT_THAT(task.times(), ElementsAre());
  EXPECT_EQ(task.wake_at(), Instant{} + 1h + 1ms);
}

TEST(ProcessingTimeTimers, ThatAreErasedDoNotFireAndKeepNoState) {
  ByHand<Reminder> task(Reminder{});
  task.push({.key = 1, .what = Do::kSet, .at = 1000});
  EXPECT_EQ(task.counters().state_keys.get(), 1u);
  task.push({.key = 1, .what = Do::kErase, .at = 1000});
  task.push({.key = 2, .what = Do::kErase, .at = 1000});
  EXPECT_EQ(task.counters().state_keys.get(), 0u);
  task.clock().advance(1s);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre());
  EXPECT_EQ(task.wake_at(), kNever);
}

TEST(ProcessingTimeTimers, ThatAreSetTwiceFireOnce) {
  ByHand<Reminder> task(Reminder{});
  task.push({.key = 1, .what = Do::kSet, .at = 1000});
  task.push({.key = 1, .what = Do::kSet, .at = 1000});
  task.clock().advance(1s);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre(1000));
}

TEST(ProcessingTimeTimers, OneThatIsSetInThePastByATimerComesInTheSameWalk) {
  ByHand<Reminder> task(Reminder{.handle = {}, .again = true});
  task.push({.key = 1, .what = Do::kSet, .at = 1'000'000});
  task.clock().advance(3s);
  task.step();
  EXPECT_THAT(task.times(), ElementsAre(1'000'000, 2'000'000, 3'000'000));
  EXPECT_EQ(task.wake_at(), Instant{} + 4s);
}

TEST(ProcessingTimeTimers, FarAwayOnesAskForAWakeUpADayAheadAtMost) {
  ByHand<Reminder> task(Reminder{});
  task.push({.key = 1, .what = Do::kSet, .at = kMaxEventTime.micros});
  EXPECT_EQ(task.wake_at(), Instant{} + 24h);
}

TEST(Timers, NoMoreComeOutThanThereIsCreditFor) {
  ByHand<Clockwork> task(Clockwork{});
  for (int key = 0; key < 10; ++key) task.push({.key = key, .what = Do::kSet, .at = 11});
  const std::size_t records = task.out().records().size();
  task.credit().left = 0;
  task.watermark(20);
  task.step();
  EXPECT_TRUE(task.more());
  EXPECT_EQ(task.out().records().size(), records);
  EXPECT_THAT(task.out().watermarks(), ElementsAre(EventTime{10}));
  task.credit().left = 1'000'000;
  task.step();
  EXPECT_TRUE(task.more()) << "what has come out is to be flushed";
  task.step();
  EXPECT_FALSE(task.more());
  EXPECT_EQ(task.out().records().size(), records + 10);
  EXPECT_THAT(task.out().watermarks(), ElementsAre(EventTime{10}, EventTime{20}));
}

TEST(Timers, OfOneTimeComeInTheOrderOfTheirKeysHashes) {
  ByHand<Clockwork> task(Clockwork{});
  for (int key = 0; key < 50; ++key) task.push({.key = key, .what = Do::kSet, .at = 11});
  task.watermark(20);
  task.step();
  std::uint64_t before = 0;
  for (std::size_t i = 50; i < 100; ++i) {
    const std::uint64_t hash = key_hash(task.out().records()[i].value.key) >> 8;
    EXPECT_LT(before, hash);
    before = hash;
  }
}

TEST(Timers, ARecordWaitsWhileItsKeyHasMoreDueThanMayComeAtOnce) {
  ByHand<Clockwork> task(Clockwork{});
  for (std::int64_t at = 0; at < 1000; ++at) task.push({.key = 1, .what = Do::kSet, .at = 11 * at});
  task.watermark(20'000);
  EXPECT_EQ(task.push({.key = 1, .what = Do::kNothing}), 0u);
  while (task.more()) task.step();
  EXPECT_EQ(task.push({.key = 1, .what = Do::kNothing}), 1u);
  const auto& rows = task.out().records();
  EXPECT_GE(rows.back().value.fired, 1000);
  EXPECT_TRUE(rows[rows.size() - 2].value.timer);
}

struct Forgetful {
  using Output = Fired;
  ExpiringValue<std::int64_t> seen;

  void open(OperatorContext& context) {
    seen = context.value_state<std::int64_t>("seen", Ttl{.after = 1s});
  }
  void on_record(const Record<Event>& record, auto&& out) noexcept {
    out.collect(Record<Fired>{{record.value.key, false, ++seen.get_or_create(), 0}, record.time});
  }
};

TEST(ExpiringState, IsForgottenAndFreedThoughNoRecordComes) {
  ByHand<Forgetful> task(Forgetful{}, {1'000'000});
  EXPECT_EQ(task.wake_at(), kNever);
  task.push({.key = 1});
  task.clock().advance(900ms);
  task.push({.key = 1});
  task.clock().advance(1s);
  task.push({.key = 1});
  EXPECT_THAT(task.times(), ElementsAre(1, 2, 1));
  for (int wakes = 0; task.wake_at() != kNever; ++wakes) {
    ASSERT_LT(wakes, 10);
    task.clock().advance(task.wake_at() - task.clock().now());
    task.step();
  }
  EXPECT_EQ(task.counters().state_keys.get(), 0u);
  EXPECT_LE(task.clock().now(), Instant{} + 1900ms + 1250ms);
}

struct Silent {
  using Output = Fired;
  Timers<int> handle;
  std::uint64_t* fired = nullptr;

  auto& timers() noexcept { return handle; }
  void on_record(const Record<Event>& record, auto&&) noexcept {
    handle.set_event_time({record.value.at});
    handle.erase_event_time({record.value.at - 3});
    handle.set_processing_time(handle.processing_now() + 5us);
  }
  void on_timer(const Timer&, const KeyContext<int>&, auto&&) noexcept { ++*fired; }
};

TEST(Timers, AllocateNothingPerRecordOrTimer) {
  std::uint64_t fired = 0;
  ByHand<Silent> task(Silent{{}, &fired});
  const auto run = [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t i = from; i < to; ++i) {
      task.push({.key = static_cast<int>(i % 50), .what = Do::kSet, .at = i});
      task.clock().advance(1us);
      if (i % 100 == 0) task.watermark(i - 50);
    }
  };
  run(0, 5'000);
  const std::uint64_t before = thread_allocations_so_far();
  const std::uint64_t fired_before = fired;
  run(5'000, 20'000);
  // Watermarks go into a list; nothing else may come.
  EXPECT_LE(thread_allocations_so_far() - before, 10u);
  EXPECT_GT(fired - fired_before, 20'000u);
}

}  // namespace
}  // namespace penstock
