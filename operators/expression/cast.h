// operators/expression/cast.h -- the instructions of CAST, and how numbers narrow.
//
// Errors      What has no value in the new type is a null, or under ANSI (not `nulls`) an error that shows the value.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

// As Java narrows a real: NaN is 0, what is too large is the largest.
template <class T>
T saturate(double value) noexcept {
  if (std::isnan(value)) return 0;
  if (value >= static_cast<double>(std::numeric_limits<T>::max()))
    return std::numeric_limits<T>::max();
  if (value <= static_cast<double>(std::numeric_limits<T>::min()))
    return std::numeric_limits<T>::min();
  return static_cast<T>(value);
}
// As Java narrows an integer: to its low bits.
template <class Integer>
std::int64_t narrow(Integer value, TypeKind to) noexcept {
  switch (to) {
    case TypeKind::kByte:
      return static_cast<std::int8_t>(value);
    case TypeKind::kShort:
      return static_cast<std::int16_t>(value);
    case TypeKind::kInt:
      return static_cast<std::int32_t>(value);
    default:
      return static_cast<std::int64_t>(value);
  }
}

// REQUIRES: can_cast(from, to).
Run cast_run(const DataType& from, const DataType& to, bool nulls) noexcept;
// Whether each value has one in the other type.
bool always_casts(const DataType& from, const DataType& to) noexcept;

// One value that is not null; false when it has no value in the new type. Text is made in the arena.
struct CastContext {
  Arena& arena;
  const TimeZone& zone;
  bool ansi = false;
};
bool cast_cell(const Cell& value, const DataType& from, const DataType& to,
               const CastContext& context, Cell& out);

}  // namespace penstock::expression
