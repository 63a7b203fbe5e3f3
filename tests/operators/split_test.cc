#include "penstock/operators/split.h"

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

TEST(Split, SendsEachRecordOneOfTwoWaysAndControlBoth) {
  const auto even = [](const int& value) { return value % 2 == 0; };
  expect_same_in_every_schedule(
      std::tuple(Split<int, decltype(even)>(even, SideOutput<int>("rest"))),
      Expectation<int, int>{
          .input = {record(1, 10), record(2, 20), watermark<int>(20), record(3, 30), idle<int>()},
          .main = {record(2, 20), watermark<int>(20), idle<int>()},
          .side = {record(1, 10), watermark<int>(20), record(3, 30), idle<int>()},
          .subject = {.key_hash = nullptr, .side_output = "rest"}});
}

TEST(Split, AThrowFailsTheTaskWithItsName) {
  const auto boom = [](const int& value) {
    return value > 0 ? throw std::runtime_error("positive") : true;
  };
  const Status failure = failure_of<int, int>(
      std::tuple(Split<int, decltype(boom)>(boom, SideOutput<int>("rest"))), Items<int>{record(1)});
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("split"), HasSubstr("positive")));
}

}  // namespace
}  // namespace penstock
