// The fraud job with rules from a watched file, by hand on a clock that stands still: which rules judge what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/examples/fraud/fraud_job.h"
#include "penstock/io/file/line_file_source.h"
#include "penstock/tests/harness/temporary_folder.h"

namespace fraud {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class NoNotices final : public penstock::Notices {
 public:
  void post(const penstock::Notice&) noexcept override {}
};

class FraudRulesTest : public ::testing::Test {
 protected:
  // Rules under which every payment of these tests is an alert.
  void write_rules(int version) const {
    std::ofstream(folder_ + "/rules.json")
        << "{\"version\":" << version
        << ",\"velocity_limit\":10,\"velocity_seconds\":60,\"unusual_payments_min\":8,"
           "\"unusual_deviations\":6,\"unusual_amount_min\":50,\"travel_minutes\":30,"
           "\"window_payments_max\":20,\"window_spend_max\":2000,\"blocked_merchants\":\"m13\"}";
  }

  // So many lines in all: those of before stay.
  void write_payments(int count) const {
    std::ofstream file(folder_ + "/payments");
    for (int i = 0; i < count; ++i) {
      file << "{\"tx\":" << i << ",\"card\":\"4000-" << i
           << "\",\"amount\":10,\"country\":\"DE\",\"merchant\":\"m13\","
              "\"ts\":\"2024-01-01T00:00:00Z\"}\n";
    }
  }

  // A run over the first `count` payments. `later` is before its drain.
  template <class Later>
  void run(int count, Later later) {
    penstock::Job job("fraud");
    versions_.clear();
    in_force_.clear();
    write_payments(count);
    // Followed, as a job whose payments have ended reads no rules.
    auto [alerts, changes] =
        alerts_of(job, penstock::line_file_source({.path = folder_ + "/payments", .follow = true}),
                  rules_of(job, folder_ + "/rules.json", {}));
    std::move(alerts).for_each([this](const Alert& alert) { versions_.push_back(alert.version); });
    std::move(changes).for_each(
        [this](const RuleSet& rules) { in_force_.push_back(rules.version); });
    penstock::Options options;
    options.clock = &clock_;
    options.notices = &notices_;
    options.checkpoint.directory = folder_ + "/checkpoint";
    auto handle = job.open(options);
    ASSERT_TRUE(handle.ok()) << handle.status().to_string();
    step(*handle);
    later(*handle);
    handle->drain();
    for (int i = 0; i < 10'000 && handle->poll() != penstock::StepOutcome::kFinished; ++i)
      clock_.advance(1ms);
    ASSERT_EQ(handle->poll(), penstock::StepOutcome::kFinished);
    ASSERT_TRUE(handle->status().ok()) << handle->status().to_string();
  }
  // Until nothing is left to do at this time.
  static void step(penstock::JobHandle& handle) {
    for (int idle = 0; idle < 10;)
      idle = handle.poll() == penstock::StepOutcome::kWorked ? 0 : idle + 1;
  }

  penstock::test::TemporaryFolder temporary_;
  const std::string& folder_ = temporary_.path();
  penstock::VirtualClock clock_{penstock::EventTime{1'704'067'200'000'000}};
  NoNotices notices_;
  std::vector<std::uint32_t> versions_;  // Of alerts.
  std::vector<std::uint32_t> in_force_;
};

TEST_F(FraudRulesTest, RulesOfTheCutJudgeUntilTheFileIsLookedAtThenThoseThatItSays) {
  write_rules(1);
  run(10, [](auto&) {});
  EXPECT_THAT(in_force_, SizeIs(1));
  write_rules(2);  // While no job runs.
  run(20, [&](penstock::JobHandle& handle) {
    EXPECT_THAT(versions_, SizeIs(10));
    EXPECT_THAT(versions_, Each(1u));
    EXPECT_THAT(in_force_, IsEmpty());
    clock_.advance(250ms);
    step(handle);
    EXPECT_THAT(in_force_, testing::ElementsAre(2u));
  });
  run(30, [&](penstock::JobHandle& handle) {
    EXPECT_THAT(versions_, SizeIs(10));
    EXPECT_THAT(versions_, Each(2u));
    clock_.advance(250ms);
    step(handle);
    EXPECT_THAT(in_force_, IsEmpty()) << "the file has not changed";
  });
}

TEST_F(FraudRulesTest, ARuleSetIsKeptWholeAndChecked) {
  RuleSet rules;
  rules.version = 7;
  rules.velocity_limit = 3;
  rules.window_spend_max = 12.5;
  ASSERT_TRUE(rules.blocked_merchants.assign("m1,m2"));
  const std::string bytes = captured(rules);
  const penstock::Result<RuleSet> back = restored_rules(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(captured(*back), bytes);
  EXPECT_EQ(describe(*back), describe(rules));
  EXPECT_FALSE(restored_rules(bytes.substr(0, 40)).ok());
  EXPECT_FALSE(restored_rules(bytes + std::string(300, ',')).ok());
  rules.velocity_limit = 99;
  EXPECT_FALSE(restored_rules(captured(rules)).ok()) << "no rule could work with it";
}

}  // namespace
}  // namespace fraud
