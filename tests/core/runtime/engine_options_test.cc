#include "penstock/core/runtime/engine_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string message(const EngineOptions& options) { return std::string(check(options).message()); }

TEST(EngineOptions, AreInBoundsUnlessSaidOtherwise) {
  EXPECT_TRUE(check({}).ok());
  EXPECT_TRUE(check({.workers = 256, .batch_max = 65536, .ring_slots = 2, .ring_bytes = 256}).ok());
}

TEST(EngineOptions, OutOfBoundsAreNamedWithWhatToChoose) {
  EXPECT_THAT(message({.workers = 0}),
              AllOf(HasSubstr("workers"), HasSubstr("0"), HasSubstr("1 to 256")));
  EXPECT_THAT(message({.workers = 257}), HasSubstr("257"));
  EXPECT_THAT(message({.batch_max = 0}), HasSubstr("batch_max"));
  EXPECT_THAT(message({.ring_slots = 48}),
              AllOf(HasSubstr("ring_slots"), HasSubstr("48"), HasSubstr("power of two")));
  EXPECT_THAT(message({.ring_slots = 1}), HasSubstr("ring_slots"));
  EXPECT_THAT(message({.ring_bytes = 3000}),
              AllOf(HasSubstr("ring_bytes"), HasSubstr("3000"), HasSubstr("power of two")));
  EXPECT_THAT(message({.ring_bytes = 128}), HasSubstr("ring_bytes"));
}

TEST(EngineOptions, ALogNeedsAFolder) {
  EngineOptions options;
  options.checkpoint.write_ahead_log = true;
  EXPECT_THAT(message(options), AllOf(HasSubstr("write_ahead_log"), HasSubstr("folder")));
}

}  // namespace
}  // namespace penstock
