#include "penstock/operators/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <tuple>

#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::expect_same_in_every_schedule;
using harness::Expectation;
using harness::failure_of;
using harness::idle;
using harness::Items;
using harness::record;
using harness::watermark;
using testing::AllOf;
using testing::HasSubstr;

TEST(Filter, PassesTheRecordsForWhichItIsTrueAndAllControl) {
  const auto even = [](const int& value) { return value % 2 == 0; };
  expect_same_in_every_schedule(
      std::tuple(Filter<int, decltype(even)>(even)),
      Expectation<int, int>{
          .input = {record(1, 10), record(2, 20), watermark<int>(20), record(3, 30), record(4, 40),
                    idle<int>()},
          .main = {record(2, 20), watermark<int>(20), record(4, 40), idle<int>()}});
}

TEST(Filter, MayDropEverything) {
  const auto never = [](const int&) { return false; };
  expect_same_in_every_schedule(
      std::tuple(Filter<int, decltype(never)>(never)),
      Expectation<int, int>{.input = {record(1), record(2), record(3)}, .main = {}});
}

TEST(Filter, AThrowFailsTheTaskWithItsName) {
  const auto boom = [](const int& value) {
    return value > 0 ? throw std::runtime_error("positive") : true;
  };
  const Status failure =
      failure_of<int, int>(std::tuple(Filter<int, decltype(boom)>(boom)), Items<int>{record(1)});
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("filter"), HasSubstr("positive")));
}

// Many are dropped and many pass, and the function may be called ahead of those behind it: records are held back.
TEST(Filter, KeepsTheOrderOfWhatItHoldsBackAndOfControl) {
  const auto third = [](const int& value) noexcept { return value % 3 == 0; };
  Expectation<int, int> expectation;
  for (int i = 0; i < 1500; ++i) {
    expectation.input.push_back(record(i, i));
    if (i % 3 == 0) expectation.main.push_back(record(i, i));
    if (i % 400 == 0) {
      expectation.input.push_back(watermark<int>(i));
      expectation.main.push_back(watermark<int>(i));
    }
  }
  expect_same_in_every_schedule(std::tuple(Filter<int, decltype(third)>(third)), expectation);
}

}  // namespace
}  // namespace penstock
