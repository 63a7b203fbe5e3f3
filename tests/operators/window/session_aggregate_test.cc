#include "penstock/operators/window/session_aggregate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::Item;
using harness::Items;
using std::chrono::microseconds;
using testing::ElementsAre;
using testing::HasSubstr;

struct Event {
  int key = 0;
  std::int64_t value = 0;
  friend auto operator<=>(const Event&, const Event&) = default;
};
struct Row {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t value = 0;
  friend auto operator<=>(const Row&, const Row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << "{[" << row.start << ", " << row.end << ") value " << row.value << "}";
  }
};
using Rows = std::map<int, std::vector<Row>>;
using LateRows = std::map<int, std::vector<std::int64_t>>;

constexpr auto key_of = [](const Event& event) noexcept { return event.key; };
constexpr auto value_of = [](const Event& event) noexcept { return event.value; };
std::uint64_t hash_of(const Event& event) { return key_hash(event.key); }

template <class Acc, class Having = EveryWindow>
using Sessions = SessionAggregate<Event, int, Acc, decltype(value_of), Having>;
template <class Acc, class Having = EveryWindow>
using Op = KeyedProcess<Event, decltype(key_of), Sessions<Acc, Having>>;
template <class Acc>
Op<Acc> sessions(std::int64_t gap) {
  return Op<Acc>(
      key_of, Sessions<Acc>(session(microseconds(gap)), value_of, {}, SideOutput<Event>("late")));
}

// Every record of every open session, kept; what touches is joined by sorting anew.
template <class Acc>
class Reference {
 public:
  explicit Reference(std::int64_t gap) : gap_(gap) {}

  void run(const Items<Event>& items) {
    for (const Item<Event>& item : items) {
      if (item.kind == ElementKind::kData) record(item.value, item.time_or_epoch);
      if (item.kind == ElementKind::kWatermark) close(item.time_or_epoch);
    }
  }
  Rows rows;
  LateRows late;

 private:
  struct Open {
    std::int64_t start;
    std::int64_t end;
    std::vector<std::int64_t> values;
  };

  void record(const Event& event, std::int64_t time) {
    if (time + gap_ <= watermark_) return late[event.key].push_back(event.value);
    std::vector<Open>& open = open_[event.key];
    open.push_back({time, time + gap_, {event.value}});
    std::sort(open.begin(), open.end(),
              [](const Open& a, const Open& b) { return a.start < b.start; });
    std::vector<Open> joined;
    for (Open& next : open) {
      if (!joined.empty() && next.start <= joined.back().end) {
        joined.back().end = std::max(joined.back().end, next.end);
        joined.back().values.insert(joined.back().values.end(), next.values.begin(),
                                    next.values.end());
      } else {
        joined.push_back(next);
      }
    }
    open = joined;
  }
  void close(std::int64_t watermark) {
    watermark_ = watermark;
    for (auto& [key, open] : open_) {
      for (const Open& session : open) {
        if (session.end > watermark) continue;
        Acc acc;
        for (std::int64_t value : session.values) acc.add(value);
        rows[key].push_back({session.start, session.end, static_cast<std::int64_t>(acc.result())});
      }
      std::erase_if(open, [&](const Open& session) { return session.end <= watermark; });
    }
  }

  std::int64_t gap_;
  std::int64_t watermark_ = kMinEventTime.micros;
  std::map<int, std::vector<Open>> open_;
};

struct Load {
  int keys = 4;
  int records = 400;
  std::int64_t disorder = 40;
  std::int64_t rise = 6;
  int watermark_every = 8;
};

Items<Event> random_input(std::uint32_t seed, const Load& load) {
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound + 1));
  };
  Items<Event> items;
  std::int64_t now = below(100) - 200;
  std::int64_t sent = kMinEventTime.micros;
  for (int i = 0; i < load.records; ++i) {
    now += below(load.rise) * (below(15) == 0 ? 8 : 1);
    items.push_back(harness::record(Event{static_cast<int>(below(load.keys - 1)), below(99) + 1},
                                    now - below(load.disorder)));
    const std::int64_t watermark = now - below(load.disorder);
    if (below(load.watermark_every) != 0 || watermark <= sent) continue;
    items.push_back(harness::watermark<Event>(sent = watermark));
  }
  items.push_back(harness::watermark<Event>(kMaxEventTime.micros));
  return items;
}

std::vector<harness::Schedule> schedules_with_slices() {
  std::vector<harness::Schedule> schedules;
  for (const std::size_t slice : {1, 3, 256}) {
    for (harness::Schedule schedule : harness::every_schedule()) {
      schedule.name += ", slices of " + std::to_string(slice);
      schedule.firing = {.slice = slice, .per_record = slice == 1 ? 0u : 8u};
      schedules.push_back(std::move(schedule));
    }
  }
  return schedules;
}

