#include "penstock/operators/expression/type_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "penstock/core/row/decimal128.h"
#include "penstock/operators/expression/cast.h"

namespace penstock::expression {
namespace {

bool is_time(TypeKind kind) {
  return kind == TypeKind::kDate || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampNtz;
}
bool is_fixed_interval(TypeKind kind) {
  return kind == TypeKind::kYearMonthInterval || kind == TypeKind::kDayTimeInterval;
}
bool is_scalar(const DataType& type) { return !type.is_nested(); }

std::optional<DataType> numeric_type(const DataType& a, const DataType& b) {
  if (a.is(TypeKind::kDecimal) || b.is(TypeKind::kDecimal)) {
    if (a.is_fractional() || b.is_fractional()) return DataType(TypeKind::kDouble);
    const auto decimal = [](const DataType& type) {
      return type.is(TypeKind::kDecimal) ? type : decimal_of_number(type);
    };
    return decimal_common_type(decimal(a), decimal(b));
  }
  return DataType(std::max(a.kind(), b.kind()));
}

// What holds both without text taking part.
std::optional<DataType> tightest_type(const DataType& a, const DataType& b);

using Join = std::optional<DataType> (*)(const DataType&, const DataType&);

std::optional<DataType> nested_type(const DataType& a, const DataType& b, Join join) {
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.is(TypeKind::kArray)) {
    const auto element = join(a.element(), b.element());
    return element
               ? std::optional(DataType::array(*element, a.contains_null() || b.contains_null()))
               : std::nullopt;
  }
  if (a.is(TypeKind::kMap)) {
    const auto key = join(a.key(), b.key());
    const auto value = join(a.value(), b.value());
    return key && value
               ? std::optional(DataType::map(*key, *value, a.contains_null() || b.contains_null()))
               : std::nullopt;
  }
  if (!a.is(TypeKind::kStruct) || a.fields().size() != b.fields().size()) return std::nullopt;
  std::vector<Field> fields;
  for (size_t i = 0; i < a.fields().size(); ++i) {
    const auto type = join(a.fields()[i].type, b.fields()[i].type);
    if (!type) return std::nullopt;
    fields.push_back({a.fields()[i].name, *type, a.fields()[i].nullable || b.fields()[i].nullable});
  }
  return DataType::structure(std::move(fields));
}

std::optional<DataType> tightest_type(const DataType& a, const DataType& b) {
  if (a == b || b.is(TypeKind::kNull)) return a;
  if (a.is(TypeKind::kNull)) return b;
  if (a.is_numeric() && b.is_numeric()) return numeric_type(a, b);
  if (is_time(a.kind()) && is_time(b.kind())) {
    return DataType(a.is(TypeKind::kTimestamp) || b.is(TypeKind::kTimestamp)
                        ? TypeKind::kTimestamp
                        : TypeKind::kTimestampNtz);
  }
  if (a.kind() == b.kind() && is_fixed_interval(a.kind())) {
    return DataType::interval(std::min(a.interval_start(), b.interval_start()),
                              std::max(a.interval_end(), b.interval_end()));
  }
  return nested_type(a, b, &tightest_type);
}

bool can_cast_scalar(const DataType& from, const DataType& to) {
  const TypeKind target = to.kind();
  if (from.is(TypeKind::kString)) return true;
  if (target == TypeKind::kString) return true;
  if (target == TypeKind::kBinary) return from.is_integral();
  if (from.is(TypeKind::kBinary)) return false;
  if (is_time(from.kind()) && is_time(target)) return true;
  if (from.is(TypeKind::kDate)) return target == TypeKind::kBoolean || to.is_numeric();
  if (from.is(TypeKind::kTimestamp)) return target == TypeKind::kBoolean || to.is_numeric();
  if (from.is_numeric() || from.is(TypeKind::kBoolean)) {
    if (to.is_numeric() || target == TypeKind::kBoolean || target == TypeKind::kTimestamp)
      return true;
    return is_fixed_interval(target) && from.is_integral();
  }
  if (is_fixed_interval(from.kind())) return from.kind() == target || to.is_integral();
  return false;
}

}  // namespace

std::optional<DataType> common_type(const DataType& a, const DataType& b) {
  if (const auto type = tightest_type(a, b)) return type;
  const bool text = a.is(TypeKind::kString) || b.is(TypeKind::kString);
  if (text && is_scalar(a) && is_scalar(b)) return DataType(TypeKind::kString);
  return nested_type(a, b, static_cast<Join>(&common_type));
}

