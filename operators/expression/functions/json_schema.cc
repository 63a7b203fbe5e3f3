#include "penstock/operators/expression/functions/json_schema.h"

#include <algorithm>
#include <string>
#include <vector>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/value_text.h"

namespace penstock::expression {
namespace {

DataType merge(const DataType& a, const DataType& b);

DataType merge_structs(const DataType& a, const DataType& b) {
  std::vector<Field> fields(a.fields().begin(), a.fields().end());
  for (const Field& other : b.fields()) {
    const auto same = std::find_if(fields.begin(), fields.end(),
                                   [&](const Field& field) { return field.name == other.name; });
    if (same == fields.end()) {
      fields.push_back(other);
    } else {
      same->type = merge(same->type, other.type);
    }
  }
  std::sort(fields.begin(), fields.end(),
            [](const Field& x, const Field& y) { return x.name < y.name; });
  return DataType::structure(std::move(fields));
}

// The type that takes both in; text when there is no better one.
DataType merge(const DataType& a, const DataType& b) {
  if (a.is(TypeKind::kNull)) return b;
  if (b.is(TypeKind::kNull) || a == b) return a;
  if (a.is(TypeKind::kStruct) && b.is(TypeKind::kStruct)) return merge_structs(a, b);
  if (a.is(TypeKind::kArray) && b.is(TypeKind::kArray))
    return DataType::array(merge(a.element(), b.element()));
  if (a.is_numeric() && b.is_numeric()) {
    if (a.is(TypeKind::kDouble) || b.is(TypeKind::kDouble)) return TypeKind::kDouble;
    return decimal_common_type(decimal_of_number(a), decimal_of_number(b));
  }
  return TypeKind::kString;
}

DataType integer_type(std::string_view digits) {
  std::int64_t number = 0;
  if (parse_integer(digits, INT64_MIN, INT64_MAX, number)) return TypeKind::kLong;
  if (digits[0] == '-') digits.remove_prefix(1);
  if (digits.size() > DataType::kPrecisionMax) return TypeKind::kDouble;
  return DataType::decimal(static_cast<int>(digits.size()), 0);
}

bool infer(JsonReader& reader, DataType& type);

bool infer_array(JsonReader& reader, DataType& type) {
  DataType element;
  while (reader.next() != JsonToken::kEndArray) {
    DataType one;
    if (!infer(reader, one)) return false;
    element = merge(element, one);
  }
  type = DataType::array(std::move(element));
  return true;
}

bool infer_object(JsonReader& reader, DataType& type) {
  type = DataType::structure({});
  std::string buffer;
  while (reader.next() != JsonToken::kEndObject) {
    if (reader.token() != JsonToken::kName) return false;
    Field field;
    field.name = reader.text(buffer);
    reader.next();
    if (!infer(reader, field.type)) return false;
    type = merge_structs(type, DataType::structure({std::move(field)}));
  }
  return true;
}

bool infer(JsonReader& reader, DataType& type) {
  switch (reader.token()) {
    case JsonToken::kBeginObject:
      return infer_object(reader, type);
    case JsonToken::kBeginArray:
      return infer_array(reader, type);
    case JsonToken::kString:
      type = TypeKind::kString;
      return true;
    case JsonToken::kInteger:
      type = integer_type(reader.raw());
      return true;
    case JsonToken::kFraction:
    case JsonToken::kNonNumeric:
      type = TypeKind::kDouble;
      return true;
    case JsonToken::kTrue:
    case JsonToken::kFalse:
      type = TypeKind::kBoolean;
      return true;
    case JsonToken::kNull:
      type = TypeKind::kNull;
      return true;
    default:
      return false;
  }
}

// Where nothing but nulls stood, text can be read.
DataType without_nulls(const DataType& type) {
  if (type.is(TypeKind::kNull)) return TypeKind::kString;
  if (type.is(TypeKind::kArray)) return DataType::array(without_nulls(type.element()));
  if (!type.is(TypeKind::kStruct)) return type;
  std::vector<Field> fields;
  for (const Field& field : type.fields())
    fields.push_back({field.name, without_nulls(field.type), true});
  return DataType::structure(std::move(fields));
}

}  // namespace

std::optional<DataType> infer_json_type(std::string_view text, const JsonSyntax& syntax) {
  JsonReader reader(text, syntax);
  DataType type;
  reader.next();
  if (!infer(reader, type)) return std::nullopt;
  return without_nulls(type);
}

}  // namespace penstock::expression
