// Dates and times to text and back: date_format, to_timestamp, unix_timestamp.
#include <algorithm>
#include <string>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/time_support.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

constexpr std::string_view kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

// The compiled pattern of a call: made once when it is a constant, else at each call.
template <TimePattern::Use kUse, class Body>
Cell with_pattern(Call& call, const Cell& text, const Body& body) {
  if (const auto* prepared = call.prepared<TimePattern>()) return body(*prepared);
  Result<TimePattern> pattern = TimePattern::compile(text.bytes(), kUse);
  if (!pattern.ok()) return call.fail(pattern.status().message());
  return body(*pattern);
}

Cell write_time(Call& call, const TimePattern& pattern, std::int64_t micros, const TimeZone& zone) {
  char* to = call.arena().reserve(pattern.text_bytes_max());
  return Cell::of_bytes(call.arena().commit(pattern.write(micros, zone, to, call.recent_days())));
}

Cell format_time(Call& call, const Cell& time, const Cell& text) {
  return with_pattern<TimePattern::Use::kWriting>(call, text, [&](const TimePattern& pattern) {
    return write_time(call, pattern, time.number, clock_of(call, call.type_of(0)));
  });
}
Cell format_seconds(Call& call, const Cell& seconds, const Cell& text) {
  return with_pattern<TimePattern::Use::kWriting>(call, text, [&](const TimePattern& pattern) {
    const auto micros = static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds.number) *
                                                  static_cast<std::uint64_t>(kMicrosPerSecond));
    return write_time(call, pattern, micros, call.zone());
  });
}

// `Convert` makes the result of an instant, or of a time on the wall when there is no zone.
template <class Convert>
Cell parse_time(Call& call, const Cell& value, const Cell& text, const TimeZone& zone,
                const Convert& convert) {
  return with_pattern<TimePattern::Use::kReading>(call, text, [&](const TimePattern& pattern) {
    std::int64_t micros = 0;
    if (pattern.read(value.bytes(), zone, micros)) return Cell::of_number(convert(micros));
    return call.fail_or_null(
        "'" + std::string(value.bytes().substr(0, 60)) +
        "' does not have the form of the pattern; use try_to_timestamp() to get null");
  });
}
std::int64_t as_micros(std::int64_t micros) { return micros; }
std::int64_t as_seconds(std::int64_t micros) { return floor_divide(micros, kMicrosPerSecond); }
std::int64_t as_days(std::int64_t micros) { return floor_divide(micros, kMicrosPerDay); }

Cell text_to_timestamp(Call& call, const Cell& value, const Cell& text) {
  return parse_time(call, value, text, call.zone(), &as_micros);
}
Cell text_to_wall_time(Call& call, const Cell& value, const Cell& text) {
  return parse_time(call, value, text, TimeZone(), &as_micros);
}
Cell text_to_seconds(Call& call, const Cell& value, const Cell& text) {
  return parse_time(call, value, text, call.zone(), &as_seconds);
}
Cell text_to_date(Call& call, const Cell& value, const Cell& text) {
  return parse_time(call, value, text, TimeZone(), &as_days);
}
Cell seconds_of_time(Call&, const Cell& time) { return Cell::of_number(as_seconds(time.number)); }
Cell seconds_of_now(Call& call) { return Cell::of_number(as_seconds(call.now_micros())); }

// A body of (value, pattern), and the same where the pattern is known, which it does not look at then.
template <auto kBody>
Cell with_known_pattern(Call& call, const Cell& value) {
  return kBody(call, value, value);
}
struct PatternCode {
  CallCode any;
  CallCode known;
};
template <auto kBody>
constexpr PatternCode kPatternCode{strict<kBody>, strict_in_place<&with_known_pattern<kBody>>};

// A call of (value, pattern) with the pattern compiled when it is known.
Result<BoundPtr> make_pattern_call(const BuildContext& context, const PatternCode& code,
                                   const DataType& type, BoundPtr value, const BoundPtr& pattern,
                                   TimePattern::Use use) {
  BoundPtr text = coerce(pattern, TypeKind::kString, context.settings);
  std::shared_ptr<const void> prepared;
  if (text->is_constant() && !text->is_null()) {
    Result<TimePattern> compiled = TimePattern::compile(text->value.bytes(), use);
    if (!compiled.ok()) return function_error(context, compiled.status().message());
    prepared = std::make_shared<const TimePattern>(std::move(*compiled));
  }
  if (prepared == nullptr)
    return make_call(context.function, code.any, type, {std::move(value), std::move(text)});
  return make_call(context.function, code.known, type, {std::move(value)},
                   {.prepared = std::move(prepared)});
}

