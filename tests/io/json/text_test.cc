#include "penstock/io/json/text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::json {
namespace {

using namespace std::string_view_literals;

TextOutcome unescaped(std::string_view raw, std::string& out, std::size_t bytes_max = 100) {
  out.assign(bytes_max, '#');
  std::size_t size = 0;
  const TextOutcome outcome = unescape(raw, out.data(), bytes_max, size);
  out.resize(size);
  return outcome;
}

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(text, out);
  return out;
}

TEST(JsonText, UndoesEveryEscape) {
  std::string out;
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\tz)", out), TextOutcome::kOk);
  EXPECT_EQ(out, "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC\ud83d\ude00\u0000)", out), TextOutcome::kOk);
  EXPECT_EQ(out, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0"sv);
}

TEST(JsonText, RefusesBadEscapesAndHalfSurrogatePairs) {
  std::string out;
  for (const char* raw : {R"(\)", R"(\x41)", R"(\u)", R"(\u12)", R"(\u12g4)", R"(\ud83d)",
                          R"(\ud83dx)", R"(\ud83d\n)", R"(\ud83d\u0041)", R"(\ud83d\ud83d)",
                          R"(\ude00)", R"(\ude00\ud83d)", R"(\ud83d\ude0)", R"(\U0041)", R"(\')"}) {
    EXPECT_EQ(unescaped(raw, out), TextOutcome::kBadEscape) << raw;
  }
}

TEST(JsonText, NeverWritesPastItsBound) {
  std::string out;
  EXPECT_EQ(unescaped("abcd", out, 4), TextOutcome::kOk);
  EXPECT_EQ(unescaped("abcde", out, 4), TextOutcome::kTooLong);
  EXPECT_EQ(unescaped(R"(abc\u00e9)", out, 4), TextOutcome::kTooLong);
  EXPECT_EQ(unescaped(R"(ab\u00e9)", out, 4), TextOutcome::kOk);
  EXPECT_EQ(unescaped(R"(\ud83d\ude00)", out, 3), TextOutcome::kTooLong);
}

TEST(JsonText, EscapesWhatJsonDemandsAndNothingElse) {
  EXPECT_EQ(escaped("a\"b\\c/d"), R"(a\"b\\c/d)");
  EXPECT_EQ(escaped("\b\f\n\r\t"), R"(\b\f\n\r\t)");
  EXPECT_EQ(escaped("\0\x1f\x7f"sv), "\\u0000\\u001f\x7f");
  EXPECT_EQ(escaped("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(escaped("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"),
            "\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80");
}

// The examples of the Unicode standard, chapter 3.9: one U+FFFD for each maximal part.
TEST(JsonText, ReplacesInvalidUtf8AsUnicodeRecommends) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(escaped("\x80"), r);
  EXPECT_EQ(escaped("\xff"
                    "a"),
            r + "a");
  EXPECT_EQ(escaped("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(escaped("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(escaped("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"), r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(escaped("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), r + r + r + r + "A");
  EXPECT_EQ(escaped("\xe2\x82"), r);
  EXPECT_EQ(escaped("\xe2\"\n"), r + "\\\"\\n");
}

}  // namespace
}  // namespace penstock::json
