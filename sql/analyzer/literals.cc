#include "penstock/sql/analyzer/literals.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/value_text.h"

namespace penstock::sql {
namespace {

using expression::BoundPtr;
using expression::make_constant;
using expression::make_literal;

Status too_large(const Expression& literal, std::string_view type) {
  return Status::invalid_argument("the number " + literal.text.substr(0, 60) + " does not fit in " +
                                  std::string(type) + "; use a wider type");
}

Result<BoundPtr> integer(const Expression& literal, std::string_view digits, TypeKind kind) {
  int64_t value = 0;
  if (!parse_integer(digits, integer_min(kind), integer_max(kind), value))
    return too_large(literal, DataType(kind).to_string());
  return make_literal(kind, Cell::of_number(value));
}

Result<BoundPtr> decimal(const Expression& literal, std::string_view digits) {
  Int128 value = 0;
  DataType type;
  if (!parse_decimal_literal(digits, value, type))
    return too_large(literal, "a decimal of 38 digits");
  Arena arena;
  return make_constant(type, cell_of_decimal(value, type, arena));
}

Result<BoundPtr> real(const Expression& literal, std::string_view digits, bool single) {
  double value = 0;
  if (!parse_double(digits, value) || value > std::numeric_limits<double>::max() ||
      value < -std::numeric_limits<double>::max()) {
    return too_large(literal, single ? "float" : "double");
  }
  return single ? make_constant(TypeKind::kFloat, Cell::of_single(static_cast<float>(value)))
                : make_constant(TypeKind::kDouble, Cell::of_real(value));
}

Result<BoundPtr> number(const Expression& literal) {
  std::string_view text = literal.text;
  const auto ends = [&](std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
  };
  if (ends("bd")) return decimal(literal, text);
  if (ends("l")) return integer(literal, text, TypeKind::kLong);
  if (ends("s")) return integer(literal, text, TypeKind::kShort);
  if (ends("y")) return integer(literal, text, TypeKind::kByte);
  if (ends("d")) return real(literal, text, false);
  if (ends("f")) return real(literal, text, true);
  if (text.find('e') != std::string_view::npos) return real(literal, text, false);
  if (text.find('.') != std::string_view::npos) return decimal(literal, text);
  for (const TypeKind kind : {TypeKind::kInt, TypeKind::kLong}) {
    Result<BoundPtr> value = integer(literal, text, kind);
    if (value.ok()) return value;
  }
  return decimal(literal, text);
}

Result<BoundPtr> binary(const Expression& literal) {
  std::string bytes;
  std::string digits = literal.text;
  if (digits.size() % 2 == 1) digits.insert(0, "0");
  for (size_t i = 0; i < digits.size(); i += 2) {
    int byte = 0;
    for (const char c : {digits[i], digits[i + 1]}) {
      const int digit = c >= '0' && c <= '9'                 ? c - '0'
                        : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                             : -1;
      if (digit < 0)
        return Status::invalid_argument("\"" + literal.text.substr(0, 40) +
                                        "\" is not hexadecimal; use digits 0-9 and A-F");
      byte = byte * 16 + digit;
    }
    bytes.push_back(static_cast<char>(byte));
  }
  return make_constant(TypeKind::kBinary, Cell::of_bytes(bytes));
}

Result<BoundPtr> time_literal(const Expression& literal, const DataType& type,
                              const expression::Settings& settings) {
  Arena arena;
  Cell cell;
  if (!cell_of_text(literal.text, type, settings.zone, arena, cell)) {
    return Status::invalid_argument("\"" + literal.text.substr(0, 60) + "\" is not a " +
                                    type.to_string() + "; write it as yyyy-MM-dd" +
                                    (type.is(TypeKind::kDate) ? "" : " HH:mm:ss"));
  }
  return make_constant(type, cell);
}

std::optional<IntervalField> field_of(std::string unit) {
  if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
  static const std::pair<std::string_view, IntervalField> kFields[] = {
      {"year", IntervalField::kYear},
      {"quarter", IntervalField::kMonth},
      {"month", IntervalField::kMonth},
      {"week", IntervalField::kDay},
      {"day", IntervalField::kDay},
      {"hour", IntervalField::kHour},
      {"minute", IntervalField::kMinute},
      {"second", IntervalField::kSecond},
      {"millisecond", IntervalField::kSecond},
      {"microsecond", IntervalField::kSecond}};
  for (const auto& [name, field] : kFields) {
    if (name == unit) return field;
  }
  return std::nullopt;
}

Status bad_interval(std::string_view what) {
  return Status::invalid_argument("this is no interval: " + std::string(what) +
                                  "; write INTERVAL 3 HOURS, INTERVAL '1 02:03:04' DAY TO SECOND "
                                  "or INTERVAL '1-2' YEAR TO MONTH");
}

// Months alone or everything below them: the two families do not mix.
Result<BoundPtr> of_calendar(const CalendarInterval& interval, std::optional<IntervalField> first,
                             std::optional<IntervalField> last) {
  if (interval.months != 0 && (interval.days != 0 || interval.micros != 0)) {
    return Status::invalid_argument(
        "an interval has months or days, not both; add two intervals, or use make_interval()");
  }
  const bool months = last ? *last <= IntervalField::kMonth : interval.months != 0;
  if (months) {
    const DataType type =
        first ? DataType::interval(*first, *last) : DataType(TypeKind::kYearMonthInterval);
    return make_constant(type, Cell::of_number(interval.months));
  }
  const Int128 micros = Int128{interval.days} * kMicrosPerDay + interval.micros;
  if (micros != static_cast<int64_t>(micros)) return bad_interval("it overflows");
  const DataType type =
      first ? DataType::interval(*first, *last) : DataType(TypeKind::kDayTimeInterval);
  return make_constant(type, Cell::of_number(static_cast<int64_t>(micros)));
}

std::string amount_text(const Expression& value) {
  if (value.kind == ExpressionKind::kLiteral) return value.text;
  const bool negative = value.kind == ExpressionKind::kCall && value.text == "negative" &&
                        value.arguments[0]->kind == ExpressionKind::kLiteral;
  return negative ? "-" + value.arguments[0]->text : "";
}

}  // namespace

Result<BoundPtr> literal_value(const Expression& literal, const expression::Settings& settings) {
  switch (literal.literal) {
    case LiteralKind::kNull:
      return expression::make_null(TypeKind::kNull);
    case LiteralKind::kBoolean:
      return expression::make_boolean(literal.text == "true");
    case LiteralKind::kString:
      return expression::make_text(literal.text);
    case LiteralKind::kBinary:
      return binary(literal);
    case LiteralKind::kNumber:
      return number(literal);
    case LiteralKind::kDate:
      return time_literal(literal, TypeKind::kDate, settings);
    case LiteralKind::kTimestamp:
      return time_literal(literal, TypeKind::kTimestamp, settings);
    case LiteralKind::kTimestampNtz:
      return time_literal(literal, TypeKind::kTimestampNtz, settings);
  }
  return Status::internal("a literal of an unknown kind");
}

Result<BoundPtr> interval_value(const Expression& interval) {
  for (const ExpressionPtr& value : interval.arguments) {
    if (amount_text(*value).empty())
      return bad_interval("its amounts must be written as numbers or texts");
  }
  const std::string first = amount_text(*interval.arguments[0]);
  if (interval.names.empty()) {
    CalendarInterval calendar;
    if (!parse_calendar_interval(first, calendar))
      return bad_interval("\"" + first.substr(0, 60) + "\"");
    return of_calendar(calendar, std::nullopt, std::nullopt);
  }
  if (interval.names.size() == 3 && interval.names[1] == "to") {
    const auto from = field_of(interval.names[0]);
    const auto to = field_of(interval.names[2]);
    int64_t value = 0;
    if (!from || !to || *from >= *to ||
        (*from <= IntervalField::kMonth) != (*to <= IntervalField::kMonth))
      return bad_interval("the units do not go together");
    const DataType type = DataType::interval(*from, *to);
    if (!parse_interval_fields(first, type, value))
      return bad_interval("\"" + first.substr(0, 60) + "\" does not read as " + type.to_string());
    return make_constant(type, Cell::of_number(value));
  }
  CalendarInterval calendar;
  std::optional<IntervalField> low;
  std::optional<IntervalField> high;
  if (interval.names.size() != interval.arguments.size()) return bad_interval("a unit is missing");
  for (size_t i = 0; i < interval.names.size(); ++i) {
    const auto field = field_of(interval.names[i]);
    const std::string amount = amount_text(*interval.arguments[i]);
    if (!field || !add_interval_unit(amount, interval.names[i], calendar))
      return bad_interval("\"" + amount.substr(0, 40) + " " + interval.names[i] + "\"");
    low = low ? std::min(*low, *field) : *field;
    high = high ? std::max(*high, *field) : *field;
  }
  if ((*low <= IntervalField::kMonth) != (*high <= IntervalField::kMonth)) {
    return Status::invalid_argument(
        "an interval has months or days, not both; add two intervals, or use make_interval()");
  }
  return of_calendar(calendar, low, high);
}

}  // namespace penstock::sql
