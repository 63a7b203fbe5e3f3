// io/json/fields.h -- how a type says which JSON field fills which member.
//
// Write next to the type, in its namespace:
//
//     constexpr auto penstock_json_fields(penstock::Tag<Payment>) {
//       using penstock::json::field;
//       return penstock::json::fields(field("card", &Payment::card),
//                                     field("ts", &Payment::at, penstock::json::iso8601),
//                                     penstock::json::nullable(field("note", &Payment::note)),
//                                     penstock::json::origin(&Payment::origin));
//     }
//
// Members    bool, integers of 8 to 64 bits, float, double, InlineString, EventTime with its format, and std::optional
//            of these.
// Required   A field must be there and not be null, unless its member is a std::optional or it is nullable().
// Metadata   origin() and arrival() are no fields of the text: the decoder fills them from the RawRecord.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/inline_string.h"
#include "penstock/core/base/tag.h"
#include "penstock/core/base/time.h"
#include "penstock/io/json/field_table.h"

namespace penstock::json {

// How a time stands in the text. Never guessed from its looks.
enum class TimeFormat : std::uint8_t { kNone, kIso8601, kSeconds, kMillis, kMicros };

inline constexpr TimeFormat iso8601 =
    TimeFormat::kIso8601;  // "2024-01-02T03:04:05.678Z"; io/json/iso8601.h.
inline constexpr TimeFormat epoch_seconds =
    TimeFormat::kSeconds;  // A whole number, since 1970; may be negative.
inline constexpr TimeFormat epoch_millis = TimeFormat::kMillis;
inline constexpr TimeFormat epoch_micros = TimeFormat::kMicros;

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  TimeFormat time_format = TimeFormat::kNone;
  bool nullable = false;
};

template <class Owner>
struct OriginField {
  Origin Owner::*member;
};

template <class Owner>
struct ArrivalField {
  Instant Owner::*member;
};

namespace internal {

template <class Member>
struct MemberTraits {
  using Value = Member;
  static constexpr bool kOptional = false;
};
template <class Inner>
struct MemberTraits<std::optional<Inner>> {
  using Value = Inner;
  static constexpr bool kOptional = true;
  static void* engage(void* member, bool present) {
    auto& optional = *static_cast<std::optional<Inner>*>(member);
    if (present) return std::addressof(optional.emplace());
    optional.reset();
    return nullptr;
  }
  static const void* peek(const void* member) {
    const auto& optional = *static_cast<const std::optional<Inner>*>(member);
    return optional ? std::addressof(*optional) : nullptr;
  }
};

template <class Value>
inline constexpr std::size_t kTextBytesMax = 0;
template <std::size_t N>
inline constexpr std::size_t kTextBytesMax<InlineString<N>> = N;

template <class Value>
concept Character =
    std::same_as<Value, char> || std::same_as<Value, wchar_t> || std::same_as<Value, char8_t> ||
    std::same_as<Value, char16_t> || std::same_as<Value, char32_t>;

template <class Value>
concept Supported = (std::integral<Value> && !Character<Value> && sizeof(Value) <= 8) ||
                    std::same_as<Value, float> || std::same_as<Value, double> ||
                    std::same_as<Value, EventTime> || kTextBytesMax<Value> != 0;

constexpr FieldKind integer_kind(std::size_t bytes, bool is_signed) {
  switch (bytes) {
    case 1:
      return is_signed ? FieldKind::kInt8 : FieldKind::kUint8;
    case 2:
      return is_signed ? FieldKind::kInt16 : FieldKind::kUint16;
    case 4:
      return is_signed ? FieldKind::kInt32 : FieldKind::kUint32;
    default:
      return is_signed ? FieldKind::kInt64 : FieldKind::kUint64;
  }
}

constexpr FieldKind time_kind(TimeFormat format) {
  switch (format) {
    case TimeFormat::kSeconds:
      return FieldKind::kTimeSeconds;
    case TimeFormat::kMillis:
      return FieldKind::kTimeMillis;
    case TimeFormat::kMicros:
      return FieldKind::kTimeMicros;
    default:
      return FieldKind::kTimeIso8601;
  }
}

template <class Value>
constexpr FieldKind kind_of(TimeFormat format) {
  if constexpr (std::same_as<Value, bool>)
    return FieldKind::kBool;
  else if constexpr (std::integral<Value>)
    return integer_kind(sizeof(Value), std::signed_integral<Value>);
  else if constexpr (std::same_as<Value, float>)
    return FieldKind::kFloat;
  else if constexpr (std::same_as<Value, double>)
    return FieldKind::kDouble;
  else if constexpr (std::same_as<Value, EventTime>)
    return time_kind(format);
  else
    return FieldKind::kText;
}

// Names are written as they are and compared with the raw text, so they may hold nothing that needs an escape.
constexpr bool is_plain_name(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') return false;
  }
  return name.size() <= 128;
}

template <class Owner, class Member>
constexpr std::string_view name_of(const Field<Owner, Member>& field) {
  return field.name;
}
template <class Owner>
constexpr std::string_view name_of(const OriginField<Owner>&) {
  return {};
}  // No text at all, not "".
template <class Owner>
constexpr std::string_view name_of(const ArrivalField<Owner>&) {
  return {};
}

}  // namespace internal

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member) {
  using Value = typename internal::MemberTraits<Member>::Value;
  static_assert(internal::Supported<Value>,
                "json field: the member must be bool, an integer, float, double, InlineString, "
                "EventTime or a "
                "std::optional of these");
  static_assert(!std::same_as<Value, EventTime>,
                "json field: a time needs its format as third argument: iso8601, epoch_seconds, "
                "epoch_millis or "
                "epoch_micros");
  return {name, member, TimeFormat::kNone, internal::MemberTraits<Member>::kOptional};
}

