#include "penstock/api/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Sets a variable for the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST(Options, WithoutVariablesAreTheDefaults) {
  const auto options = Options::from_environment();
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->workers, Options().workers);
  EXPECT_EQ(options->ring_slots, Options().ring_slots);
}

TEST(Options, TakeWhatTheEnvironmentSays) {
  const Variable variables[] = {{"PENSTOCK__WORKERS", "3"},
                                {"PENSTOCK__PROFILE", "latency"},
                                {"PENSTOCK__PIN_WORKERS", "true"},
                                {"PENSTOCK__BATCH_MAX", "17"},
                                {"PENSTOCK__RING_SLOTS", "64"},
                                {"PENSTOCK__RING_BYTES", "65536"},
                                {"PENSTOCK__STATE_KEYS_MAX", "5000000000"},
                                {"PENSTOCK__STATE_BYTES_MAX", "1000000000000"},
                                {"PENSTOCK__CHECKPOINT", "/var/lib/fraud"},
                                {"PENSTOCK__CHECKPOINT_INTERVAL_MS", "250"},
                                {"PENSTOCK__CHECKPOINT_RESTORE", "e-17"},
                                {"PENSTOCK__CHECKPOINT_ALLOW_DROPPED_STATE", "true"},
                                {"PENSTOCK__RESTARTS", "5"}};
  const auto options = Options::from_environment();
  ASSERT_TRUE(options.ok()) << options.status().to_string();
  EXPECT_EQ(options->workers, 3u);
  EXPECT_EQ(options->profile, WaitProfile::kLatency);
  EXPECT_TRUE(options->pin_workers);
  EXPECT_EQ(options->batch_max, 17u);
  EXPECT_EQ(options->ring_slots, 64u);
  EXPECT_EQ(options->ring_bytes, 65536u);
  EXPECT_EQ(options->state_keys_max, 5'000'000'000u);
  EXPECT_EQ(options->state_bytes_max, 1'000'000'000'000u);
  EXPECT_EQ(options->checkpoint.directory, "/var/lib/fraud");
  EXPECT_EQ(options->checkpoint.interval, std::chrono::milliseconds(250));
  EXPECT_EQ(options->checkpoint.restore_from, Epoch{17});
  EXPECT_TRUE(options->checkpoint.allow_dropped_state);
  EXPECT_EQ(options->restarts.max, 5u);
}

TEST(Options, AValueThatCannotBeReadIsAnErrorThatNamesTheVariableAndTheValue) {
  struct Case {
    const char* name;
    const char* value;
  };
  for (const Case& wrong :
       {Case{"PENSTOCK__WORKERS", "two"}, Case{"PENSTOCK__WORKERS", ""},
        Case{"PENSTOCK__WORKERS", "-1"}, Case{"PENSTOCK__WORKERS", "2x"},
        Case{"PENSTOCK__WORKERS", "99999999999"}, Case{"PENSTOCK__PROFILE", "fast"},
        Case{"PENSTOCK__PIN_WORKERS", "1"}, Case{"PENSTOCK__BATCH_MAX", " 8"},
        Case{"PENSTOCK__RING_SLOTS", "0x10"}, Case{"PENSTOCK__STATE_KEYS_MAX", "1e6"},
        Case{"PENSTOCK__CHECKPOINT_INTERVAL_MS", "0"}, Case{"PENSTOCK__RESTARTS", "often"}}) {
    const Variable variable(wrong.name, wrong.value);
    const auto options = Options::from_environment();
    ASSERT_FALSE(options.ok()) << wrong.name << "=" << wrong.value;
    EXPECT_EQ(options.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(options.status().message()),
                AllOf(HasSubstr(wrong.name), HasSubstr("\"" + std::string(wrong.value) + "\"")));
  }
}

}  // namespace
}  // namespace penstock
