#include "penstock/operators/window/window_panes.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock {
namespace {

using harness::Item;
using harness::Items;

struct Event {
  int key = 0;
  std::int64_t value = 0;
};
struct Row {
  int key = 0;
  std::int64_t end = 0;
  std::int64_t value = 0;
  bool updated = false;
  friend auto operator<=>(const Row&, const Row&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << "{key " << row.key << " end " << row.end << " value " << row.value
               << (row.updated ? " updated" : "") << "}";
  }
};

constexpr auto key_of = [](const Event& event) noexcept { return event.key; };
std::uint64_t hash_of(const Event& event) { return key_hash(event.key); }

template <class Acc>
struct Windowed {
  using Output = Row;
  WindowPanes<Acc> panes;

  explicit Windowed(WindowSpec spec) : panes("panes", spec) {}
  auto windows() noexcept { return std::tie(panes); }
  void on_record(const Record<Event>& record, auto&& out) noexcept {
    if (!panes.add(record.time, record.value.value)) {
      out.collect(Record<Row>{{record.value.key, -1, record.value.value, false}, record.time});
    }
  }
  void on_window(const Window<Acc>& window, const KeyContext<int>& context, auto&& out) noexcept {
    out.collect(Record<Row>{
        {context.key(), window.end.micros, window.value.result(), window.updated}, window.time()});
  }
};

// What windows are, without panes, walks or slices: every record of every window, kept and added up at its end.
template <class Acc>
class Reference {
 public:
  explicit Reference(WindowSpec spec) : spec_(spec) {}

  void record(const Event& event, std::int64_t time) {
    bool late = true;
    for (std::int64_t end : ends_of(time)) {
      if (closed(end) && end + spec_.allowed_lateness.count() <= watermark_) continue;
      late = false;
      values_[{end, event.key}].push_back(event.value);
      if (closed(end)) emit(end, event.key, true);
    }
    if (late) rows_.push_back({event.key, -1, event.value, false});
  }
  void watermark(std::int64_t time) {
    for (const auto& [window, values] : values_) {
      if (!closed(window.first) && window.first <= time) emit(window.first, window.second, false);
    }
    watermark_ = std::max(watermark_, time);
  }
  std::vector<Row> rows() const { return rows_; }

 private:
  bool closed(std::int64_t end) const { return end <= watermark_; }
  std::vector<std::int64_t> ends_of(std::int64_t time) const {
    std::vector<std::int64_t> ends;
    const std::int64_t slide = spec_.slide.count();
    std::int64_t start = (time - spec_.offset.count()) / slide * slide + spec_.offset.count();
    while (start > time) start -= slide;
    while (start + slide <= time) start += slide;
    for (; start + spec_.size.count() > time; start -= slide)
      ends.insert(ends.begin(), start + spec_.size.count());
    return ends;
  }
  void emit(std::int64_t end, int key, bool updated) {
    Acc acc;
    for (std::int64_t value : values_[{end, key}]) acc.add(value);
    rows_.push_back({key, end, acc.result(), updated});
  }

  WindowSpec spec_;
  std::int64_t watermark_ = kMinEventTime.micros;
  std::map<std::pair<std::int64_t, int>, std::vector<std::int64_t>> values_;
  std::vector<Row> rows_;
};

// Order between keys is free, order within a key is not.
std::map<int, std::vector<Row>> by_key(const std::vector<Row>& rows) {
  std::map<int, std::vector<Row>> result;
  for (const Row& row : rows) result[row.key].push_back(row);
  return result;
}

// Every row stands before the watermarks that cover it; returns the rows.
std::vector<Row> rows_of(const Items<Row>& items, bool with_updates) {
  std::vector<Row> rows;
  std::int64_t watermark = kMinEventTime.micros;
  for (const Item<Row>& item : items) {
    if (item.kind == ElementKind::kWatermark) {
      EXPECT_GT(item.time_or_epoch, watermark);
      watermark = item.time_or_epoch;
    } else if (item.kind == ElementKind::kData) {
      rows.push_back(item.value);
      if (item.value.end >= 0 && !with_updates) {
        EXPECT_GE(item.time_or_epoch, watermark) << item.value;
      }
    }
  }
  return rows;
}

struct Load {
  int keys = 5;
  std::int64_t disorder = 30;
  std::int64_t rise = 4;  // Of time, at most, from one record to the next.
  int records = 400;
  int watermark_every = 7;
  bool ends = true;  // The end of time comes last.
};

Items<Event> random_input(std::uint32_t seed, const Load& load) {
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound + 1));
  };
  Items<Event> items;
  std::int64_t now = below(200) - 100;
  std::int64_t high = now;
  std::int64_t sent = kMinEventTime.micros;
  for (int i = 0; i < load.records; ++i) {
    now += below(load.rise) * (below(20) == 0 ? 60 : 1);
    const std::int64_t time = now - below(load.disorder);
    high = std::max(high, time);
    items.push_back(
        harness::record(Event{static_cast<int>(below(load.keys - 1)), below(99) + 1}, time));
    if (below(load.watermark_every) != 0) continue;
    const std::int64_t watermark = high - below(load.disorder);
    if (watermark <= sent) continue;
    items.push_back(harness::watermark<Event>(sent = watermark));
  }
  if (load.ends) items.push_back(harness::watermark<Event>(kMaxEventTime.micros));
  return items;
}

