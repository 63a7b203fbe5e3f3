#include "penstock/core/row/data_type.h"

#include <utility>

#include "penstock/core/base/check.h"
#include "penstock/core/base/hash.h"

namespace penstock {

struct DataType::Node {
  std::vector<DataType> parameters;  // Of an array its element, of a map key and value.
  std::vector<Field> fields;
  bool contains_null = true;
};

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view scalar_name(TypeKind kind) noexcept {
  switch (kind) {
    case TypeKind::kNull:
      return "void";
    case TypeKind::kBoolean:
      return "boolean";
    case TypeKind::kByte:
      return "tinyint";
    case TypeKind::kShort:
      return "smallint";
    case TypeKind::kInt:
      return "int";
    case TypeKind::kLong:
      return "bigint";
    case TypeKind::kFloat:
      return "float";
    case TypeKind::kDouble:
      return "double";
    case TypeKind::kString:
      return "string";
    case TypeKind::kBinary:
      return "binary";
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kTimestampNtz:
      return "timestamp_ntz";
    case TypeKind::kCalendarInterval:
      return "interval";
    default:
      return {};
  }
}

constexpr std::string_view kIntervalFields[] = {"year", "month", "day", "hour", "minute", "second"};

std::string interval_name(const DataType& type) {
  std::string name = "interval ";
  name += kIntervalFields[static_cast<int>(type.interval_start())];
  if (type.interval_end() != type.interval_start()) {
    name += " to ";
    name += kIntervalFields[static_cast<int>(type.interval_end())];
  }
  return name;
}

std::string fields_text(std::span<const Field> fields, bool as_sql) {
  std::string text;
  for (const Field& field : fields) {
    if (!text.empty()) text += as_sql ? ", " : ",";
    text += as_sql ? quoted_name(field.name) + ": " + field.type.to_sql()
                   : field.name + ':' + field.type.to_string();
    if (as_sql && !field.nullable) text += " NOT NULL";
  }
  return text;
}

}  // namespace

DataType DataType::decimal(int precision, int scale) noexcept {
  PENSTOCK_CHECK(precision >= 1 && precision <= kPrecisionMax && scale >= 0 && scale <= precision);
  DataType type(TypeKind::kDecimal);
  type.first_ = static_cast<std::uint8_t>(precision);
  type.second_ = static_cast<std::uint8_t>(scale);
  return type;
}

DataType DataType::interval(IntervalField start, IntervalField end) noexcept {
  const bool months = end <= IntervalField::kMonth;
  PENSTOCK_CHECK(start <= end && months == (start <= IntervalField::kMonth));
  DataType type(months ? TypeKind::kYearMonthInterval : TypeKind::kDayTimeInterval);
  type.first_ = static_cast<std::uint8_t>(start);
  type.second_ = static_cast<std::uint8_t>(end);
  return type;
}

DataType DataType::array(DataType element, bool element_nullable) {
  DataType type(TypeKind::kArray);
  type.node_ = std::make_shared<const Node>(Node{{std::move(element)}, {}, element_nullable});
  return type;
}

DataType DataType::map(DataType key, DataType value, bool value_nullable) {
  DataType type(TypeKind::kMap);
  type.node_ =
      std::make_shared<const Node>(Node{{std::move(key), std::move(value)}, {}, value_nullable});
  return type;
}

DataType DataType::structure(std::vector<Field> fields) {
  DataType type(TypeKind::kStruct);
  type.node_ = std::make_shared<const Node>(Node{{}, std::move(fields), true});
  return type;
}

const DataType& DataType::element() const noexcept { return node_->parameters[0]; }
const DataType& DataType::key() const noexcept { return node_->parameters[0]; }
const DataType& DataType::value() const noexcept { return node_->parameters[1]; }
std::span<const Field> DataType::fields() const noexcept { return node_->fields; }
bool DataType::contains_null() const noexcept { return node_->contains_null; }

std::optional<std::size_t> DataType::find_field(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < node_->fields.size(); ++i)
    if (same_name(node_->fields[i].name, name)) return i;
  return std::nullopt;
}

std::string DataType::to_string() const {
  switch (kind_) {
    case TypeKind::kDecimal:
      return "decimal(" + std::to_string(first_) + ',' + std::to_string(second_) + ')';
    case TypeKind::kYearMonthInterval:
    case TypeKind::kDayTimeInterval:
      return interval_name(*this);
    case TypeKind::kArray:
      return "array<" + element().to_string() + '>';
    case TypeKind::kMap:
      return "map<" + key().to_string() + ',' + value().to_string() + '>';
    case TypeKind::kStruct:
      return "struct<" + fields_text(fields(), false) + '>';
    default:
      return std::string(scalar_name(kind_));
  }
}

std::string DataType::to_sql() const {
  switch (kind_) {
    case TypeKind::kArray:
      return "ARRAY<" + element().to_sql() + '>';
    case TypeKind::kMap:
      return "MAP<" + key().to_sql() + ", " + value().to_sql() + '>';
    case TypeKind::kStruct:
      return "STRUCT<" + fields_text(fields(), true) + '>';
    default: {
      std::string text = to_string();
      for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
      return text;
    }
  }
}

bool operator==(const DataType& a, const DataType& b) noexcept {
  if (a.kind_ != b.kind_ || a.first_ != b.first_ || a.second_ != b.second_) return false;
  if (a.node_ == b.node_) return true;
  return a.node_->parameters == b.node_->parameters && a.node_->fields == b.node_->fields;
}

Schema::Schema(std::vector<Field> fields) : type_(DataType::structure(std::move(fields))) {}

std::uint64_t Schema::fingerprint() const { return key_hash(type_.to_sql()); }

std::string Schema::to_sql() const {
  std::string text;
  for (const Field& field : fields()) {
    if (!text.empty()) text += ", ";
    text += quoted_name(field.name) + ' ' + field.type.to_sql();
    if (!field.nullable) text += " NOT NULL";
  }
  return text;
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string quoted_name(std::string_view name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (const char c : name)
    plain = plain && (c == '_' || (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'));
  if (plain) return std::string(name);
  std::string quoted = "`";
  for (const char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + '`';
}

}  // namespace penstock
