// State that expires by the watermark, in keyed operators: the same in every schedule.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::expect_same_in_every_schedule;
using harness::Expectation;
using harness::record;
using harness::watermark;
using namespace std::chrono_literals;

struct Visit {
  std::uint32_t user = 0;
  int page = 0;
  bool operator==(const Visit&) const = default;
};
struct Seen {
  std::uint32_t user = 0;
  std::int64_t visits = 0;   // By this user, as long as one came within 100 us.
  std::int64_t of_page = 0;  // To this page.
  std::uint32_t pages = 0;   // That are remembered.
  bool operator==(const Seen&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << seen.user << ": " << seen.visits << ", " << seen.of_page << ", " << seen.pages;
  }
};

struct Remember {
  using Output = Seen;
  ExpiringValue<std::int64_t> visits;
  ExpiringMap<int, std::int64_t> pages;

  void open(OperatorContext& context) {
    const Ttl ttl{.after = 100us, .time = TimeDomain::kEventTime};
    visits = context.value_state<std::int64_t>("visits", ttl);
    pages = context.map_state<int, std::int64_t>("pages", ttl);
  }
  void on_record(const Record<Visit>& record, CollectorOf<Seen> auto&& out) noexcept {
    const std::int64_t count = ++visits.get_or_create();
    const std::int64_t of_page = ++pages.get_or_create(record.value.page);
    out.collect(Record<Seen>{{record.value.user, count, of_page, pages.size()}, record.time});
  }
};

std::uint64_t hash_of_user(const Visit& visit) { return key_hash(visit.user); }

TEST(ExpiringState, ByEventTimeEqualsAModelInEverySchedule) {
  Expectation<Visit, Seen> wanted;
  wanted.subject.key_hash = hash_of_user;
  std::mt19937 random(7);
  struct Cell {
    std::int64_t count = 0;
    std::int64_t used = 0;
  };
  std::map<std::uint32_t, std::pair<Cell, std::map<int, Cell>>> model;
  std::int64_t now = 0;
  std::int64_t mark = kMinEventTime.micros;
  const auto alive = [&](const Cell& cell) {
    return cell.count > 0 && (mark < cell.used || mark - cell.used < 100);
  };
  const auto use = [&](Cell& cell, std::int64_t time) {
    if (!alive(cell)) cell = {0, time};
    cell.used = std::max(cell.used, time);
    return ++cell.count;
  };
  for (int i = 0; i < 1200; ++i) {
    now += static_cast<std::int64_t>(random() % 20);
    if (random() % 5 == 0 && now - 30 > mark) {
      mark = now - 30;
      wanted.input.push_back(watermark<Visit>(mark));
      wanted.main.push_back(watermark<Seen>(mark));
      continue;
    }
    const Visit visit{static_cast<std::uint32_t>(random() % 25), static_cast<int>(random() % 4)};
    const std::int64_t time = now - static_cast<std::int64_t>(random() % 25);
    auto& [visits, pages] = model[visit.user];
    Seen seen{visit.user, use(visits, time), use(pages[visit.page], time), 0};
    for (const auto& [page, cell] : pages) seen.pages += alive(cell) ? 1 : 0;
    wanted.input.push_back(record(visit, time));
    wanted.main.push_back(record(seen, time));
  }
  expect_same_in_every_schedule(
      std::tuple(KeyedProcess<Visit, std::uint32_t Visit::*, Remember>(&Visit::user, Remember{})),
      wanted);
}

// A timer 150 us after each first visit, which says what it then sees.
struct RememberAtTimer {
  using Output = Seen;
  ExpiringValue<std::int64_t> visits;
  Timers<std::uint32_t> handle;

  void open(OperatorContext& context) {
    visits = context.value_state<std::int64_t>("visits",
                                               Ttl{.after = 100us, .time = TimeDomain::kEventTime});
  }
  auto& timers() noexcept { return handle; }
  void on_record(const Record<Visit>& record, CollectorOf<Seen> auto&&) noexcept {
    ++visits.get_or_create();
    handle.set_event_time(record.time + std::chrono::microseconds(record.value.page));
  }
  void on_timer(const Timer& timer, const KeyContext<std::uint32_t>& context,
                CollectorOf<Seen> auto&& out) noexcept {
    const std::int64_t* count = visits.get();
    out.collect(Record<Seen>{{context.key(), count == nullptr ? 0 : *count, 0, 0}, timer.time});
  }
};

TEST(ExpiringState, WhatIsDueSeesStateAsOfItsOwnTimeHoweverFarTheWatermarkJumps) {
  for (const std::int64_t jump : {std::int64_t{100'000}, kMaxEventTime.micros}) {
    SCOPED_TRACE(jump);
    expect_same_in_every_schedule(
        std::tuple(KeyedProcess<Visit, std::uint32_t Visit::*, RememberAtTimer>(&Visit::user,
                                                                                RememberAtTimer{})),
        Expectation<Visit, Seen>{.input = {record(Visit{1, 50}, 1000), record(Visit{2, 99}, 1010),
                                           record(Visit{3, 100}, 1020), watermark<Visit>(jump)},
                                 .main = {record(Seen{1, 1}, 1050), record(Seen{2, 1}, 1109),
                                          record(Seen{3, 0}, 1120), watermark<Seen>(jump)},
                                 .subject = {.key_hash = hash_of_user, .side_output = ""},
                                 .watermarks_depend_on_batches = true});
  }
}

}  // namespace
}  // namespace penstock
