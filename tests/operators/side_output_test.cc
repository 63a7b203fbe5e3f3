#include "penstock/operators/side_output.h"

#include <gtest/gtest.h>

#include <tuple>

#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::expect_same_in_every_schedule;
using harness::Expectation;
using harness::record;
using harness::watermark;

// Passes positive numbers; emits the others aside, twice.
struct Checked {
  SideOutput<double> rejected{"rejected"};
  Status open(const TaskContext& context) {
    rejected.open(context);
    return Status();
  }
  void on_record(const Record<int>& record, auto&& out) noexcept {
    if (record.value > 0) return out.collect(record);
    for (int i = 0; i < 2; ++i) rejected.collect(Record<double>{record.value - 0.5, record.time});
  }
};

TEST(SideOutput, HasATypeOfItsOwnAndKeepsItsOrder) {
  expect_same_in_every_schedule(
      std::tuple(Checked{}), Expectation<int, int, double>{
                                 .input = {record(1, 10), record(-2, 20), watermark<int>(20),
                                           record(-3, 30), record(4, 40)},
                                 .main = {record(1, 10), watermark<int>(20), record(4, 40)},
                                 .side = {record(-2.5, 20), record(-2.5, 20), watermark<double>(20),
                                          record(-3.5, 30), record(-3.5, 30)},
                                 .subject = {.key_hash = nullptr, .side_output = "rejected"}});
}

TEST(SideOutput, ReadUnderAnotherNameOrByNobodyLosesOnlyItsOwnRecords) {
  for (const char* name : {"other", ""}) {
    expect_same_in_every_schedule(
        std::tuple(Checked{}),
        Expectation<int, int, double>{.input = {record(1), record(-2), record(3)},
                                      .main = {record(1), record(3)},
                                      .side = {},
                                      .subject = {.key_hash = nullptr, .side_output = name}});
  }
}

}  // namespace
}  // namespace penstock
