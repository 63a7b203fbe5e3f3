#include "penstock/tests/harness/operator_harness.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "penstock/core/stream/collector.h"

namespace penstock::harness {
namespace {

using Wanted = Expectation<int, int>;

struct Pass {
  void on_record(const Record<int>& record, CollectorOf<int> auto&& out) noexcept {
    out.collect(record);
  }
};
// Wrong: its output depends on where batches end.
struct LastOfBatch {
  std::vector<Record<int>> held;
  void on_record(const Record<int>& record, CollectorOf<int> auto&&) noexcept {
    held.assign(1, record);
  }
  void end_batch(Instant, CollectorOf<int> auto&& out) noexcept {
    for (const Record<int>& record : held) out.collect(record);
    held.clear();
  }
};
// Wrong: lets a watermark overtake the records that it covers.
struct Delays {
  std::vector<Record<int>> held;
  void on_record(const Record<int>& record, CollectorOf<int> auto&&) noexcept {
    held.push_back(record);
  }
  Status close(CollectorOf<int> auto&& out) {
    for (const Record<int>& record : held) out.collect(record);
    return Status();
  }
};

TEST(OperatorHarness, PassesAnOperatorWhoseOutputDoesNotDependOnTheSchedule) {
  expect_same_in_every_schedule(
      std::tuple(Pass{}),
      Wanted{.input = {record(1, 5), watermark<int>(6), record(2, 7), idle<int>(), record(3, 9)},
             .main = {record(1, 5), watermark<int>(6), record(2, 7), idle<int>(), record(3, 9)}});
}

void run_the_one_that_looks_at_batches() {
  expect_same_in_every_schedule(std::tuple(LastOfBatch{}),
                                Wanted{.input = {record(1), record(2), record(3)},
                                       .main = {record(1), record(2), record(3)}});
}
void run_the_one_that_delays() {
  expect_same_in_every_schedule(
      std::tuple(Delays{}),
      Wanted{.input = {record(1), watermark<int>(2)}, .main = {record(1), watermark<int>(2)}});
}

TEST(OperatorHarness, CatchesAnOperatorWhoseOutputDependsOnBatches) {
  testing::TestPartResultArray failures;
  {
    testing::ScopedFakeTestPartResultReporter reporter(&failures);
    run_the_one_that_looks_at_batches();
  }
  EXPECT_GT(failures.size(), 0);
}

TEST(OperatorHarness, CatchesAnOperatorWhoseRecordsFallBehindTheirWatermark) {
  testing::TestPartResultArray failures;
  {
    testing::ScopedFakeTestPartResultReporter reporter(&failures);
    run_the_one_that_delays();
  }
  EXPECT_GT(failures.size(), 0);
}

TEST(OperatorHarness, HasFullOutputsAndBarriersAmongItsSchedules) {
  int stuck = 0;
  int barriers = 0;
  for (const Schedule& schedule : every_schedule()) {
    stuck += schedule.output_is_stuck ? 1 : 0;
    barriers += schedule.barriers ? 1 : 0;
  }
  EXPECT_GE(stuck, 4);
  EXPECT_GE(barriers, 4);
}

}  // namespace
}  // namespace penstock::harness
