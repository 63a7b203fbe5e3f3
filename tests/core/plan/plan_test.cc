#include "penstock/core/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "penstock/core/base/key_group.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::unique_ptr<StageBody>> no_body(const StageWiring&) {
  return Status::internal("never built");
}

ExchangeSpec edge(StageId from, StageId to, ExchangeKind kind) {
  return {from, 0, to, kind, nullptr};
}

TEST(Plan, RefusesAJobWithoutASource) {
  EXPECT_THAT(std::string(Plan().validate().message()), HasSubstr("no source"));
}

TEST(Plan, RefusesAStreamThatLeadsNowhereAndNamesIt) {
  Plan plan;
  plan.add_stage("payments");
  EXPECT_THAT(
      std::string(plan.validate().message()),
      testing::AllOf(HasSubstr("payments"), HasSubstr("leads nowhere"), HasSubstr("for_each")));
}

TEST(Plan, RefusesMoreTasksThanKeyGroups) {
  Plan plan;
  const StageId stage = plan.add_stage("wide");
  plan.seal(stage, no_body);
  plan.stage(stage).parallelism = kKeyGroups;
  EXPECT_TRUE(plan.validate().ok());
  plan.stage(stage).parallelism = kKeyGroups + 1;
  EXPECT_THAT(std::string(plan.validate().message()),
              testing::AllOf(HasSubstr("wide"), HasSubstr("1025")));
}

TEST(Plan, ReportsTheFirstOfWhatWasRefusedWhileItWasWritten) {
  Plan plan;
  plan.seal(plan.add_stage("good"), no_body);
  EXPECT_TRUE(plan.validate().ok());
  plan.refuse(Status::invalid_argument("first"));
  plan.refuse(Status::invalid_argument("second"));
  EXPECT_EQ(plan.validate().message(), "first");
}

TEST(Plan, PrintsStagesAndExchanges) {
  Plan plan;
  const StageId source = plan.add_stage("in");
  const StageId keyed = plan.add_stage("count");
  plan.connect(edge(source, keyed, ExchangeKind::kHash));
  EXPECT_EQ(plan.to_string(), "stage 0: in\n  -> stage 1 (hash)\nstage 1: count\n");
}

TEST(ResolveParallelism, IsOneTaskPerWorkerUnlessSaidOtherwise) {
  Plan plan;
  plan.add_stage("default");
  plan.stage(plan.add_stage("fixed")).parallelism = 3;
  plan.stage(plan.add_stage("one file")).parallelism_max = 1;
  EXPECT_THAT(resolve_parallelism(plan, 4), ElementsAre(4u, 3u, 1u));
}

TEST(ResolveParallelism, ForwardKeepsThatOfTheStageBeforeSoThatOrderIsKept) {
  Plan plan;
  const StageId source = plan.add_stage("one file");
  plan.stage(source).parallelism_max = 1;
  const StageId reader = plan.add_stage("reader");
  const StageId keyed = plan.add_stage("keyed");
  const StageId spread = plan.add_stage("spread");
  plan.connect(edge(source, reader, ExchangeKind::kForward));
  plan.connect(edge(reader, keyed, ExchangeKind::kHash));
  plan.connect(edge(reader, spread, ExchangeKind::kRebalance));
  EXPECT_THAT(resolve_parallelism(plan, 4), ElementsAre(1u, 1u, 4u, 4u));
  plan.stage(reader).parallelism = 2;
  EXPECT_THAT(resolve_parallelism(plan, 4), ElementsAre(1u, 2u, 4u, 4u))
      << "what is asked for wins";
}

TEST(ResolveParallelism, AUnionIsAsWideAsItsWidestInput) {
  Plan plan;
  const StageId wide = plan.add_stage("wide");
  const StageId narrow = plan.add_stage("narrow");
  plan.stage(narrow).parallelism = 1;
  const StageId merged = plan.add_stage("union");
  plan.connect(edge(wide, merged, ExchangeKind::kForward));
  plan.connect(edge(narrow, merged, ExchangeKind::kForward));
  EXPECT_THAT(resolve_parallelism(plan, 4), ElementsAre(4u, 1u, 4u));
}

TEST(Plan, OnlyABroadcastMayLeadBackToAStageThatNothingLeavesYet) {
  Plan plan;
  const StageId keyed = plan.add_stage("keyed");
  const StageId rules = plan.add_stage("rules");
  plan.connect(edge(rules, keyed, ExchangeKind::kBroadcast));
  EXPECT_EQ(resolve_parallelism(plan, 3).size(), 2u);
  EXPECT_DEATH(plan.connect(edge(rules, keyed, ExchangeKind::kForward)), "");
  EXPECT_DEATH(plan.connect(edge(keyed, keyed, ExchangeKind::kBroadcast)), "");
  const StageId alerts = plan.add_stage("alerts");
  plan.connect(edge(keyed, alerts, ExchangeKind::kForward));
  EXPECT_DEATH(plan.connect(edge(alerts, keyed, ExchangeKind::kBroadcast)), "");
}

TEST(PlaceTask, GivesEveryWorkerAShareOfEveryStage) {
  std::vector<int> tasks(3);
  for (std::uint32_t index = 0; index < 9; ++index) ++tasks[place_task(index, 3).value];
  EXPECT_THAT(tasks, ElementsAre(3, 3, 3));
}

TEST(PlanKeyGroups, EveryGroupHasExactlyOneOwnerWhateverTheParallelism) {
  for (const std::uint32_t count : {1u, 2u, 3u, 7u, 64u, 1000u, kKeyGroups}) {
    for (std::uint32_t group = 0; group < kKeyGroups; ++group) {
      const std::uint32_t owner = owner_of_key_group({group}, count);
      ASSERT_LT(owner, count);
      ASSERT_TRUE(key_groups_of_task(owner, count).contains({group})) << group << " of " << count;
    }
  }
}

TEST(ExchangeKindName, NamesEveryKindDifferently) {
  const std::set<std::string_view> names = {
      exchange_kind_name(ExchangeKind::kForward), exchange_kind_name(ExchangeKind::kHash),
      exchange_kind_name(ExchangeKind::kBroadcast), exchange_kind_name(ExchangeKind::kRebalance)};
  EXPECT_EQ(names.size(), 4u);
}

}  // namespace
}  // namespace penstock