std::optional<DataType> common_type(std::span<const BoundPtr> values) {
  DataType type;
  // Text last: whether it comes first or not must not matter.
  for (const bool text : {false, true}) {
    for (const BoundPtr& value : values) {
      if (value->type.is(TypeKind::kString) != text) continue;
      const auto wider = common_type(type, value->type);
      if (!wider) return std::nullopt;
      type = *wider;
    }
  }
  return type;
}

std::optional<DataType> comparison_type(const DataType& a, const DataType& b) {
  if (const auto type = tightest_type(a, b)) return type;
  const bool first_is_text = a.is(TypeKind::kString);
  if (first_is_text || b.is(TypeKind::kString)) {
    const DataType& other = first_is_text ? b : a;
    if (other.is(TypeKind::kDecimal)) return DataType(TypeKind::kDouble);
    if (is_scalar(other) && !other.is(TypeKind::kCalendarInterval)) return other;
    return std::nullopt;
  }
  return nested_type(a, b, &comparison_type);
}

bool can_cast(const DataType& from, const DataType& to) {
  if (from == to || from.is(TypeKind::kNull)) return true;
  if (to.is(TypeKind::kString)) return true;
  if (is_scalar(from) && is_scalar(to)) return can_cast_scalar(from, to);
  if (from.kind() != to.kind()) return false;
  if (from.is(TypeKind::kArray)) return can_cast(from.element(), to.element());
  if (from.is(TypeKind::kMap))
    return can_cast(from.key(), to.key()) && can_cast(from.value(), to.value());
  const auto fields = from.fields();
  if (fields.size() != to.fields().size()) return false;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!can_cast(fields[i].type, to.fields()[i].type)) return false;
  }
  return true;
}

int implicit_cast_cost(const DataType& from, const DataType& to) {
  if (from == to || from.is(TypeKind::kNull)) return 0;
  if (from.is_numeric() && to.is_numeric()) {
    const int distance = static_cast<int>(to.kind()) - static_cast<int>(from.kind());
    return distance >= 0 ? 1 + distance : 20 - distance;
  }
  if (is_time(from.kind()) && is_time(to.kind())) return from.is(TypeKind::kDate) ? 2 : 3;
  if (from.is(TypeKind::kString) &&
      (to.is_numeric() || is_time(to.kind()) || to.is(TypeKind::kBinary)))
    return 40;
  if (from.is(TypeKind::kString) && to.is(TypeKind::kCalendarInterval)) return 41;
  if (to.is(TypeKind::kString) && is_scalar(from)) return from.is(TypeKind::kBinary) ? 30 : 50;
  if (from.is(TypeKind::kArray) && to.is(TypeKind::kArray))
    return implicit_cast_cost(from.element(), to.element());
  return -1;
}

bool same_cells(const DataType& from, const DataType& to) {
  if (from == to || from.is(TypeKind::kNull)) return true;
  if (from.is_integral() && to.is_integral()) return from.kind() <= to.kind();
  if (from.is(TypeKind::kBoolean) && to.is_integral()) return true;
  return from.is(TypeKind::kString) && to.is(TypeKind::kBinary);
}

bool contains_map(const DataType& type) {
  if (type.is(TypeKind::kMap)) return true;
  if (type.is(TypeKind::kArray)) return contains_map(type.element());
  if (!type.is(TypeKind::kStruct)) return false;
  const auto fields = type.fields();
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field& field) { return contains_map(field.type); });
}

bool is_orderable(const DataType& type) {
  return !contains_map(type) && !type.is(TypeKind::kCalendarInterval);
}

Result<BoundPtr> make_cast(const BoundPtr& value, const DataType& type, const Settings& settings,
                           bool try_only) {
  if (value->type == type) return value;
  if (!can_cast(value->type, type)) {
    return Status::invalid_argument(
        "a value of type " + value->type.to_string() + " cannot be cast to " + type.to_string() +
        "; cast it to string first, or use a function that converts it");
  }
  if (value->is_null()) return make_null(type);
  if (same_cells(value->type, type)) {
    if (value->is_constant()) return make_constant(type, value->value);
    if (value->kind == BoundKind::kColumn) return make_column(value->index, type, value->nullable);
  }
  const Run run = cast_run(value->type, type, try_only || !settings.ansi);
  const bool total = !settings.ansi && always_casts(value->type, type);
  return fold(make_call("cast", run, type, {value}, {.total = total}), settings);
}

BoundPtr coerce(const BoundPtr& value, const DataType& type, const Settings& settings) {
  Result<BoundPtr> cast = make_cast(value, type, settings);
  return cast.ok() ? *std::move(cast) : make_null(type);
}

}  // namespace penstock::expression
