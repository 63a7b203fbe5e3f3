// tests/io/json/sample.h -- a type with a member of every kind that JSON fields know, in a namespace of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/time.h"
#include "penstock/io/json/json.h"

namespace sample {

struct Everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  float single = 0;
  double real = 0;
  penstock::InlineString<3> tiny;
  penstock::InlineString<8> word;
  penstock::InlineString<19> text;
  penstock::InlineString<255> longest;
  penstock::EventTime at;
  penstock::EventTime seconds;
  penstock::EventTime millis;
  penstock::EventTime micros;
  std::optional<std::int32_t> maybe_number;
  std::optional<penstock::InlineString<5>> maybe_text;
  std::optional<penstock::EventTime> maybe_time;
};

constexpr auto penstock_json_fields(penstock::Tag<Everything>) {
  using penstock::json::field;
  return penstock::json::fields(
      field("flag", &Everything::flag), field("i8", &Everything::i8),
      field("i16", &Everything::i16), field("i32", &Everything::i32),
      field("i64", &Everything::i64), field("u8", &Everything::u8), field("u16", &Everything::u16),
      field("u32", &Everything::u32), field("u64", &Everything::u64),
      field("single", &Everything::single), field("real", &Everything::real),
      field("tiny", &Everything::tiny), field("word", &Everything::word),
      field("text", &Everything::text), field("longest", &Everything::longest),
      field("at", &Everything::at, penstock::json::iso8601),
      field("seconds", &Everything::seconds, penstock::json::epoch_seconds),
      field("millis", &Everything::millis, penstock::json::epoch_millis),
      field("micros", &Everything::micros, penstock::json::epoch_micros),
      field("maybe_number", &Everything::maybe_number),
      field("maybe_text", &Everything::maybe_text),
      field("maybe_time", &Everything::maybe_time, penstock::json::iso8601));
}

struct Payment {
  penstock::InlineString<19> card;
  double amount = 0;
  penstock::EventTime at;
  std::int32_t attempts = 7;  // Not zero, so that a default can be told from a zero.
  std::optional<double> tip;
  penstock::Origin origin;
  penstock::Instant arrived;
  int not_a_field = 41;
};

constexpr auto penstock_json_fields(penstock::Tag<Payment>) {
  using penstock::json::field;
  return penstock::json::fields(
      field("card", &Payment::card), field("amount", &Payment::amount),
      field("ts", &Payment::at, penstock::json::iso8601),
      penstock::json::nullable(field("attempts", &Payment::attempts)), field("tip", &Payment::tip),
      penstock::json::origin(&Payment::origin), penstock::json::arrival(&Payment::arrived));
}

// One member, to try single values.
template <class Member, penstock::json::TimeFormat kFormat = penstock::json::TimeFormat::kNone>
struct One {
  Member value{};
};

template <class Member, penstock::json::TimeFormat kFormat>
constexpr auto penstock_json_fields(penstock::Tag<One<Member, kFormat>>) {
  using Owner = One<Member, kFormat>;
  if constexpr (kFormat == penstock::json::TimeFormat::kNone) {
    return penstock::json::fields(penstock::json::field("v", &Owner::value));
  } else {
    return penstock::json::fields(penstock::json::field("v", &Owner::value, kFormat));
  }
}

}  // namespace sample
