// operators/expression/cast.h -- the instructions of CAST.
//
// Errors      What has no value in the new type is a null, or under ANSI (not `nulls`) an error that shows the value.
#pragma once

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

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