// Rows by key. Each has the last microsecond of its session as time, and no watermark before it covers it.
template <class Result>
Rows rows_of(const Items<Result>& items) {
  Rows rows;
  std::int64_t watermark = kMinEventTime.micros;
  for (const Item<Result>& item : items) {
    if (item.kind == ElementKind::kWatermark) {
      EXPECT_GT(item.time_or_epoch, watermark) << "watermarks must rise";
      watermark = item.time_or_epoch;
    } else if (item.kind == ElementKind::kData) {
      const Result& result = item.value;
      rows[result.key].push_back(
          {result.start.micros, result.end.micros, static_cast<std::int64_t>(result.value)});
      EXPECT_EQ(item.time_or_epoch, result.end.micros - 1);
      EXPECT_GE(item.time_or_epoch, watermark);
    }
  }
  return rows;
}

template <class Acc>
void expect_sessions(std::int64_t gap, const Items<Event>& items) {
  Reference<Acc> reference(gap);
  reference.run(items);
  using Result = typename Op<Acc>::Output;
  const harness::Subject<Event> subject{.key_hash = hash_of, .side_output = "late"};
  for (const harness::Schedule& schedule : schedules_with_slices()) {
    SCOPED_TRACE("schedule: " + schedule.name);
    const Items<Event> input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen = harness::Bench<Event, Result, Event, Op<Acc>>(schedule, subject,
                                                              std::tuple(sessions<Acc>(gap)))
                    .run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    harness::take_barriers(seen.main);
    ASSERT_EQ(rows_of(seen.main), reference.rows);
    LateRows late;
    for (const Item<Event>& item : seen.side) {
      if (item.kind == ElementKind::kData) late[item.value.key].push_back(item.value.value);
    }
    ASSERT_EQ(late, reference.late);
  }
}

using Total = Sum<std::int64_t>;

TEST(SessionAggregate, GivesWhatARecordByRecordReferenceGives) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_sessions<Total>(20, random_input(seed, {}));
  }
}
TEST(SessionAggregate, GivesTheSameForAMaximum) {
  expect_sessions<Max<std::int64_t>>(15, random_input(5, {}));
}
TEST(SessionAggregate, JoinsManySessionsThatAreOpenByDisorder) {
  expect_sessions<Total>(3, random_input(6, {.keys = 2, .disorder = 600, .watermark_every = 50}));
}
TEST(SessionAggregate, NeedsNoWatermarkBeforeTheEnd) {
  expect_sessions<Total>(9, random_input(7, {.disorder = 300, .watermark_every = 1'000'000}));
}

Rows rows_for(const Items<Event>& input, std::int64_t gap) {
  const harness::Subject<Event> subject{.key_hash = hash_of, .side_output = "late"};
  const harness::Schedule schedule{.name = "plain"};
  using Result = typename Op<Total>::Output;
  return rows_of(harness::Bench<Event, Result, Event, Op<Total>>(schedule, subject,
                                                                 std::tuple(sessions<Total>(gap)))
                     .run(input)
                     .main);
}

TEST(SessionAggregate, ARecordExactlyTheGapBehindTheLastOneJoins) {
  EXPECT_THAT(rows_for({harness::record(Event{1, 1}, 100), harness::record(Event{1, 2}, 110),
                        harness::record(Event{1, 4}, 121), harness::watermark<Event>(200)},
                       10)[1],
              ElementsAre(Row{100, 120, 3}, Row{121, 131, 4}));
}
TEST(SessionAggregate, ARecordBetweenTwoSessionsMakesThemOne) {
  EXPECT_THAT(rows_for({harness::record(Event{1, 1}, 100), harness::record(Event{1, 2}, 118),
                        harness::record(Event{1, 4}, 109), harness::watermark<Event>(200)},
                       10)[1],
              ElementsAre(Row{100, 128, 7}));
}
TEST(SessionAggregate, ComesOutAtTheFirstWatermarkThatReachesItsEnd) {
  const Items<Event> open = {harness::record(Event{1, 1}, 100), harness::watermark<Event>(109)};
  EXPECT_TRUE(rows_for(open, 10).empty());
  Items<Event> closed = open;
  closed.push_back(harness::watermark<Event>(110));
  EXPECT_THAT(rows_for(closed, 10)[1], ElementsAre(Row{100, 110, 1}));
}
TEST(SessionAggregate, ALateRecordIsDroppedThoughAnOpenSessionReachesIt) {
  // The session is [100, 120) at watermark 112: a record of 102 would fall into it, but its own [102, 112) is over.
  EXPECT_THAT(rows_for({harness::record(Event{1, 1}, 100), harness::record(Event{1, 2}, 110),
                        harness::watermark<Event>(112), harness::record(Event{1, 4}, 102),
                        harness::record(Event{1, 8}, 103), harness::watermark<Event>(200)},
                       10)[1],
              ElementsAre(Row{100, 120, 11}));
}

TEST(SessionAggregate, RefusesAGapThatIsNone) {
  auto op = sessions<Total>(0);
  VirtualClock clock;
  TaskContext context;
  context.stage_name = "visits";
  context.clock = &clock;
  TaskCounters counters;
  context.counters = &counters;
  EXPECT_THAT(std::string(op.open(context).message()), HasSubstr("gap of 0 us"));
}

}  // namespace
}  // namespace penstock
