// Times at the ends of the 64-bit range, which event_time keeps out: nothing may overflow, crash or hang there.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <tuple>
#include <utility>
#include <vector>

#include "penstock/operators/assign_event_time.h"
#include "penstock/operators/process.h"
#include "penstock/operators/window/session_aggregate.h"
#include "penstock/operators/window/window_aggregate.h"
#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::record;
using harness::watermark;
using namespace std::chrono_literals;

using Total = Sum<std::int64_t>;
constexpr auto kSame = [](const std::int64_t& value) noexcept { return value; };
using Same = decltype(kSame);

// Records about the least and the greatest of times, and watermarks between them.
harness::Items<std::int64_t> extremes(std::int64_t least, std::int64_t most) {
  harness::Items<std::int64_t> items;
  const auto records = [&items](std::initializer_list<std::int64_t> times) {
    for (const std::int64_t time : times) items.push_back(record<std::int64_t>(1, time));
  };
  records({least, least + 1, least / 2, -1, 0, most / 2, most - 1, most});
  items.push_back(watermark<std::int64_t>(least + 1));
  records({least});
  items.push_back(watermark<std::int64_t>(least / 2));
  records({least, least + 5, most});
  items.push_back(watermark<std::int64_t>(most - 1));
  records({least, 0, most});
  items.push_back(watermark<std::int64_t>(kMaxEventTime.micros));
  return items;
}

template <class Out, class... Ops>
std::vector<std::int64_t> sums_by_schedule(const std::tuple<Ops...>& ops,
                                           const harness::Items<std::int64_t>& items) {
  harness::Subject<std::int64_t> subject;
  subject.key_hash = [](const std::int64_t&) { return key_hash(std::uint64_t{0}); };
  std::vector<std::int64_t> sums;
  for (const harness::Schedule& schedule : harness::every_schedule()) {
    SCOPED_TRACE(schedule.name);
    const auto output = harness::Bench<std::int64_t, Out, Out, Ops...>(schedule, subject, ops)
                            .run(schedule.barriers ? harness::with_barriers(items) : items);
    EXPECT_TRUE(output.failure.ok()) << output.failure.to_string();
    sums.push_back(0);
    for (const auto& item : output.main) {
      if (item.kind == ElementKind::kData) sums.back() += item.value.value;
    }
  }
  return sums;
}

// What event_time lets through comes out the same in every schedule. Beyond that nothing is promised but that the task
// goes on.
template <class Out, class... Ops>
void expect_no_harm(const std::tuple<Ops...>& ops) {
  const auto sums = sums_by_schedule<Out>(ops, extremes(kEarliestTime.micros, kLatestTime.micros));
  for (const std::int64_t sum : sums) EXPECT_EQ(sum, sums.front());
  EXPECT_GT(sums.front(), 0);
  for (const std::int64_t sum :
       sums_by_schedule<Out>(ops, extremes(kMinEventTime.micros, kMaxEventTime.micros)))
    EXPECT_GT(sum, 0);
}

struct AllKeys {
  std::uint64_t operator()(const std::int64_t&) const noexcept { return 0; }
};

TEST(EndOfRange, KeyedWindows) {
  using Op = WindowAggregate<std::int64_t, std::uint64_t, Total, Same>;
  for (const WindowSpec& spec : {tumbling(1us), tumbling(1h), sliding(3s, 1s), tumbling(24h, 7h)}) {
    expect_no_harm<typename Op::Output>(
        std::tuple(KeyedProcess<std::int64_t, AllKeys, Op>({}, Op(spec, kSame))));
  }
}

TEST(EndOfRange, Sessions) {
  using Op = SessionAggregate<std::int64_t, std::uint64_t, Total, Same>;
  for (const std::chrono::microseconds gap :
       {std::chrono::microseconds(1us), std::chrono::microseconds(24h)}) {
    expect_no_harm<typename Op::Output>(
        std::tuple(KeyedProcess<std::int64_t, AllKeys, Op>({}, Op(session(gap), kSame))));
  }
}

}  // namespace
}  // namespace penstock
