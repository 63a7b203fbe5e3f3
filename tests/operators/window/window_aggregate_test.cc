#include "penstock/operators/window/window_aggregate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <tuple>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::record;
using harness::watermark;
using std::chrono::microseconds;

struct Event {
  int key = 0;
  std::int64_t value = 0;
  friend bool operator==(const Event&, const Event&) = default;
};
constexpr auto key_of = [](const Event& event) noexcept { return event.key; };
constexpr auto value_of = [](const Event& event) noexcept { return event.value; };
constexpr auto above_one = [](const auto& row) noexcept { return row.value > 1; };

using Total = Sum<std::int64_t>;
using Aggregate = WindowAggregate<Event, int, Total, decltype(value_of), decltype(above_one)>;
using Op = KeyedProcess<Event, decltype(key_of), Aggregate>;
using Row =
    std::tuple<std::int64_t, std::int64_t, std::int64_t, bool>;  // start, end, value, updated
using Rows = std::map<int, std::vector<Row>>;

Rows rows_of(const harness::Items<Op::Output>& items) {
  Rows rows;
  for (const auto& item : items) {
    if (item.kind != ElementKind::kData) continue;
    const auto& row = item.value;
    EXPECT_EQ(item.time_or_epoch, row.end.micros - 1);
    rows[row.key].emplace_back(row.start.micros, row.end.micros, row.value, row.updated);
  }
  return rows;
}

void expect_rows(const WindowSpec& spec, const harness::Items<Event>& items, const Rows& wanted,
                 const std::vector<Event>& wanted_late) {
  const harness::Subject<Event> subject{
      .key_hash = [](const Event& event) { return key_hash(event.key); }, .side_output = "late"};
  const std::tuple ops(Op(key_of, Aggregate(spec, value_of, above_one, SideOutput<Event>("late"))));
  for (const harness::Schedule& schedule : harness::every_schedule_and_slice()) {
    SCOPED_TRACE(schedule.name);
    const harness::Items<Event> input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen = harness::Bench<Event, Op::Output, Event, Op>(schedule, subject, ops).run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    EXPECT_EQ(rows_of(seen.main), wanted);
    std::vector<Event> late;
    for (const auto& item : seen.side) {
      if (item.kind == ElementKind::kData) late.push_back(item.value);
    }
    EXPECT_EQ(late, wanted_late);
  }
}

const harness::Items<Event> kInput = {
    record(Event{1, 2}, 5),  record(Event{2, 1}, 6),  record(Event{1, 3}, 15), watermark<Event>(20),
    record(Event{1, 4}, 35), record(Event{2, 7}, 19), record(Event{1, 9}, 9),  watermark<Event>(41),
    record(Event{2, 5}, 47), watermark<Event>(100)};

TEST(WindowAggregate, GivesTheRowsThatPassAndSetsAsideWhatIsLate) {
  expect_rows(sliding(microseconds(20), microseconds(10)), kInput,
              {{1,
                {{-10, 10, 2, false},
                 {0, 20, 5, false},
                 {10, 30, 3, false},
                 {20, 40, 4, false},
                 {30, 50, 4, false}}},
               {2, {{10, 30, 7, false}, {30, 50, 5, false}, {40, 60, 5, false}}}},
              {{1, 9}});
}
TEST(WindowAggregate, BringsAWindowOutAnewWithinTheAllowedLateness) {
  WindowSpec spec = tumbling(microseconds(20));
  spec.allowed_lateness = microseconds(20);
  expect_rows(spec, kInput,
              {{1, {{0, 20, 5, false}, {0, 20, 14, true}, {20, 40, 4, false}}},
               {2, {{0, 20, 8, true}, {40, 60, 5, false}}}},
              {});
}

TEST(WindowPartAggregate, MergesPartsInEverySchedule) {
  using Part = KeyPart<int, Total>;
  using OfParts = KeyedProcess<Part, KeyOfPart, WindowPartAggregate<int, Total>>;
  const auto part = [](int key, std::int64_t sum, std::int64_t time) {
    return record(Part{key, {1}, {sum}}, time);
  };
  const harness::Items<Part> items = {part(1, 1, 9),       part(2, 2, 9),   part(1, 4, 19),
                                      watermark<Part>(20), part(1, 8, 29),  part(1, 16, 9),
                                      watermark<Part>(30), part(2, 32, 59), watermark<Part>(100)};
  harness::Subject<Part> subject;
  subject.key_hash = [](const Part& each) { return key_hash(each.key); };
  const WindowSpec spec = sliding(microseconds(20), microseconds(10));
  for (const harness::Schedule& schedule : harness::every_schedule_and_slice()) {
    SCOPED_TRACE(schedule.name);
    const auto input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen =
        harness::Bench<Part, Op::Output, int, OfParts>(
            schedule, subject, std::tuple(OfParts({}, WindowPartAggregate<int, Total>(spec))))
            .run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    EXPECT_EQ(
        rows_of(seen.main),
        (Rows{
            {1, {{-10, 10, 1, false}, {0, 20, 5, false}, {10, 30, 12, false}, {20, 40, 8, false}}},
            {2,
             {{-10, 10, 2, false}, {0, 20, 2, false}, {40, 60, 32, false}, {50, 70, 32, false}}}}));
  }
}

}  // namespace
}  // namespace penstock
