// tests/golden/golden_jobs.h -- a job with state of every kind, as it was when the golden checkpoints were made, and as
// its users have changed it since.
//
// Out        Lines in files of a folder: totals (values, values and elements that expire, maps), reminders (timers),
//            windows, sessions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "penstock/api/stream.h"
#include "penstock/api/windowed_stream.h"
#include "penstock/io/file/line_file_sink.h"
#include "penstock/io/json/json.h"
#include "penstock/io/memory/memory_source.h"

namespace penstock::golden {

struct Buy {
  std::uint32_t card = 0;
  std::int32_t cents = 0;
  EventTime at{};
};
constexpr auto penstock_json_fields(Tag<Buy>) {
  return json::fields(json::field("card", &Buy::card), json::field("cents", &Buy::cents),
                      json::field("at", &Buy::at, json::epoch_micros));
}

struct Row {
  std::uint32_t card = 0;
  EventTime at{};
  std::int64_t count = 0;
  double sum = 0;
  std::int64_t streak = 0;
  double minute = 0;
  double lately = 0;
  InlineString<7> grade{};
};
constexpr auto penstock_json_fields(Tag<Row>) {
  return json::fields(json::field("card", &Row::card),
                      json::field("at", &Row::at, json::epoch_micros),
                      json::field("count", &Row::count), json::field("sum", &Row::sum),
                      json::field("streak", &Row::streak), json::field("minute", &Row::minute),
                      json::field("lately", &Row::lately), json::field("grade", &Row::grade));
}

inline constexpr std::int64_t kStart = 1'700'000'000'000'000;
inline constexpr int kBuys = 40;

// Seven seconds apart, some out of order, of five cards.
inline std::vector<std::string> buys() {
  std::vector<std::string> lines;
  for (std::int64_t i = 0; i < kBuys; ++i) {
    const std::int64_t seconds = 7 * i - (i % 11 == 3 ? 9 : 0);
    lines.push_back("{\"card\":" + std::to_string(i * i % 5) +
                    ",\"cents\":" + std::to_string(100 + i * 37 % 1000) +
                    ",\"at\":" + std::to_string(kStart + seconds * 1'000'000) + "}");
  }
  return lines;
}

// What is kept of a card, and of a minute of it: before...
struct Total {
  std::int32_t count = 0;
  float sum = 0;
  std::int32_t largest = 0;

  void add(std::int32_t cents) noexcept {
    ++count;
    sum += static_cast<float>(cents);
    largest = largest > cents ? largest : cents;
  }
  InlineString<7> grade() const noexcept { return {}; }
};

constexpr auto penstock_state_fields(Tag<Total>) {
  return state_fields(state_field("count", &Total::count), state_field("sum", &Total::sum),
                      state_field("largest", &Total::largest));
}

// ...and after: wider numbers, one that is gone, and one that is new.
struct WideTotal {
  InlineString<7> name = "old";
  double sum = 0;
  std::int64_t count = 0;

  void add(std::int32_t cents) noexcept {
    ++count;
    sum += static_cast<double>(cents);
    if (count == 1) name = "new";
  }
  const InlineString<7>& grade() const noexcept { return name; }
};

constexpr auto penstock_state_fields(Tag<WideTotal>) {
  return state_fields(state_field("name", &WideTotal::name), state_field("sum", &WideTotal::sum),
                      state_field("count", &WideTotal::count));
}

// A version in which the count holds less than it did.
struct NarrowTotal : Total {
  std::int16_t few = 0;
};
constexpr auto penstock_state_fields(Tag<NarrowTotal>) {
  return state_fields(state_field("count", &NarrowTotal::few),
                      state_field("sum", &NarrowTotal::sum),
                      state_field("largest", &NarrowTotal::largest),
                      state_field("wide_count", &NarrowTotal::count));
}

template <class Kept>
struct Ledger {
  using Output = Row;

