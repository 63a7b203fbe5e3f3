#include "penstock/io/kafka/topic_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::kafka::internal {
namespace {

using testing::HasSubstr;

std::string refusal(SourceOptions options) {
  const Result<TopicChoice> choice = TopicChoice::make(options);
  if (choice.ok()) return "";
  EXPECT_EQ(choice.status().code(), StatusCode::kInvalidArgument);
  return std::string(choice.status().message());
}

TEST(TopicChoice, ExactlyOneOfTopicsAndPatternMustBeGiven) {
  EXPECT_THAT(refusal({}), HasSubstr("neither"));
  EXPECT_THAT(refusal({.topics = {"a"}, .pattern = "b"}), HasSubstr("both"));
}

TEST(TopicChoice, EmptyAndRepeatedNamesAreRefused) {
  EXPECT_THAT(refusal({.topics = {"a", ""}}), HasSubstr("empty name"));
  EXPECT_THAT(refusal({.topics = {"a", "b", "a"}}), HasSubstr("'a' twice"));
}

TEST(TopicChoice, WhatIsNoRegularExpressionIsRefusedWithItsText) {
  for (const std::string& bad : std::vector<std::string>{"(", "a[", "a)(b"}) {
    EXPECT_THAT(refusal({.pattern = bad}), HasSubstr("'" + bad + "'")) << bad;
  }
}

TEST(TopicChoice, APatternMatchesWholeNames) {
  const Result<TopicChoice> choice = TopicChoice::make({.pattern = "pay.*|refunds"});
  ASSERT_TRUE(choice.ok());
  EXPECT_TRUE(choice->is_pattern());
  EXPECT_TRUE(choice->takes("payments"));
  EXPECT_TRUE(choice->takes("refunds"));
  EXPECT_FALSE(choice->takes("my-payments"));
  EXPECT_FALSE(choice->takes("refunds2"));
}

TEST(TopicChoice, APatternTakesNoTopicOfTheBrokers) {
  const Result<TopicChoice> choice = TopicChoice::make({.pattern = ".*"});
  ASSERT_TRUE(choice.ok());
  EXPECT_TRUE(choice->takes("_mine"));
  EXPECT_FALSE(choice->takes("__consumer_offsets"));
  EXPECT_FALSE(choice->takes("__transaction_state"));
}

TEST(TopicChoice, AListTakesWhatItNames) {
  const Result<TopicChoice> choice = TopicChoice::make({.topics = {"a.b"}});
  ASSERT_TRUE(choice.ok());
  EXPECT_TRUE(choice->takes("a.b"));
  EXPECT_FALSE(choice->takes("axb"));
  EXPECT_EQ(source_name({.topics = {"a", "b"}}), "kafka a,b");
  EXPECT_EQ(source_name({.pattern = "a.*"}), "kafka topics like a.*");
}

}  // namespace
}  // namespace penstock::kafka::internal