template <class Acc>
std::vector<Row> expected(WindowSpec spec, const Items<Event>& items) {
  Reference<Acc> reference(spec);
  for (const Item<Event>& item : items) {
    if (item.kind == ElementKind::kData) reference.record(item.value, item.time_or_epoch);
    if (item.kind == ElementKind::kWatermark) reference.watermark(item.time_or_epoch);
  }
  return reference.rows();
}

std::vector<harness::Schedule> schedules_with_slices() {
  std::vector<harness::Schedule> schedules;
  for (const std::size_t slice : {1u, 3u, 256u}) {
    for (harness::Schedule schedule : harness::every_schedule()) {
      schedule.name += ", slices of " + std::to_string(slice);
      schedule.firing = {.slice = slice, .per_record = slice == 1 ? 0u : 8u};
      schedules.push_back(std::move(schedule));
    }
  }
  return schedules;
}

template <class Acc>
void expect_windows(WindowSpec spec, const Items<Event>& items) {
  const auto wanted = by_key(expected<Acc>(spec, items));
  using Op = KeyedProcess<Event, decltype(key_of), Windowed<Acc>>;
  const std::tuple<Op> ops(Op(key_of, Windowed<Acc>(spec)));
  harness::Subject<Event> subject;
  subject.key_hash = hash_of;
  for (const harness::Schedule& schedule : schedules_with_slices()) {
    SCOPED_TRACE("schedule: " + schedule.name);
    const Items<Event> input = schedule.barriers ? harness::with_barriers(items) : items;
    auto seen = harness::Bench<Event, Row, Row, Op>(schedule, subject, ops).run(input);
    EXPECT_TRUE(seen.failure.ok()) << seen.failure.to_string();
    harness::take_barriers(seen.main);
    ASSERT_EQ(by_key(rows_of(seen.main, spec.allowed_lateness.count() > 0)), wanted);
  }
}

using std::chrono::microseconds;

struct SpecCase {
  const char* name;
  WindowSpec spec;
};

class WindowPanesOf : public testing::TestWithParam<SpecCase> {};

TEST_P(WindowPanesOf, GiveWhatARecordByRecordReferenceGives) {
  for (std::uint32_t seed = 1; seed <= rounds(4); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_windows<Sum<std::int64_t>>(GetParam().spec, random_input(seed, {}));
  }
}
TEST_P(WindowPanesOf, GiveTheSameForAnAccumulatorThatCannotAlwaysRetract) {
  expect_windows<Max<std::int64_t>>(GetParam().spec, random_input(11, {}));
}
TEST_P(WindowPanesOf, HoldRecordsThatRunFarAheadOfTheWatermark) {
  expect_windows<Sum<std::int64_t>>(GetParam().spec,
                                    random_input(12, {.disorder = 900, .records = 250}));
}
TEST_P(WindowPanesOf, CrossGapsInWhichNothingHappens) {
  expect_windows<Sum<std::int64_t>>(GetParam().spec,
                                    random_input(13, {.keys = 2, .rise = 400, .records = 120}));
}
TEST_P(WindowPanesOf, NeedNoWatermarkBeforeTheEnd) {
  expect_windows<Sum<std::int64_t>>(
      GetParam().spec, random_input(14, {.disorder = 200, .watermark_every = 1'000'000}));
}

INSTANTIATE_TEST_SUITE_P(
    Specs, WindowPanesOf,
    testing::Values(
        SpecCase{"tumbling", tumbling(microseconds(20))},
        SpecCase{"tumbling_offset", tumbling(microseconds(20), microseconds(7))},
        SpecCase{"sliding", sliding(microseconds(60), microseconds(10))},
        SpecCase{"sliding_negative_offset",
                 sliding(microseconds(60), microseconds(10), microseconds(-3))},
        SpecCase{"sliding_uneven", sliding(microseconds(25), microseconds(10))},
        SpecCase{"sliding_fine", sliding(microseconds(60), microseconds(1))},
        SpecCase{"tumbling_lateness", {microseconds(20), microseconds(20), {}, microseconds(35)}},
        SpecCase{"sliding_lateness", {microseconds(30), microseconds(10), {}, microseconds(15)}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(WindowPanes, RefusesWindowsThatAreNone) {
  EXPECT_FALSE(Panes::of(tumbling(microseconds(0))).ok());
  EXPECT_FALSE(Panes::of(sliding(microseconds(10), microseconds(20))).ok());
  EXPECT_FALSE(Panes::of({microseconds(10), microseconds(10), {}, microseconds(-1)}).ok());
  const Status too_fine = Panes::of(sliding(microseconds(3600), microseconds(1))).status();
  EXPECT_NE(too_fine.message().find("panes"), std::string::npos) << too_fine.to_string();
}

}  // namespace
}  // namespace penstock
