// state/state_type.h -- what a type kept in keyed state looks like in a snapshot: the fields of which its values are.
//
// A type is a list of fields that are numbers, texts, times or opaque bytes; those of structs in it have paths as
// "last.amount", those of arrays of structs "visits[].at". A number by itself is one field with an empty path.
// Opaque     Bytes whose meaning is the program's: state/state_fields.h says what is described.
// Trust      decode() checks sizes, places and counts: fields lie inside of the value.
// Threads    Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/bytes.h"

namespace penstock {

// Part of the format.
enum class StateFieldKind : std::uint32_t { kOpaque, kBool, kInt, kUint, kFloat, kText, kTime };

struct StateField {
  std::string path;
  StateFieldKind kind = StateFieldKind::kOpaque;
  std::uint32_t bytes = 0;  // Of one; a text has a last byte for its length.
  std::uint32_t offset = 0;
  std::uint32_t count = 0;  // Of an array; 0: it is none.
  std::uint32_t stride = 0;
  std::uint32_t version = 0;  // Of opaque bytes, as the user counts.

  std::uint32_t values() const noexcept { return count == 0 ? 1 : count; }
  // "int32", "text(7)", "double[16]", "opaque(24 bytes, version 1)"
  std::string type_name() const;
  bool same_type(const StateField& other) const noexcept {
    return kind == other.kind && bytes == other.bytes && count == other.count &&
           version == other.version;
  }
};

struct StateType {
  std::uint32_t bytes = 0;
  std::vector<StateField> fields;
  // Why the type cannot be kept; empty: it can.
  std::string problem{};

  static StateType opaque(std::uint32_t bytes, std::uint32_t version = 0);
  bool is_opaque() const noexcept {
    return fields.size() == 1 && fields[0].path.empty() &&
           fields[0].kind == StateFieldKind::kOpaque;
  }
  const StateField* find(std::string_view path) const noexcept;
  // "int64"; "{at: time, amount: double}"
  std::string name() const;
  // The same fields at the same places. What was opaque then, and has been described since, counts as the same.
  bool goes_on_as(const StateType& now) const noexcept;

  std::string encode() const;
  // False: the bytes are not those of a type.
  [[nodiscard]] static bool decode(std::string_view bytes, StateType& type);
};

}  // namespace penstock
