#include "penstock/operators/window/used_panes.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace penstock {
namespace {

TEST(UsedPanes, KnowsTheFirstAndTheLastThatHasBeenNoted) {
  UsedPanes used;
  used.start_at(-40);
  EXPECT_EQ(used.first(), UsedPanes::kNone);
  EXPECT_LT(used.last(), -40);
  used.note(7);
  EXPECT_EQ(used.first(), 7);
  EXPECT_EQ(used.last(), 7);
  used.note(-40);
  used.note(60);
  EXPECT_EQ(used.first(), -40);
  EXPECT_EQ(used.last(), 60);
  used.forget_before(-39);
  EXPECT_EQ(used.first(), 7);
  EXPECT_EQ(used.last(), 60);
  used.forget_before(61);
  EXPECT_EQ(used.first(), UsedPanes::kNone);
  EXPECT_LT(used.last(), 61);
}

TEST(UsedPanes, OfThoseFarAheadTheFirstIsKnownAndTheLastIsNot) {
  UsedPanes used;
  used.start_at(0);
  used.note(3);
  used.note(500);
  used.note(400);
  EXPECT_EQ(used.last(), UsedPanes::kNone);
  used.forget_before(4);
  EXPECT_EQ(used.first(), 400);
  used.forget_before(390);
  EXPECT_EQ(used.first(), 400);
  EXPECT_EQ(used.last(), UsedPanes::kNone) << "500 has been forgotten";
  used.forget_before(401);
  EXPECT_TRUE(used.unsure());
  used.start_at(401);
  used.note(500);
  EXPECT_FALSE(used.unsure());
  EXPECT_EQ(used.last(), 500);
}

}  // namespace
}  // namespace penstock
