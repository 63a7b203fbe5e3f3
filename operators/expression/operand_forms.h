// operators/expression/operand_forms.h -- the fast path: an operation on two values, made once for each way to use it.
//
// What a general call pays for is not the addition: it is bringing operands into registers, looking for nulls, and
// keeping a boolean that only the next jump reads. So arithmetic and comparisons exist in forms, one function each:
// by where the operands stand (Place) and by what becomes of the outcome (Use). The compiler picks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

enum class Place : std::uint8_t {
  kRegister,
  kColumn,    // Of the row, unread so far.
  kConstant,  // In the instruction; of texts those up to 8 bytes, the first operand being a column.
  kScaledColumn,  // A column times the constant in the instruction. Doubles only, the second operand.
  kCarried,       // Made by the instruction before. Doubles only, the first operand.
};
inline constexpr std::size_t kPlaces = 5;

enum class Use : std::uint8_t {
  kValue,  // Into the register; null when an operand is.
  // REQUIRES of all others: no operand is null.
  kPresentValue,
  kCarry,       // To the next instruction, in a register of the machine. Doubles only.
  kJumpUnless,  // Into the register, and on to the target unless it is true.
  kHold,        // To the next instruction, in a register of the machine.
  kAndHold,     // With what the instruction before has handed over, to the next.
  kOrHold,
  kAnd,  // With what the instruction before has handed over, into the register.
  kOr,
  kChoice,  // The register takes the value of `target` if it is true, else that of b or of itself.
};
inline constexpr std::size_t kUses = 10;

struct OperandForms {
  Run runs[kUses][kPlaces][kPlaces] = {};  // nullptr where there is none.
  const OperandForms* mirrored = nullptr;  // The same with operands exchanged: a < b is b > a.
  const OperandForms* scaled = nullptr;    // The multiplication that kScaledColumn stands for.
  bool total = true;                       // Null only where an operand is.

  Run run(Use use, Place first, Place second) const noexcept {
    return runs[static_cast<std::size_t>(use)][static_cast<std::size_t>(first)]
               [static_cast<std::size_t>(second)];
  }
  bool has(Use use, Place first = Place::kRegister) const noexcept {
    return run(use, first, Place::kRegister) != nullptr;
  }
};

}  // namespace penstock::expression
