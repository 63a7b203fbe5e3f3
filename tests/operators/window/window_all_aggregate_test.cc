#include "penstock/operators/window/window_all_aggregate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <tuple>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::record;
using harness::watermark;
using std::chrono::microseconds;

using Total = Sum<std::int64_t>;
using Row = std::tuple<std::int64_t, std::int64_t>;  // end, value

PanePart<Total> part(std::int64_t sum) { return {{sum}, 1}; }

template <class Out>
std::vector<Row> rows_of(const harness::Items<Out>& items) {
  std::vector<Row> rows;
  std::int64_t passed = kMinEventTime.micros;
  for (const auto& item : items) {
    if (item.kind == ElementKind::kWatermark) passed = item.time_or_epoch;
    if (item.kind != ElementKind::kData) continue;
    EXPECT_GE(item.time_or_epoch, passed) << "a row behind its watermark";
    rows.emplace_back(item.value.end.micros, item.value.value);
  }
  return rows;
}

TEST(WindowAllAggregate, MergesPartsInEverySchedule) {
  using Op = KeyedProcess<PanePart<Total>, OneKey, WindowAllAggregate<Total>>;
  const harness::Items<PanePart<Total>> items = {record(part(1), 9),
                                                 record(part(2), 9),
                                                 record(part(4), 19),
                                                 watermark<PanePart<Total>>(20),
                                                 record(part(8), 29),
                                                 record(part(16), 9),
                                                 watermark<PanePart<Total>>(30),
                                                 record(part(32), 59),
                                                 watermark<PanePart<Total>>(100)};
  const WindowSpec spec = sliding(microseconds(20), microseconds(10));
  const harness::Subject<PanePart<Total>> subject;
  for (const harness::Schedule& schedule : harness::every_schedule_and_slice()) {
    SCOPED_TRACE(schedule.name);
    const auto input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen = harness::Bench<PanePart<Total>, Op::Output, int, Op>(
                    schedule, subject, std::tuple(Op({}, WindowAllAggregate<Total>(spec))))
                    .run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    EXPECT_EQ(rows_of(seen.main),
              (std::vector<Row>{{10, 3}, {20, 7}, {30, 12}, {40, 8}, {60, 32}, {70, 32}}));
  }
}

// The operator that makes the parts: what it emits, and where, hangs on nothing but its input.
TEST(PanePartial, GivesTheSamePartsInEverySchedule) {
  using Parts = PanePartial<std::int64_t, Total, std::identity>;
  const harness::Items<std::int64_t> items = {
      record<std::int64_t>(1, 3),  record<std::int64_t>(2, 14),  record<std::int64_t>(4, 5),
      watermark<std::int64_t>(10), record<std::int64_t>(8, 12),  record<std::int64_t>(16, 33),
      watermark<std::int64_t>(25), record<std::int64_t>(32, 26), watermark<std::int64_t>(80)};
  const harness::Subject<std::int64_t> subject;
  for (const harness::Schedule& schedule : harness::every_schedule()) {
    SCOPED_TRACE(schedule.name);
    const auto input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen = harness::Bench<std::int64_t, PanePart<Total>, int, Parts>(
                    schedule, subject, std::tuple(Parts(tumbling(microseconds(10)), {})))
                    .run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    harness::take_barriers(seen.main);
    std::vector<Row> parts;  // A watermark has no value.
    for (const auto& item : seen.main)
      parts.emplace_back(item.time_or_epoch, item.value.value.result());
    EXPECT_EQ(parts,
              (std::vector<Row>{{9, 5}, {10, 0}, {19, 10}, {25, 0}, {39, 16}, {29, 32}, {80, 0}}));
  }
}

}  // namespace
}  // namespace penstock
