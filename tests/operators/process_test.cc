#include "penstock/operators/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
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

struct Visit {
  std::uint32_t user = 0;
  std::uint32_t page = 0;
  bool operator==(const Visit&) const = default;
};
struct Seen {
  std::uint32_t user = 0;
  std::int64_t visits = 0;
  bool operator==(const Seen&) const = default;
};

// Counts the visits of a user, forgets them at page 0, and emits the count.
struct CountVisits {
  using Output = Seen;
  ValueState<std::int64_t> visits;
  void open(OperatorContext& context) { visits = context.value_state<std::int64_t>("visits"); }
  void on_record(const Record<Visit>& record, const KeyContext<std::uint32_t>& key,
                 CollectorOf<Seen> auto&& out) noexcept {
    if (record.value.page == 0) {
      visits.clear();
    } else {
      ++visits.get_or_create();
    }
    const std::int64_t* count = visits.get();
    out.collect(Record<Seen>{{key.key(), count == nullptr ? 0 : *count}, record.time});
  }
};
using Counting = KeyedProcess<Visit, std::uint32_t Visit::*, CountVisits>;

std::uint64_t hash_of_user(const Visit& visit) { return key_hash(visit.user); }

TEST(Process, KeepsStatePerKeyInEverySchedule) {
  expect_same_in_every_schedule(
      std::tuple(Counting(&Visit::user, CountVisits{})),
      Expectation<Visit, Seen>{
          .input = {record(Visit{1, 5}, 10), record(Visit{2, 5}, 20), record(Visit{1, 6}, 30),
                    watermark<Visit>(30), record(Visit{1, 0}, 40), record(Visit{1, 7}, 50),
                    record(Visit{2, 8}, 60)},
          .main = {record(Seen{1, 1}, 10), record(Seen{2, 1}, 20), record(Seen{1, 2}, 30),
                   watermark<Seen>(30), record(Seen{1, 0}, 40), record(Seen{1, 1}, 50),
                   record(Seen{2, 2}, 60)},
          .subject = {.key_hash = hash_of_user, .side_output = ""}});
}

TEST(Process, AgreesWithAMapOverManyKeysThatComeAndGo) {
  Expectation<Visit, Seen> wanted;
  wanted.subject.key_hash = hash_of_user;
  std::map<std::uint32_t, std::int64_t> model;
  std::mt19937 random(1);
  for (int i = 0; i < 400; ++i) {
    const Visit visit{static_cast<std::uint32_t>(random() % 60),
                      static_cast<std::uint32_t>(random() % 5)};
    std::int64_t& count = model[visit.user];
    count = visit.page == 0 ? 0 : count + 1;
    wanted.input.push_back(record(visit, i));
    wanted.main.push_back(record(Seen{visit.user, count}, i));
  }
  expect_same_in_every_schedule(std::tuple(Counting(&Visit::user, CountVisits{})), wanted);
}

struct ThrowsAtPage9 {
  using Output = Seen;
  void on_record(const Record<Visit>& record, CollectorOf<Seen> auto&&) {
    if (record.value.page == 9) throw std::runtime_error("page nine");
  }
};

TEST(Process, AThrowFailsTheTaskWithItsName) {
  using Op = KeyedProcess<Visit, std::uint32_t Visit::*, ThrowsAtPage9>;
  const Status failure =
      failure_of<Visit, Seen>(std::tuple(Op(&Visit::user, ThrowsAtPage9{})),
                              Items<Visit>{record(Visit{1, 1}), record(Visit{1, 9})});
  EXPECT_EQ(failure.code(), StatusCode::kUserError);
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("process"), HasSubstr("page nine")));
}

struct TwoOfOneName {
  using Output = Seen;
  void open(OperatorContext& context) {
    (void)context.value_state<int>("same");
    (void)context.value_state<int>("same");
  }
  void on_record(const Record<Visit>&, CollectorOf<Seen> auto&&) noexcept {}
};

TEST(Process, TwoStatesOfOneNameAreRefusedWhenItOpens) {
  KeyedProcess<Visit, std::uint32_t Visit::*, TwoOfOneName> op(&Visit::user, TwoOfOneName{});
  TaskContext context;
  context.stage_name = "visits";
  EXPECT_THAT(std::string(op.open(context).message()), HasSubstr("same"));
}

}  // namespace
}  // namespace penstock
