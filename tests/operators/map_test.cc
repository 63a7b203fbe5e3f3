#include "penstock/operators/map.h"

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

TEST(Map, EmitsOneRecordForEachAtItsTime) {
  const auto half = [](const int& value) { return value / 2.0; };
  expect_same_in_every_schedule(
      std::tuple(Map<int, decltype(half)>(half)),
      Expectation<int, double>{
          .input = {record(1, 10), record(2, 20), watermark<int>(20), record(3, 30), idle<int>()},
          .main = {record(0.5, 10), record(1.0, 20), watermark<double>(20), record(1.5, 30),
                   idle<double>()}});
}

TEST(Map, TakesAMemberOfTheRecord) {
  struct Pair {
    int first;
    int second;
    bool operator==(const Pair&) const = default;
  };
  expect_same_in_every_schedule(
      std::tuple(Map<Pair, int Pair::*>(&Pair::second)),
      Expectation<Pair, int>{.input = {record(Pair{1, 2})}, .main = {record(2)}});
}

TEST(Map, AThrowFailsTheTaskWithItsName) {
  const auto boom = [](const int& value) {
    return value == 2 ? throw std::runtime_error("two") : value;
  };
  const Status failure = failure_of<int, int>(std::tuple(Map<int, decltype(boom)>(boom)),
                                              Items<int>{record(1), record(2)});
  EXPECT_EQ(failure.code(), StatusCode::kUserError);
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("map"), HasSubstr("two")));
}

TEST(Map, AThrowOfSomethingThatIsNoExceptionFailsTheTaskToo) {
  const auto boom = [](const int& value) { return value == 2 ? throw 17 : value; };
  const Status failure =
      failure_of<int, int>(std::tuple(Map<int, decltype(boom)>(boom)), Items<int>{record(2)});
  EXPECT_THAT(std::string(failure.message()), HasSubstr("unknown exception"));
}

}  // namespace
}  // namespace penstock
