#include "penstock/bench/workloads/open_loop_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace penstock::bench {
namespace {

using std::chrono::microseconds;

struct Numbers {
  std::uint64_t number;
  std::uint64_t step;
  std::uint64_t next_number() const noexcept { return number; }
  std::uint64_t next() noexcept { return std::exchange(number, number + step); }
};

constexpr auto make_numbers = [](std::uint64_t first, std::uint64_t step) noexcept {
  return Numbers{first, step};
};

using Source = OpenLoopSource<decltype(make_numbers)>;

// One event per microsecond.
Source source_of(std::uint64_t events, std::shared_ptr<LoadStart> start, std::uint32_t task = 0,
                 std::uint32_t tasks = 1) {
  Source source(events, 1'000'000, make_numbers, std::move(start));
  SourceContext context;
  context.task_index = task;
  context.task_count = tasks;
  EXPECT_TRUE(source.open(context).ok());
  return source;
}

struct Emit {
  std::vector<std::uint64_t> seen;
  std::size_t room = SIZE_MAX;
  void operator()(const Record<std::uint64_t>& record) { seen.push_back(record.value); }
  bool full() const { return seen.size() >= room; }
};

constexpr Instant kStart{7'000'000};

TEST(OpenLoopSource, SendsWhatIsDueAndSaysWhenTheNextOneIs) {
  Source source = source_of(100, std::make_shared<LoadStart>());
  Emit emit;
  PollResult result = source.poll(1000, kStart, emit);
  EXPECT_EQ(emit.seen, (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(result.records, 1u);
  EXPECT_EQ(result.state, SourceState::kWaiting);
  EXPECT_EQ(result.wake_at, kStart + microseconds(1));

  result = source.poll(1000, kStart + std::chrono::nanoseconds(999), emit);
  EXPECT_EQ(result.records, 0u);
  EXPECT_EQ(result.state, SourceState::kWaiting);
  EXPECT_EQ(result.wake_at, kStart + microseconds(1));

  result = source.poll(1000, kStart + microseconds(3), emit);
  EXPECT_EQ(emit.seen, (std::vector<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(result.wake_at, kStart + microseconds(4));
}

TEST(OpenLoopSource, CatchesUpInBatchesAndMovesNoDueTime) {
  Source source = source_of(100, std::make_shared<LoadStart>());
  Emit emit;
  source.poll(1000, kStart, emit);
  const Instant late = kStart + microseconds(50);
  PollResult result = source.poll(20, late, emit);
  EXPECT_EQ(result.records, 20u);
  EXPECT_EQ(result.state, SourceState::kMore);  // It must be polled again at once.
  result = source.poll(1000, late, emit);
  EXPECT_EQ(result.records, 30u);
  EXPECT_EQ(result.wake_at, kStart + microseconds(51));
}

TEST(OpenLoopSource, StopsWhereThereIsNoRoomAndGoesOnThere) {
  Source source = source_of(100, std::make_shared<LoadStart>());
  Emit emit;
  source.poll(1, kStart, emit);
  emit.room = 3;
  PollResult result = source.poll(1000, kStart + microseconds(9), emit);
  EXPECT_EQ(result.records, 2u);
  EXPECT_EQ(result.state, SourceState::kMore);
  emit.room = SIZE_MAX;
  source.poll(1000, kStart + microseconds(9), emit);
  EXPECT_EQ(emit.seen.size(), 10u);
  EXPECT_EQ(emit.seen.back(), 9u);
}

TEST(OpenLoopSource, EndsBehindItsLastEvent) {
  Source source = source_of(5, std::make_shared<LoadStart>());
  Emit emit;
  source.poll(1000, kStart, emit);
  const PollResult result = source.poll(1000, kStart + microseconds(1'000'000), emit);
  EXPECT_EQ(emit.seen, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(result.state, SourceState::kEnded);
}

TEST(OpenLoopSource, OfSeveralTasksKeepsOneScheduleFromTheFirstPollOfAny) {
  auto start = std::make_shared<LoadStart>();
  Source even = source_of(6, start, 0, 2);
  Source odd = source_of(6, start, 1, 2);
  Emit from_odd;
  PollResult result = odd.poll(1000, kStart, from_odd);
  EXPECT_TRUE(from_odd.seen.empty());
  EXPECT_EQ(result.wake_at, kStart + microseconds(1));
  EXPECT_EQ(start->at(), kStart);
  Emit from_even;
  result = even.poll(1000, kStart + microseconds(3), from_even);
  EXPECT_EQ(from_even.seen, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(result.wake_at, kStart + microseconds(4));
  EXPECT_EQ(odd.poll(1000, kStart + microseconds(5), from_odd).state, SourceState::kEnded);
  EXPECT_EQ(from_odd.seen, (std::vector<std::uint64_t>{1, 3, 5}));
}

}  // namespace
}  // namespace penstock::bench
