// state/type_change.h -- how values of a state come over from a checkpoint whose type of them was another.
//
// Kept       fields of the same name; where they have become wider, by their value. New ones have what a fresh value of
//            the type has; those that are gone are dropped.
// Wider      int8 < int16 < int32 < int64, uint8 < ... < uint64, uintN < intM of more bits, integers of up to 16 bits <
//            float, of up to 32 bits < double, float < double, text(N) < text(M).
// Refused    Everything else, so that no value is ever cut, rounded or read as what it is not.
// Trust      The bytes of a value may be anybody's: convert() reads and writes inside of both values.
// Threads    Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/state/state_type.h"

namespace penstock {

class TypeChange {
 public:
  // Nothing changes.
  TypeChange() noexcept = default;
  // Or why not, and what to do, as the rest of a sentence that begins with what is kept: "state 'total' ...".
  static Result<TypeChange> between(const StateType& then, const StateType& now);

  bool any() const noexcept { return any_; }
  bool drops_fields() const noexcept { return !removed_.empty(); }
  // "new 'grade' (text(7)); gone 'largest' (int32); wider 'count' (int32 to int64)"
  std::string to_string() const;

  // REQUIRES: any(); `to` holds a fresh value. False: a text in it is longer than it can be.
  [[nodiscard]] bool convert(const char* from, char* to) const noexcept;

 private:
  struct Step {
    StateField from;
    StateField to;
  };
  Status keep(const StateField& then, const StateField& now);

  bool any_ = false;
  std::vector<Step> steps_;
  std::vector<std::string> added_;
  std::vector<std::string> removed_;
  std::vector<std::string> widened_;
};

}  // namespace penstock