Result<BoundPtr> build_format(const BuildContext& context, const Arguments& arguments) {
  BoundPtr time = arguments[0].value;
  if (implicit_cast_cost(time->type, TypeKind::kTimestamp) < 0)
    return function_error(context, "takes no " + time->type.to_string() + "; cast it to timestamp");
  if (!time->type.is(TypeKind::kTimestampNtz))
    time = coerce(time, TypeKind::kTimestamp, context.settings);
  return make_pattern_call(context, kPatternCode<&format_time>, TypeKind::kString, time,
                           arguments[1].value, TimePattern::Use::kWriting);
}

BoundPtr pattern_or_default(const Arguments& arguments, size_t i) {
  return arguments.size() > i ? arguments[i].value : make_text(kDefaultPattern);
}

Result<BoundPtr> build_from_seconds(const BuildContext& context, const Arguments& arguments) {
  if (implicit_cast_cost(arguments[0].value->type, TypeKind::kLong) < 0)
    return function_error(context, "takes seconds, not " + arguments[0].value->type.to_string() +
                                       "; cast it to bigint");
  return make_pattern_call(context, kPatternCode<&format_seconds>, TypeKind::kString,
                           coerce(arguments[0].value, TypeKind::kLong, context.settings),
                           pattern_or_default(arguments, 1), TimePattern::Use::kWriting);
}

Result<BoundPtr> build_parse(const BuildContext& context, const Arguments& arguments) {
  const bool wall = context.function.find("ntz") != std::string_view::npos;
  const bool date = context.function.find("date") != std::string_view::npos;
  const DataType type =
      date ? TypeKind::kDate : (wall ? TypeKind::kTimestampNtz : TypeKind::kTimestamp);
  const BoundPtr& value = arguments[0].value;
  if (arguments.size() == 1 || !value->type.is(TypeKind::kString)) {
    if (!can_cast(value->type, type))
      return function_error(context, "takes no " + value->type.to_string() + "; pass text");
    return make_cast(value, type, context.settings, context.function.starts_with("try_"));
  }
  const PatternCode& code =
      date ? kPatternCode<&text_to_date>
           : (wall ? kPatternCode<&text_to_wall_time> : kPatternCode<&text_to_timestamp>);
  return make_pattern_call(context, code, type, value, arguments[1].value,
                           TimePattern::Use::kReading);
}

Result<BoundPtr> build_unix_seconds(const BuildContext& context, const Arguments& arguments) {
  if (arguments.empty())
    return make_call(context.function, lenient<&seconds_of_now>, TypeKind::kLong, {},
                     {.deterministic = false, .nullable = false});
  const BoundPtr& value = arguments[0].value;
  if (!value->type.is(TypeKind::kString)) {
    if (implicit_cast_cost(value->type, TypeKind::kTimestamp) < 0)
      return function_error(context,
                            "takes no " + value->type.to_string() + "; cast it to timestamp");
    return make_call(context.function, strict<&seconds_of_time>, TypeKind::kLong,
                     {coerce(value, TypeKind::kTimestamp, context.settings)});
  }
  return make_pattern_call(context, kPatternCode<&text_to_seconds>, TypeKind::kLong, value,
                           pattern_or_default(arguments, 1), TimePattern::Use::kReading);
}

const FunctionEntry kFunctions[] = {
    {"date_format",
     "date_format(t, pattern)",
     "Text by one of Java's patterns, such as 'dd.MM.yyyy HH:mm'.",
     2,
     2,
     {},
     &build_format},
    {"from_unixtime",
     "from_unixtime(seconds[, pattern])",
     "Text of the time so many seconds after 1970.",
     1,
     2,
     {},
     &build_from_seconds},
    {"to_timestamp try_to_timestamp to_timestamp_ltz",
     "to_timestamp(text[, pattern])",
     "The timestamp that the text tells; null when it does not.",
     1,
     2,
     {},
     &build_parse},
    {"to_timestamp_ntz",
     "to_timestamp_ntz(text[, pattern])",
     "The time on the wall that the text tells.",
     1,
     2,
     {},
     &build_parse},
    {"to_date try_to_date",
     "to_date(text[, pattern])",
     "The date that the text tells; null when it does not.",
     1,
     2,
     {},
     &build_parse},
    {"unix_timestamp",
     "unix_timestamp([t[, pattern]])",
     "Seconds since 1970 of a time, a text or now.",
     0,
     2,
     {},
     &build_unix_seconds},
    {"to_unix_timestamp",
     "to_unix_timestamp(t[, pattern])",
     "Seconds since 1970 of a time or a text.",
     1,
     2,
     {},
     &build_unix_seconds},
};

}  // namespace

std::span<const FunctionEntry> date_text_functions() { return kFunctions; }

}  // namespace penstock::expression
