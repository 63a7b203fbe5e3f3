#include "penstock/state/type_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/state/state_fields.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::HasSubstr;

enum class Level : std::uint8_t { kLow, kHigh };

struct Visit {
  EventTime at;
  std::int16_t shop = 0;
};
constexpr auto penstock_state_fields(Tag<Visit>) {
  return state_fields(state_field("at", &Visit::at), state_field("shop", &Visit::shop));
}

struct Card {
  std::int32_t count = 0;
  float mean = 0;
  bool blocked = false;
  Level level = Level::kLow;
  InlineString<3> country;
  Visit last;
  std::array<Visit, 3> visits{};
  std::uint32_t days[4] = {};
};
constexpr auto penstock_state_fields(Tag<Card>) {
  return state_fields(state_field("count", &Card::count), state_field("mean", &Card::mean),
                      state_field("blocked", &Card::blocked), state_field("level", &Card::level),
                      state_field("country", &Card::country), state_field("last", &Card::last),
                      state_field("visits", &Card::visits), state_field("days", &Card::days));
}

// The same in another order, wider, without `blocked` and with a limit.
struct NewVisit {
  std::int64_t shop = -1;
  EventTime at;
  std::uint8_t stars = 5;
};
constexpr auto penstock_state_fields(Tag<NewVisit>) {
  return state_fields(state_field("at", &NewVisit::at), state_field("shop", &NewVisit::shop),
                      state_field("stars", &NewVisit::stars));
}
struct NewCard {
  InlineString<20> country;
  double limit = 99.5;
  std::int64_t count = 0;
  double mean = 0;
  std::uint64_t days[4] = {};
  NewVisit last;
  std::array<NewVisit, 3> visits{};
  Level level = Level::kHigh;
};
constexpr auto penstock_state_fields(Tag<NewCard>) {
  return state_fields(state_field("count", &NewCard::count), state_field("mean", &NewCard::mean),
                      state_field("level", &NewCard::level), state_field("limit", &NewCard::limit),
                      state_field("country", &NewCard::country),
                      state_field("last", &NewCard::last), state_field("visits", &NewCard::visits),
                      state_field("days", &NewCard::days));
}

struct Other {
  std::int64_t total = 0;
};
constexpr auto penstock_state_fields(Tag<Other>) {
  return state_fields(state_field("total", &Other::total));
}

struct Bytes {
  std::int64_t a = 0;
  std::int32_t b = 0;
};
struct CountedBytes {
  std::int64_t a = 0;
  std::int32_t b = 0;
};
constexpr std::uint32_t penstock_state_version(Tag<CountedBytes>) { return 3; }

struct Forgetful {
  std::int64_t named = 0;
  std::int64_t forgotten = 0;
};
constexpr auto penstock_state_fields(Tag<Forgetful>) {
  return state_fields(state_field("named", &Forgetful::named));
}

template <class Then, class Now>
std::string refusal() {
  const auto change = TypeChange::between(state_type_of<Then>(), state_type_of<Now>());
  return change.ok() ? "" : std::string(change.status().message());
}

// What a value becomes; the type goes through its encoding.
template <class Now, class Then>
Now as(const Then& value) {
  StateType then;
  EXPECT_TRUE(StateType::decode(state_type_of<Then>().encode(), then));
  const auto change = TypeChange::between(then, state_type_of<Now>());
  EXPECT_TRUE(change.ok()) << change.status().to_string();
  Now now{};
  if (!change.ok()) return now;
  EXPECT_TRUE(change->any());
  EXPECT_TRUE(
      change->convert(reinterpret_cast<const char*>(&value), reinterpret_cast<char*>(&now)));
  return now;
}

TEST(StateType, NamesAndPlacesEveryField) {
  const StateType type = state_type_of<Card>();
  EXPECT_EQ(type.problem, "");
  EXPECT_EQ(type.name(),
            "{count: int32, mean: float, blocked: bool, level: uint8, country: text(3), last.at: "
            "time, last.shop: int16, visits[].at: time[3], visits[].shop: int16[3], days[]: "
            "uint32[4]}");
  EXPECT_EQ(type.find("visits[].shop")->offset, offsetof(Card, visits) + offsetof(Visit, shop));
  EXPECT_EQ(type.find("visits[].shop")->stride, sizeof(Visit));
  EXPECT_EQ(state_type_of<std::int64_t>().name(), "int64");
  EXPECT_EQ(state_type_of<InlineString<7>>().name(), "text(7)");
  EXPECT_EQ(state_type_of<Bytes>().name(), "opaque(16 bytes, version 0)");
  EXPECT_EQ(state_type_of<CountedBytes>().name(), "opaque(16 bytes, version 3)");
  EXPECT_EQ(state_type_of<ExpiringCell<std::int16_t>>().name(), "{@used: time, : int16}");
}

TEST(StateType, KnowsWhenAMemberIsLeftOut) {
  EXPECT_THAT(state_type_of<Forgetful>().problem, HasSubstr("not all members"));
}

TEST(StateType, IsReadOnlyAsItWasWritten) {
  const std::string bytes = state_type_of<Card>().encode();
  StateType type;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(StateType::decode(bytes.substr(0, size), type)) << size;
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = bytes;
    changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    if (!StateType::decode(changed, type)) continue;
    for (const StateField& field : type.fields) {
      const std::uint64_t last = std::uint64_t{field.values() - 1} * field.stride;
      ASSERT_LE(field.offset + last + field.bytes, type.bytes);
    }
  }
}

