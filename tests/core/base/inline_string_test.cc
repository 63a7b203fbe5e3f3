#include "penstock/core/base/inline_string.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <type_traits>

namespace penstock {
namespace {

static_assert(std::is_trivially_copyable_v<InlineString<15>>);
static_assert(sizeof(InlineString<15>) == 16);
static_assert(std::is_constructible_v<InlineString<3>, const char (&)[4]>);
static_assert(!std::is_constructible_v<InlineString<3>, const char (&)[5]>);

TEST(InlineString, HoldsTextUpToItsBound) {
  InlineString<4> text;
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(text.assign("abcd"));
  EXPECT_EQ(text.view(), "abcd");
  EXPECT_EQ(text.size(), 4u);
}

TEST(InlineString, RefusesWhatDoesNotFitAndStaysAsItWas) {
  InlineString<4> text("ab");
  EXPECT_FALSE(text.assign("abcde"));
  EXPECT_EQ(text, "ab");
}

TEST(InlineString, KeepsNulBytes) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(InlineString<4>::of(bytes).view(), bytes);
}

TEST(InlineString, MakesEqualTextsEqualBytesAlsoAfterALongerOne) {
  InlineString<8> reused("longest!");
  ASSERT_TRUE(reused.assign("ab"));
  const InlineString<8> fresh("ab");
  EXPECT_EQ(std::memcmp(&reused, &fresh, sizeof fresh), 0);
}

TEST(InlineString, IsOrderedAsText) {
  EXPECT_LT(InlineString<4>("a"), InlineString<4>("ab"));
  EXPECT_LT(InlineString<4>("ab"), InlineString<4>("b"));
  EXPECT_EQ(InlineString<4>("ab"), InlineString<4>("ab"));
}

TEST(InlineString, HoldsTheLongestLengthThatAByteCanSay) {
  const std::string text(255, 'x');
  EXPECT_EQ(InlineString<255>::of(text).view(), text);
}

TEST(InlineStringDeathTest, ChecksTextThatWasPromisedToFit) {
  EXPECT_DEATH(static_cast<void>(InlineString<2>::of("abc")), "check failed");
}

}  // namespace
}  // namespace penstock
