// core/row/data_type.h -- the types of rows (Spark's), their fields and schemas.
//
// Equality    Nullability is a hint, no part of a type: array<int> equals array<int NOT NULL>. Names of fields count,
//             as they are written.
// Ownership   A value: a scalar type is 4 bytes of data, nested ones share an immutable node.
// Threads     Immutable once made; copies may be read from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

enum class TypeKind : std::uint8_t {
  kNull,  // The type of a bare NULL.
  kBoolean,
  kByte,
  kShort,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kDecimal,
  kString,
  kBinary,
  kDate,
  kTimestamp,     // Micros since 1970 UTC; shown in the session's time zone.
  kTimestampNtz,  // Micros since 1970 of a clock on the wall, without a zone.
  kYearMonthInterval,
  kDayTimeInterval,
  kCalendarInterval,
  kArray,
  kMap,
  kStruct,
};

// Of a year-month interval kYear and kMonth, of a day-time interval the others.
enum class IntervalField : std::uint8_t { kYear, kMonth, kDay, kHour, kMinute, kSecond };

struct Field;

class DataType {
 public:
  static constexpr int kPrecisionMax = 38;
  static constexpr int kPrecisionInlineMax = 18;  // Up to here a decimal is one 64-bit number.

  constexpr DataType() noexcept = default;                              // kNull
  constexpr DataType(TypeKind scalar) noexcept : kind_(scalar) {        // NOLINT
    if (scalar == TypeKind::kDecimal) first_ = 10;                      // decimal(10,0)
    if (scalar == TypeKind::kYearMonthInterval) second_ = 1;            // year to month
    if (scalar == TypeKind::kDayTimeInterval) first_ = 2, second_ = 5;  // day to second
  }

  // REQUIRES: 1 <= precision <= 38, 0 <= scale <= precision.
  static DataType decimal(int precision, int scale) noexcept;
  // REQUIRES: start <= end, both of one family. The kind follows from the fields.
  static DataType interval(IntervalField start, IntervalField end) noexcept;
  static DataType array(DataType element, bool element_nullable = true);
  static DataType map(DataType key, DataType value, bool value_nullable = true);
  static DataType structure(std::vector<Field> fields);

  TypeKind kind() const noexcept { return kind_; }
  bool is(TypeKind kind) const noexcept { return kind_ == kind; }
  bool is_integral() const noexcept { return kind_ >= TypeKind::kByte && kind_ <= TypeKind::kLong; }
  bool is_fractional() const noexcept {
    return kind_ == TypeKind::kFloat || kind_ == TypeKind::kDouble;
  }
  bool is_numeric() const noexcept {
    return kind_ >= TypeKind::kByte && kind_ <= TypeKind::kDecimal;
  }
  bool is_nested() const noexcept { return kind_ >= TypeKind::kArray; }
  // True for a decimal whose cells point to 16 bytes instead of holding a 64-bit number.
  bool is_wide_decimal() const noexcept {
    return kind_ == TypeKind::kDecimal && first_ > kPrecisionInlineMax;
  }

  int precision() const noexcept { return first_; }  // REQUIRES: kDecimal
  int scale() const noexcept { return second_; }     // REQUIRES: kDecimal
  // REQUIRES: kYearMonthInterval or kDayTimeInterval.
  IntervalField interval_start() const noexcept { return static_cast<IntervalField>(first_); }
  IntervalField interval_end() const noexcept { return static_cast<IntervalField>(second_); }

  const DataType& element() const noexcept;        // REQUIRES: kArray
  const DataType& key() const noexcept;            // REQUIRES: kMap
  const DataType& value() const noexcept;          // REQUIRES: kMap
  std::span<const Field> fields() const noexcept;  // REQUIRES: kStruct
  // Of the elements of an array or the values of a map.
  bool contains_null() const noexcept;
  // REQUIRES: kStruct. The first field of that name, upper and lower case being the same; or none.
  std::optional<std::size_t> find_field(std::string_view name) const noexcept;

  // "int", "decimal(10,2)", "array<struct<a:int,b:string>>", "interval day to second": Spark's simple names.
  std::string to_string() const;
  // Spark's catalog text for CAST and DDL: "STRUCT<a: INT NOT NULL>"; parse_type() reads it back with nullability.
  std::string to_sql() const;

  friend bool operator==(const DataType& a, const DataType& b) noexcept;

 private:
  struct Node;

  TypeKind kind_ = TypeKind::kNull;
  std::uint8_t first_ = 0;   // Precision, or the first field of an interval.
  std::uint8_t second_ = 0;  // Scale, or the last field of an interval.
  std::shared_ptr<const Node> node_;
};

struct Field {
  std::string name;
  DataType type;
  bool nullable = true;

  friend bool operator==(const Field& a, const Field& b) noexcept {
    return a.name == b.name && a.type == b.type;
  }
};

// The columns of a row.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields);

  std::size_t size() const noexcept { return fields().size(); }
  const Field& operator[](std::size_t i) const noexcept { return fields()[i]; }
  std::span<const Field> fields() const noexcept { return type_.fields(); }
  // The row as a struct.
  const DataType& type() const noexcept { return type_; }
  // Upper and lower case being the same; the first of several. None when there is none.
  std::optional<std::size_t> find(std::string_view name) const noexcept {
    return type_.find_field(name);
  }
  // Changes when a name, a type or the order of the columns changes; the same on every machine.
  std::uint64_t fingerprint() const;
  // "id STRING, tags ARRAY<STRING> NOT NULL"; parse_schema() reads it back.
  std::string to_sql() const;

  friend bool operator==(const Schema& a, const Schema& b) noexcept { return a.type_ == b.type_; }

 private:
  DataType type_ = DataType::structure({});
};

// "a" and "A" are one name; bytes outside of ASCII must be equal.
bool same_name(std::string_view a, std::string_view b) noexcept;

// Reads `name` as an identifier that needs no quotes; otherwise "`name`", quotes inside doubled.
std::string quoted_name(std::string_view name);

}  // namespace penstock
