// operators/expression/flow_instructions.h -- instructions that move values and jump: what the compiler itself adds.
#pragma once

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

inline const Instruction* run_end(const Instruction*, Frame&, Cell*, const char*, Carried) {
  return nullptr;
}
inline const Instruction* run_copy(const Instruction* at, Frame& frame, Cell* registers,
                                   const char* cells, Carried carried) {
  copy(registers[at->out], registers[at->a]);
  return proceed(at + 1, frame, registers, cells, carried);
}
inline const Instruction* run_load_inline(const Instruction* at, Frame& frame, Cell* registers,
                                          const char* cells, Carried carried) {
  store(registers[at->out], frame.inline_column(cells, at->a));
  return proceed(at + 1, frame, registers, cells, carried);
}
inline const Instruction* run_load_bytes(const Instruction* at, Frame& frame, Cell* registers,
                                         const char* cells, Carried carried) {
  store(registers[at->out], frame.bytes_column(cells, at->a));
  return proceed(at + 1, frame, registers, cells, carried);
}
inline const Instruction* run_jump(const Instruction* at, Frame& frame, Cell* registers,
                                   const char* cells, Carried carried) {
  return proceed(at + at->target, frame, registers, cells, carried);
}
inline const Instruction* run_jump_unless_true(const Instruction* at, Frame& frame, Cell* registers,
                                               const char* cells, Carried carried) {
  const Cell& cell = registers[at->a];
  if (cell.null || cell.number == 0)
    return proceed(at + at->target, frame, registers, cells, carried);
  return proceed(at + 1, frame, registers, cells, carried);
}
inline const Instruction* run_jump_if_present(const Instruction* at, Frame& frame, Cell* registers,
                                              const char* cells, Carried carried) {
  if (!registers[at->a].null) return proceed(at + at->target, frame, registers, cells, carried);
  return proceed(at + 1, frame, registers, cells, carried);
}
// out = a, and on to the end when that settles it; out keeps a null once it has one.
template <bool Settling>
const Instruction* run_first(const Instruction* at, Frame& frame, Cell* registers,
                             const char* cells, Carried carried) {
  const Cell& cell = registers[at->a];
  copy(registers[at->out], cell);
  if (!cell.null && (cell.number != 0) == Settling)
    return proceed(at + at->target, frame, registers, cells, carried);
  return proceed(at + 1, frame, registers, cells, carried);
}
template <bool Settling>
const Instruction* run_next(const Instruction* at, Frame& frame, Cell* registers, const char* cells,
                            Carried carried) {
  const Cell& cell = registers[at->a];
  const bool settles = !cell.null && (cell.number != 0) == Settling;
  if (cell.null || settles) copy(registers[at->out], cell);
  if (settles) return proceed(at + at->target, frame, registers, cells, carried);
  return proceed(at + 1, frame, registers, cells, carried);
}

}  // namespace penstock::expression
