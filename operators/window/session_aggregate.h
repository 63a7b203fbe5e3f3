// operators/window/session_aggregate.h -- one accumulator per key and session, and a row for each session that closes.
//
// A session is [first, last + gap): a record with time t stands for [t, t + gap), and what overlaps or touches belongs
// together, so a record exactly `gap` behind the last one still joins. A record between two sessions makes them one.
// In         Values `value_of(record)` are added to their session. Several sessions of a key may be open, by disorder.
// Out        WindowResult at time end - 1 us for each session that passes `having`, at the first watermark W with
//            end <= W. It never changes afterwards.
// Late       Records whose own [t, t + gap) is closed are counted (TaskCounters::late), and emitted into the side
//            output where one is read; also where an open session would have taken them.
// Cost       A record looks at each open session of its key, of which there is one when records are in order. One timer
//            per session, set when it begins and again only when it fires before the end.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "penstock/operators/operator_context.h"
#include "penstock/operators/side_output.h"
#include "penstock/operators/timer/timer_service.h"
#include "penstock/operators/window/accumulator.h"
#include "penstock/operators/window/window_aggregate.h"

namespace penstock {

struct SessionSpec {
  std::chrono::microseconds gap{0};
};
// Windows that end where nothing came for `gap`.
constexpr SessionSpec session(std::chrono::microseconds gap) noexcept { return {gap}; }

template <class In, class Key, class Acc, class ValueOf, class Having = EveryWindow>
class SessionAggregate {
  static_assert(Accumulator<Acc>,
                "session: an accumulator is trivially copyable, default-constructible and has "
                "void merge(const Acc&)");

 public:
  using Output = WindowResult<Key, decltype(result_of(std::declval<const Acc&>()))>;

  SessionAggregate(SessionSpec spec, ValueOf value_of, Having having = {},
                   std::optional<SideOutput<In>> late = {})
      : gap_(spec.gap.count()),
        value_of_(std::move(value_of)),
        having_(std::move(having)),
        late_(std::move(late)) {}

  void open(OperatorContext& context) {
    if (gap_ <= 0) {
      context.refuse(Status::invalid_argument(
          // lint: allow(hot) once per task, when it opens
          "session window with a gap of " + std::to_string(gap_) + " us: it must be above 0"));
    }
    counters_ = context.task().counters;
    sessions_ = context.map_state<std::int64_t, Session>("sessions");
    if (late_) late_->open(context.task());
  }
  auto& timers() noexcept { return timers_; }

  void on_record(const Record<In>& record,
                 auto&&) noexcept(std::is_nothrow_invocable_v<ValueOf&, const In&>) {
    const std::int64_t time = record.time.micros;
    const std::int64_t end = time > kLatest - gap_ ? kLatest : time + gap_;
    if (end <= timers_.watermark().micros) return drop(record);
    const auto& value = std::invoke(value_of_, record.value);
    Session& session = session_of(time, end);
    session.end = std::max(session.end, end);
    session.value.add(value);
  }
  void on_timer(const Timer& timer, const KeyContext<Key>& context,
                auto&& out) noexcept(std::is_nothrow_invocable_v<Having&, const Output&>) {
    const std::optional<Session> due = armed_at(timer.time.micros);
    if (!due) return;
    if (due->end > timer.time.micros) {  // It has grown since.
      sessions_.get_or_create(due->start).armed = due->end;
      return timers_.set_event_time({due->end});
    }
    sessions_.erase(due->start);
    const Output result{context.key(), {due->start}, {due->end}, result_of(due->value)};
    if (having_(result)) out.collect(Record<Output>{result, {due->end - 1}});
  }

 private:
  struct Session {
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::int64_t armed =
        0;  // What its timer is set for: in (start, end], and so of no other session of the key.
    Acc value{};

    friend constexpr auto penstock_state_fields(Tag<Session>) {
      return state_fields(state_field("start", &Session::start), state_field("end", &Session::end),
                          state_field("armed", &Session::armed),
                          state_field("value", &Session::value));
    }
  };
  // The end of time is for the watermark: what ends there comes out as the last.
  static constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

  void drop(const Record<In>& record) noexcept {
    counters_->late.add(1);
    if (late_) late_->collect(record);
  }

  static bool touch(const Session& session, std::int64_t time, std::int64_t end) noexcept {
    return session.start <= end && session.end >= time;
  }
  // The session of what is in [time, end]: the one that is there, all that touch it made one, or a new one.
  Session& session_of(std::int64_t time, std::int64_t end) noexcept {
    int touching = 0;
    std::int64_t start = 0;
    sessions_.for_each([&](std::int64_t, const Session& session) {
      if (!touch(session, time, end)) return;
      ++touching;
      start = session.start;
    });
    if (touching == 1 && start <= time) return sessions_.get_or_create(start);
    return join(time, end);
  }
  [[gnu::noinline]] Session& join(std::int64_t time, std::int64_t end) noexcept {
    Session joined{time, end, kLatest, Acc{}};
    bool armed = false;
    while (const std::optional<Session> session = first_that_touches(time, end)) {
      if (armed) timers_.erase_event_time({std::max(joined.armed, session->armed)});
      joined.armed = armed ? std::min(joined.armed, session->armed) : session->armed;
      armed = true;
      joined.start = std::min(joined.start, session->start);
      joined.end = std::max(joined.end, session->end);
      joined.value.merge(session->value);
      sessions_.erase(session->start);
    }
    if (!armed) timers_.set_event_time({joined.armed = end});
    return sessions_.get_or_create(joined.start) = joined;
  }
  // By time: the order in which they are kept may differ after a restart.
  std::optional<Session> first_that_touches(std::int64_t time, std::int64_t end) const noexcept {
    std::optional<Session> first;
    sessions_.for_each([&](std::int64_t, const Session& session) {
      if (touch(session, time, end) && (!first || session.start < first->start)) first = session;
    });
    return first;
  }
  std::optional<Session> armed_at(std::int64_t time) const noexcept {
    std::optional<Session> found;
    sessions_.for_each([&](std::int64_t, const Session& session) {
      if (session.armed == time) found = session;
    });
    return found;
  }

  std::int64_t gap_;
  MapState<std::int64_t, Session> sessions_;
  Timers<Key> timers_;
  ValueOf value_of_;
  Having having_;
  std::optional<SideOutput<In>> late_;
  TaskCounters* counters_ = nullptr;
};

}  // namespace penstock