  void open(OperatorContext& context) {
    const Ttl ttl{.after = std::chrono::seconds(60), .time = TimeDomain::kEventTime};
    total = context.value_state<Kept>("total");
    streak = context.value_state<Kept>("streak", ttl);
    minutes = context.map_state<std::int64_t, Kept>("minutes");
    lately = context.map_state<std::int64_t, Kept>("lately", ttl);
  }
  void on_record(const Record<Buy>& buy, CollectorOf<Row> auto&& out) noexcept {
    const std::int64_t minute = buy.time.micros / 60'000'000;
    Kept& all = total.get_or_create();
    Kept& run = streak.get_or_create();
    all.add(buy.value.cents);
    run.add(buy.value.cents);
    Row row{buy.value.card, buy.time, all.count, static_cast<double>(all.sum),
            run.count,      0,        0,         all.grade()};
    row.minute = added(minutes.get_or_create(minute), buy.value.cents);
    row.lately = added(lately.get_or_create(minute), buy.value.cents);
    out.collect(Record<Row>{row, buy.time});
  }

  ValueState<Kept> total;
  ExpiringValue<Kept> streak;
  MapState<std::int64_t, Kept> minutes;
  ExpiringMap<std::int64_t, Kept> lately;

 private:
  static double added(Kept& kept, std::int32_t cents) noexcept {
    kept.add(cents);
    return static_cast<double>(kept.sum);
  }
};

// Reminds of each purchase half a minute later.
struct Reminder {
  using Output = Row;
  Timers<std::uint32_t> reminders;

  auto& timers() noexcept { return reminders; }
  void on_record(const Record<Buy>& buy, auto&&) noexcept {
    reminders.set_event_time(buy.time + std::chrono::seconds(30));
  }
  void on_timer(const Timer& timer, const KeyContext<std::uint32_t>& context, auto&& out) noexcept {
    out.collect(Record<Row>{{.card = context.key(), .at = timer.time}, timer.time});
  }
};

// What a window adds up, after it was a Sum.
struct Tally {
  std::int64_t sum = 0;
  std::int64_t bonus = 1'000'000;  // Of none, so that it shows where it comes from.

  void add(std::int32_t cents) noexcept { sum += cents; }
  void merge(const Tally& other) noexcept { sum += other.sum; }
  bool retract(const Tally& other) noexcept {
    sum -= other.sum;
    return true;
  }
  std::int64_t result() const noexcept { return sum + bonus; }
};
constexpr auto penstock_state_fields(Tag<Tally>) {
  return state_fields(state_field("bonus", &Tally::bonus), state_field("sum", &Tally::sum));
}

// Kept: what a Ledger keeps. Acc: what windows and sessions add up.
template <class Kept, class Acc = Sum<std::int64_t>>
Job job_with(const std::string& folder) {
  using namespace std::chrono_literals;
  Job job("golden");
  auto rows = [&](auto stream, const std::string& name) {
    std::move(stream).sink(line_file_sink({.path = folder + "/" + name + ".ndjson"}),
                           json::encoder<Row>());
  };
  const auto closed = [](const auto& window) {
    return Row{.card = window.key, .at = window.end, .count = window.value % 1'000'000};
  };
  auto read = job.source(memory_source(buys()), json::decoder<Buy>())
                  .event_time([](const Buy& buy) { return buy.at; }, {.max_disorder = 10s})
                  .share();
  rows(read.read().key_by(&Buy::card).named("ledger").process(Ledger<Kept>{}), "totals");
  rows(read.read().key_by(&Buy::card).named("reminders").process(Reminder{}), "reminders");
  rows(read.read()
           .key_by(&Buy::card)
           .named("windows")
           .window(sliding(60s, 20s))
           .template aggregate<Acc>(&Buy::cents)
           .map(closed),
       "windows");
  rows(read.read()
           .key_by(&Buy::card)
           .named("sessions")
           .window(session(25s))
           .template aggregate<Acc>(&Buy::cents)
           .map(closed),
       "sessions");
  return job;
}

}  // namespace penstock::golden
