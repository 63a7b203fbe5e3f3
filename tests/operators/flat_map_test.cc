#include "penstock/operators/flat_map.h"

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
using harness::Items;
using harness::record;
using harness::watermark;
using testing::AllOf;
using testing::HasSubstr;

// Emits the value as often as it says.
struct Times {
  void operator()(const int& value, auto emit) const {
    for (int i = 0; i < value; ++i) emit(value * 1000 + i);
  }
};
using Repeats = FlatMap<int, int, Times>;

TEST(FlatMap, EmitsNoneOneOrManyAtTheTimeOfTheRecord) {
  expect_same_in_every_schedule(
      std::tuple(Repeats(Times{})),
      Expectation<int, int>{.input = {record(0, 1), record(1, 2), watermark<int>(2), record(3, 4)},
                            .main = {record(1000, 2), watermark<int>(2), record(3000, 4),
                                     record(3001, 4), record(3002, 4)}});
}

TEST(FlatMap, KeepsTheOrderWhenOneRecordExpandsFarBeyondTheRings) {
  Items<int> output;
  for (int i = 0; i < 1000; ++i) output.push_back(record(1'000'000 + i, 7));
  output.push_back(watermark<int>(8));
  for (int i = 0; i < 1000; ++i) output.push_back(record(1'000'000 + i, 9));
  expect_same_in_every_schedule(
      std::tuple(Repeats(Times{})),
      Expectation<int, int>{.input = {record(1000, 7), watermark<int>(8), record(1000, 9)},
                            .main = output});
}

TEST(FlatMap, AChainOfExpansionsMultiplies) {
  Items<int> output;
  for (int i = 0; i < 6; ++i) output.push_back(record(i % 3 + 3000));
  const auto three = [](const int&, auto emit) {
    emit(3);
    emit(3);
  };
  expect_same_in_every_schedule(
      std::tuple(FlatMap<int, int, decltype(three)>(three), Repeats(Times{})),
      Expectation<int, int>{.input = {record(1)}, .main = output});
}

TEST(FlatMap, AThrowFailsTheTaskWithItsName) {
  const auto boom = [](const int& value, auto emit) {
    emit(value);
    throw std::runtime_error("too much");
  };
  const Status failure = failure_of<int, int>(std::tuple(FlatMap<int, int, decltype(boom)>(boom)),
                                              Items<int>{record(1)});
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("flat_map"), HasSubstr("too much")));
}

}  // namespace
}  // namespace penstock
