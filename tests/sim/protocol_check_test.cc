#include "penstock/tests/sim/protocol_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace penstock::sim {
namespace {

using enum ProtocolStep;
using testing::HasSubstr;
using Events = std::vector<ProtocolEvent>;

const int kTasks[3] = {};
const void* const kFirst = &kTasks[0];
const void* const kSecond = &kTasks[1];
const void* const kStranger = &kTasks[2];

Events started(Epoch from = {}) {
  return {{kStarted, from}, {kTaskAdded, {}, kFirst}, {kTaskAdded, {}, kSecond}};
}
Events and_then(Events events, const Events& more) {
  events.insert(events.end(), more.begin(), more.end());
  return events;
}
// All steps of an epoch up to its last part.
Events acknowledged(Epoch epoch) {
  return {
      {kRequested, epoch},           {kPassed, epoch, kFirst},        {kPassed, epoch, kSecond},
      {kCaptured, epoch, kSecond},   {kAcknowledged, epoch, kSecond}, {kCaptured, epoch, kFirst},
      {kAcknowledged, epoch, kFirst}};
}
Events made(Epoch epoch) {
  return and_then(
      acknowledged(epoch),
      {{kComplete, epoch}, {kPublished, epoch}, {kTold, epoch}, {kHeard, epoch, kFirst}});
}
std::string defect_of(const Events& events) { return ProtocolCheck().check(events); }
std::string defect_after(const Events& events) { return defect_of(and_then(started(), events)); }

TEST(ProtocolCheck, KnowsNothingAgainstEpochsThatAreMadeGivenUpAndGoneOnFrom) {
  Events all = and_then(and_then(started(), made({1})), made({2}));
  all = and_then(std::move(all), {{kRequested, {3}}, {kPassed, {3}, kFirst}, {kGivenUp, {3}}});
  all = and_then(std::move(all), {{kCaptured, {3}, kFirst}, {kPassed, {3}, kSecond}});
  all = and_then(std::move(all), made({4}));
  all = and_then(std::move(all), {{kRequested, {5}}, {kCrashed, {}}});
  all = and_then(std::move(all), and_then(started({4}), made({64})));
  EXPECT_EQ(defect_of(all), "");
}

struct Broken {
  const char* rule;
  Events events;
  const char* defect;
};

class ProtocolRule : public testing::TestWithParam<Broken> {};

TEST_P(ProtocolRule, IsKept) {
  EXPECT_THAT(defect_after(GetParam().events), HasSubstr(GetParam().defect));
}

const Epoch kOne{1};
const Epoch kTwo{2};

INSTANTIATE_TEST_SUITE_P(
    Each, ProtocolRule,
    testing::Values(
        Broken{"OneInFlight", {{kRequested, kOne}, {kRequested, kTwo}}, "second epoch in flight"},
        Broken{"NoNumberTwice",
               {{kRequested, kOne}, {kGivenUp, kOne}, {kRequested, kOne}},
               "used twice"},
        Broken{"NoNumberTwiceOverACrash",
               and_then(and_then({{kRequested, kOne}, {kCrashed, {}}}, started()),
                        {{kRequested, kOne}}),
               "used twice"},
        Broken{"NotPassedUnasked", {{kPassed, kOne, kFirst}}, "before it was asked for"},
        Broken{"NotPassedTwice",
               {{kRequested, kOne}, {kPassed, kOne, kFirst}, {kPassed, kOne, kFirst}},
               "twice, or out of order"},
        Broken{
            "CapturedWherePassed", {{kRequested, kOne}, {kCaptured, kOne, kFirst}}, "passed last"},
        Broken{"CapturedOnce",
               {{kRequested, kOne},
                {kPassed, kOne, kFirst},
                {kCaptured, kOne, kFirst},
                {kCaptured, kOne, kFirst}},
               "captured twice"},
        Broken{"AcknowledgedWhenCaptured",
               {{kRequested, kOne}, {kPassed, kOne, kFirst}, {kAcknowledged, kOne, kFirst}},
               "before it is captured"},
        Broken{"NotAcknowledgedAfterItWasGivenUp",
               {{kRequested, kOne},
                {kPassed, kOne, kFirst},
                {kCaptured, kOne, kFirst},
                {kGivenUp, kOne},
                {kAcknowledged, kOne, kFirst}},
               "not the epoch in flight"},
        Broken{"AcknowledgedOnce", and_then(acknowledged(kOne), {{kAcknowledged, kOne, kFirst}}),
               "acknowledged twice"},
        Broken{"CompleteWithAllParts",
               {{kRequested, kOne},
                {kPassed, kOne, kFirst},
                {kCaptured, kOne, kFirst},
                {kAcknowledged, kOne, kFirst},
                {kComplete, kOne}},
               "before all tasks"},
        Broken{"CompleteInFlight", {{kComplete, kOne}}, "not the epoch in flight"},
        Broken{"PublishedWhenComplete", and_then(acknowledged(kOne), {{kPublished, kOne}}),
               "before the epoch is complete"},
        Broken{"ToldWhenComplete", and_then(acknowledged(kOne), {{kTold, kOne}}),
               "before the epoch is complete"},
        Broken{"HeardWhenComplete", {{kHeard, kOne, kFirst}}, "not complete"},
        Broken{"GivenUpInFlight", {{kGivenUp, kOne}}, "not the epoch in flight"},
        Broken{"GoesOnFromTheNewest", and_then(and_then(made(kOne), {{kCrashed, {}}}), started()),
               "not the newest complete epoch"},
        Broken{"GoesOnFromWhatIsComplete",
               and_then(and_then(acknowledged(kOne), {{kCrashed, {}}}), started(kOne)),
               "not the newest complete epoch"},
        Broken{"OnlyWhileItRuns", {{kCrashed, {}}, {kRequested, kOne}}, "does not run"},
        Broken{"OnlyTasksOfTheJob",
               {{kRequested, kOne}, {kPassed, kOne, kStranger}},
               "nobody has added"}),
    [](const auto& each) { return each.param.rule; });

}  // namespace
}  // namespace penstock::sim
