// tests/operators/timer/by_hand.h -- a keyed operator that tests of timers drive by hand, as its task drives it.
#pragma once

#include <gtest/gtest.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/operators/process.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {

enum class Do : std::uint8_t { kSet, kErase, kNothing };
struct Event {
  int key = 0;
  Do what = Do::kNothing;
  std::int64_t at = 0;
  friend bool operator==(const Event&, const Event&) = default;
};
struct Fired {
  int key = 0;
  bool timer = false;
  std::int64_t time = 0;
  std::int64_t fired = 0;  // How often timers of this key have fired.
  friend auto operator<=>(const Fired&, const Fired&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Fired& row) {
    return out << "{key " << row.key << (row.timer ? " timer " : " record ") << row.time
               << " fired " << row.fired << "}";
  }
};

inline constexpr auto key_of = [](const Event& event) noexcept { return event.key; };

template <class Operator>
class ByHand {
 public:
  explicit ByHand(Operator op, EventTime wall = {}) : clock_(wall), op_(key_of, std::move(op)) {
    TaskContext context;
    context.stage_name = "by hand";
    context.clock = &clock_;
    context.failure = &failure_;
    context.counters = &counters_;
    context.credit = &credit_;
    const Status status = op_.open(context);
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  std::size_t push(const Event& event) {
    op_.begin_batch(clock_.now());
    const Element<Event> element{ElementHeader::data({}, key_hash(event.key)), event};
    const std::size_t taken = op_.on_run({&element, 1}, credit_, out_);
    end_step();
    return taken;
  }
  // How many of the events are taken.
  std::size_t push_all(const std::vector<Event>& events) {
    std::vector<Element<Event>> run;
    run.reserve(events.size());
    for (const Event& event : events)
      run.push_back({ElementHeader::data({}, key_hash(event.key)), event});
    op_.begin_batch(clock_.now());
    const std::size_t taken = op_.on_run({run.data(), run.size()}, credit_, out_);
    end_step();
    return taken;
  }
  void step(std::size_t budget = 256) {
    op_.begin_batch(clock_.now());
    end_step(budget);
  }
  void end_step(std::size_t budget = 256) {
    op_.end_batch(clock_.now(), out_);
    more_ = op_.fire(budget, out_);
  }
  void watermark(std::int64_t micros) { op_.on_watermark({micros}, out_); }
  Instant wake_at() const { return op_.wake_at(); }
  bool more() const { return more_; }
  bool falls_behind() const { return op_.falls_behind(); }
  std::vector<std::int64_t> times() const {
    std::vector<std::int64_t> result;
    for (const auto& record : out_.records()) result.push_back(record.value.time);
    return result;
  }
  VirtualClock& clock() { return clock_; }
  Credit& credit() { return credit_; }
  TaskCounters& counters() { return counters_; }
  const ListCollector<Fired>& out() const { return out_; }

 private:
  VirtualClock clock_;
  TaskFailure failure_;
  TaskCounters counters_;
  Credit credit_{1'000'000};
  KeyedProcess<Event, decltype(key_of), Operator> op_;
  ListCollector<Fired> out_;
  bool more_ = false;
};

}  // namespace penstock