template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view name, Member Owner::*member,
                                     TimeFormat format) {
  static_assert(std::same_as<typename internal::MemberTraits<Member>::Value, EventTime>,
                "json field: only an EventTime or std::optional<EventTime> takes a time format");
  return {name, member, format, internal::MemberTraits<Member>::kOptional};
}

// The field may be null or missing: the member is then as in a fresh value of the type.
template <class Owner, class Member>
constexpr Field<Owner, Member> nullable(Field<Owner, Member> required) {
  required.nullable = true;
  return required;
}

// Filled with where the record came from.
template <class Owner>
constexpr OriginField<Owner> origin(Origin Owner::*member) {
  return {member};
}

// Filled with when the record arrived.
template <class Owner>
constexpr ArrivalField<Owner> arrival(Instant Owner::*member) {
  return {member};
}

template <class... Fields>
constexpr std::tuple<Fields...> fields(Fields... list) {
  return {list...};
}

// A type with a penstock_json_fields of its own.
template <class T>
concept HasFields = requires { penstock_json_fields(Tag<T>{}); };

namespace internal {

template <class... Fields>
constexpr bool has_any_field(const std::tuple<Fields...>& fields) {
  return std::apply([](const auto&... one) { return ((name_of(one).data() != nullptr) || ...); },
                    fields);
}

template <class... Fields>
constexpr bool has_plain_names(const std::tuple<Fields...>& fields) {
  return std::apply([](const auto&... one) { return (is_plain_name(name_of(one)) && ...); },
                    fields);
}

template <class... Fields>
constexpr bool has_distinct_names(const std::tuple<Fields...>& fields) {
  return std::apply(
      [](const auto&... one) {
        const std::string_view names[] = {name_of(one)..., {}};
        for (std::size_t i = 0; i < sizeof...(one); ++i) {
          for (std::size_t j = i + 1; j < sizeof...(one); ++j) {
            if (names[i].data() != nullptr && names[j].data() != nullptr && names[i] == names[j])
              return false;
          }
        }
        return true;
      },
      fields);
}

template <class T, class Owner, class Member>
std::size_t offset_in(const T& object, Member Owner::*member) {
  return static_cast<std::size_t>(reinterpret_cast<const char*>(std::addressof(object.*member)) -
                                  reinterpret_cast<const char*>(std::addressof(object)));
}

template <class T, class Owner, class Member>
void add_to(FieldTable& table, const T& defaults, const Field<Owner, Member>& field) {
  using Traits = MemberTraits<Member>;
  using Value = typename Traits::Value;
  static_assert(std::is_trivially_copyable_v<Member> && std::is_standard_layout_v<Value>);
  static_assert(kTextBytesMax<Value> == 0 || sizeof(Value) == kTextBytesMax<Value> + 1,
                "an InlineString is its bytes and then one byte of length");
  FieldEntry entry;
  entry.name = field.name;
  if constexpr (Traits::kOptional) {
    entry.engage = &Traits::engage;
    entry.peek = &Traits::peek;
  }
  entry.offset = static_cast<std::uint32_t>(offset_in(defaults, field.member));
  entry.member_bytes = static_cast<std::uint32_t>(sizeof(Member));
  entry.kind = kind_of<Value>(field.time_format);
  entry.text_bytes_max = static_cast<std::uint8_t>(kTextBytesMax<Value>);
  entry.nullable = field.nullable;
  table.add(entry);
}

template <class T, class Owner>
void add_to(FieldTable& table, const T& defaults, const OriginField<Owner>& field) {
  table.set_origin(offset_in(defaults, field.member));
}

template <class T, class Owner>
void add_to(FieldTable& table, const T& defaults, const ArrivalField<Owner>& field) {
  table.set_arrival(offset_in(defaults, field.member));
}

}  // namespace internal

// The table of T, made when first asked for.
template <class T>
const FieldTable& field_table() {
  static_assert(HasFields<T>,
                "json: write `constexpr auto penstock_json_fields(penstock::Tag<YourType>)` in the "
                "namespace of the type");
  static_assert(std::is_default_constructible_v<T>,
                "json: a type that is decoded starts from its default value");
  constexpr auto kFields = penstock_json_fields(Tag<T>{});
  static_assert(std::tuple_size_v<decltype(kFields)> <= FieldTable::kFieldsMax,
                "json: a type has at most 64 fields");
  static_assert(internal::has_any_field(kFields), "json: a type has at least one field");
  static_assert(
      internal::has_plain_names(kFields),
      "json: a field name has at most 128 bytes and no quote, backslash or control character");
  static_assert(internal::has_distinct_names(kFields), "json: two fields have the same name");
  static const T kDefaults{};
  static const FieldTable kTable = [] {
    FieldTable table(std::addressof(kDefaults));
    std::apply([&table](const auto&... one) { (internal::add_to(table, kDefaults, one), ...); },
               penstock_json_fields(Tag<T>{}));
    return table;
  }();
  return kTable;
}

}  // namespace penstock::json
