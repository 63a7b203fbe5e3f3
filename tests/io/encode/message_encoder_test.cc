#include "penstock/io/encode/message_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "penstock/core/base/inline_string.h"

namespace penstock {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

struct Alert {
  InlineString<8> card = "c1";
  std::int64_t id = -42;
  std::optional<std::string> note;
  EventTime at{5};
};

struct Letters {
  void encode(const Alert& alert, std::string& out) const {
    out += "v:" + std::to_string(alert.id);
  }
};

MATCHER_P2(IsHeader, name, value, "") { return arg.name == name && arg.value == value; }
MATCHER_P(IsNullHeader, name, "") { return arg.name == name && !arg.value; }

TEST(MessageEncoder, WithoutAnythingGivesBytesOnly) {
  auto encoder = message(Letters());
  MessageBuffer buffer;
  encoder.encode_message(Alert{}, EventTime{7}, buffer);
  const RawMessage made = buffer.message();
  EXPECT_EQ(made.bytes, "v:-42");
  EXPECT_FALSE(made.message.key);
  EXPECT_THAT(made.message.headers, IsEmpty());
  EXPECT_EQ(made.message.timestamp, kMinEventTime);
  EXPECT_FALSE(made.message.tombstone);
}

TEST(MessageEncoder, FillsKeyHeadersAndTimestampFromMembersAndFunctions) {
  auto encoder = message(Letters())
                     .key(&Alert::card)
                     .header("id", &Alert::id)
                     .header("note", &Alert::note)
                     .header("flag", [](const Alert& alert) { return alert.id < 0; })
                     .header("id", [](const Alert&) { return std::string("twice"); })
                     .timestamp(&Alert::at);
  MessageBuffer buffer;
  Alert alert;
  encoder.encode_message(alert, EventTime{7}, buffer);
  RawMessage made = buffer.message();
  EXPECT_THAT(made.message.key, Optional(std::string_view("c1")));
  EXPECT_THAT(made.message.headers, ElementsAre(IsHeader("id", "-42"), IsNullHeader("note"),
                                                IsHeader("flag", "true"), IsHeader("id", "twice")));
  EXPECT_EQ(made.message.timestamp, EventTime{5});
  alert.note = "";
  buffer.clear();
  encoder.encode_message(alert, EventTime{7}, buffer);
  made = buffer.message();
  EXPECT_THAT(made.message.headers[1], IsHeader("note", ""));
}

TEST(MessageEncoder, KeysAreTextsOrNumbersOrNone) {
  MessageBuffer buffer;
  const auto key_of = [&](auto encoder) -> std::optional<std::string> {
    buffer.clear();
    encoder.encode_message(Alert{}, EventTime{}, buffer);
    const RawMessage made = buffer.message();
    if (!made.message.key) return std::nullopt;
    return std::string(*made.message.key);
  };
  EXPECT_THAT(key_of(message(Letters()).key(&Alert::id)), Optional(std::string("-42")));
  EXPECT_THAT(key_of(message(Letters()).key([](const Alert&) { return "text"; })),
              Optional(std::string("text")));
  EXPECT_THAT(key_of(message(Letters()).key([](const Alert&) { return std::uint64_t{0} - 1; })),
              Optional(std::string("18446744073709551615")));
  EXPECT_THAT(key_of(message(Letters()).key([](const Alert&) { return std::string(); })),
              Optional(std::string()));
  EXPECT_EQ(key_of(message(Letters()).key(&Alert::note)), std::nullopt);
}

TEST(MessageEncoder, ATombstoneHasAKeyAndNoBytes) {
  auto encoder = message(Letters()).key(&Alert::card).tombstone([](const Alert& alert) {
    return alert.id < 0;
  });
  MessageBuffer buffer;
  Alert alert;
  encoder.encode_message(alert, EventTime{}, buffer);
  EXPECT_TRUE(buffer.message().message.tombstone);
  EXPECT_EQ(buffer.message().bytes, "");
  alert.id = 1;
  buffer.clear();
  encoder.encode_message(alert, EventTime{}, buffer);
  EXPECT_FALSE(buffer.message().message.tombstone);
  EXPECT_EQ(buffer.message().bytes, "v:1");
}

TEST(MessageEncoder, TakesTheRecordsEventTimeWhereAsked) {
  auto encoder = message(Letters()).event_time();
  MessageBuffer buffer;
  encoder.encode_message(Alert{}, EventTime{7}, buffer);
  EXPECT_EQ(buffer.message().message.timestamp, EventTime{7});
}

TEST(MessageEncoder, IsAnEncoderOfBytesToo) {
  auto encoder = message(Letters()).key(&Alert::card);
  std::string out = "x";
  encoder.encode(Alert{}, out);
  EXPECT_EQ(out, "xv:-42");
}

}  // namespace
}  // namespace penstock