TEST(TypeChange, BringsOverKeptFieldsWidensThemAndFillsNewOnes) {
  Card card;
  card.count = -7;
  card.mean = 1.25F;
  card.level = Level::kLow;
  card.country = "DE";
  card.last = {{5'000}, -3};
  card.visits[2] = {{77}, 9};
  card.days[3] = 4'000'000'000U;
  const auto now = as<NewCard>(card);
  EXPECT_EQ(now.count, -7);
  EXPECT_EQ(now.mean, 1.25);
  EXPECT_EQ(now.level, Level::kLow);
  EXPECT_EQ(now.country.view(), "DE");
  EXPECT_EQ(now.limit, 99.5);
  EXPECT_EQ(now.last.at, EventTime{5'000});
  EXPECT_EQ(now.last.shop, -3);
  EXPECT_EQ(now.last.stars, 5);
  EXPECT_EQ(now.visits[2].at, EventTime{77});
  EXPECT_EQ(now.visits[2].shop, 9);
  EXPECT_EQ(now.visits[1].shop, 0);
  EXPECT_EQ(now.days[3], 4'000'000'000U);
  const auto change = TypeChange::between(state_type_of<Card>(), state_type_of<NewCard>());
  EXPECT_TRUE(change->drops_fields());
  EXPECT_THAT(change->to_string(),
              AllOf(HasSubstr("new 'limit' (double)"), HasSubstr("gone 'blocked' (bool)"),
                    HasSubstr("wider 'count' (int32 to int64)")));
}

TEST(TypeChange, WidensEveryNumberExactlyAtItsLimits) {
  const auto check = [](auto then, auto now) {
    using Then = decltype(then);
    using Now = decltype(now);
    for (const Then value : {std::numeric_limits<Then>::lowest(), std::numeric_limits<Then>::max(),
                             Then{0}, static_cast<Then>(1), static_cast<Then>(-1)})
      EXPECT_EQ(as<Now>(value), static_cast<Now>(value));
  };
  check(std::int8_t{}, std::int16_t{});
  check(std::int16_t{}, std::int64_t{});
  check(std::int32_t{}, std::int64_t{});
  check(std::uint8_t{}, std::uint64_t{});
  check(std::uint8_t{}, std::int16_t{});
  check(std::uint32_t{}, std::int64_t{});
  check(std::int16_t{}, float{});
  check(std::uint16_t{}, double{});
  check(std::int32_t{}, double{});
  check(std::uint32_t{}, double{});
  check(float{}, double{});
  EXPECT_TRUE(std::isnan(as<double>(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_EQ(as<InlineString<9>>(InlineString<3>("abc")), InlineString<9>("abc"));
}

TEST(TypeChange, RefusesWhatDoesNotHoldAllValuesWithBothTypesAndWhatToDo) {
  EXPECT_THAT(
      (refusal<std::int64_t, std::int32_t>()),
      AllOf(HasSubstr("int64 in the checkpoint and now int32"), HasSubstr("old type back")));
  EXPECT_NE((refusal<std::int32_t, std::uint64_t>()), "");
  EXPECT_NE((refusal<std::uint64_t, std::int64_t>()), "");
  EXPECT_NE((refusal<std::int64_t, double>()), "");
  EXPECT_NE((refusal<std::int32_t, float>()), "");
  EXPECT_NE((refusal<double, float>()), "");
  EXPECT_NE((refusal<double, std::int64_t>()), "");
  EXPECT_NE((refusal<bool, std::int32_t>()), "");
  EXPECT_NE((refusal<std::int64_t, EventTime>()), "");
  EXPECT_NE((refusal<InlineString<9>, InlineString<3>>()), "");
  EXPECT_NE((refusal<std::array<int, 3>, std::array<int, 4>>()), "");
  EXPECT_THAT((refusal<std::array<int, 3>, std::array<std::int64_t, 4>>()),
              HasSubstr("length of an array"));
  EXPECT_THAT((refusal<NewCard, Card>()), HasSubstr("the field 'count' as int64"));
  EXPECT_THAT((refusal<Visit, std::int64_t>()), HasSubstr("one has fields and the other none"));
  EXPECT_THAT((refusal<Visit, Other>()), HasSubstr("no field in common"));
}

TEST(TypeChange, OpaqueBytesGoOnOnlyWithTheirSizeAndVersion) {
  EXPECT_EQ((refusal<Bytes, Bytes>()), "");
  EXPECT_THAT((refusal<Bytes, CountedBytes>()),
              AllOf(HasSubstr("version 0"), HasSubstr("version 3"), HasSubstr("something else")));
  EXPECT_THAT((refusal<Bytes, std::array<Bytes, 2>>()),
              HasSubstr("one has fields and the other none"));
  // Described since, and else the same.
  EXPECT_EQ((refusal<std::array<char, 16>, std::array<char, 16>>()), "");
  EXPECT_FALSE(
      TypeChange::between(StateType::opaque(sizeof(Visit)), state_type_of<Visit>())->any());
  EXPECT_NE((refusal<Visit, Bytes>()), "");
}

TEST(TypeChange, ATextThatClaimsToBeTooLongIsRefused) {
  InlineString<3> text("abc");
  reinterpret_cast<char*>(&text)[3] = 4;
  const auto change =
      TypeChange::between(state_type_of<InlineString<3>>(), state_type_of<InlineString<9>>());
  InlineString<9> longer;
  EXPECT_FALSE(
      change->convert(reinterpret_cast<const char*>(&text), reinterpret_cast<char*>(&longer)));
}

}  // namespace
}  // namespace penstock
