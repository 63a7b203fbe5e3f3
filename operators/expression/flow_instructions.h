// operators/expression/flow_instructions.h -- instructions that move values and jump: what the compiler itself adds.
#pragma once

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

inline const Instruction* run_end(const Instruction*, Frame&, double) { return nullptr; }
inline const Instruction* run_copy(const Instruction* at, Frame& frame, double) {
  copy(frame[at->out], frame[at->a]);
  return proceed(at + 1, frame);
}
inline const Instruction* run_load_inline(const Instruction* at, Frame& frame, double) {
  store(frame[at->out], frame.row.inline_cell(at->a));
  return proceed(at + 1, frame);
}
inline const Instruction* run_load_bytes(const Instruction* at, Frame& frame, double) {
  store(frame[at->out], frame.row.bytes_cell(at->a));
  return proceed(at + 1, frame);
}
inline const Instruction* run_jump(const Instruction* at, Frame& frame, double) {
  return proceed(at + at->target, frame);
}
inline const Instruction* run_jump_unless_true(const Instruction* at, Frame& frame, double) {
  const Cell& cell = frame[at->a];
  if (cell.null || cell.number == 0) return proceed(at + at->target, frame);
  return proceed(at + 1, frame);
}
inline const Instruction* run_jump_if_present(const Instruction* at, Frame& frame, double) {
  if (!frame[at->a].null) return proceed(at + at->target, frame);
  return proceed(at + 1, frame);
}
// out = a, and on to the end when that settles it; out keeps a null once it has one.
template <bool Settling>
const Instruction* run_first(const Instruction* at, Frame& frame, double) {
  const Cell& cell = frame[at->a];
  copy(frame[at->out], cell);
  if (!cell.null && (cell.number != 0) == Settling) return proceed(at + at->target, frame);
  return proceed(at + 1, frame);
}
template <bool Settling>
const Instruction* run_next(const Instruction* at, Frame& frame, double) {
  const Cell& cell = frame[at->a];
  const bool settles = !cell.null && (cell.number != 0) == Settling;
  if (cell.null || settles) copy(frame[at->out], cell);
  if (settles) return proceed(at + at->target, frame);
  return proceed(at + 1, frame);
}

}  // namespace penstock::expression
