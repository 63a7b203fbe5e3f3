// operators/expression/instruction.h -- one step of a compiled expression, and what it works on.
//
// A program is a flat array of instructions over registers of cells. Each instruction carries the one function that
// does it for its types; it returns the next instruction, nullptr at the end or after an error. Jumps go forward only.
// Threads     A frame belongs to one thread; instructions are immutable and shared.
// Cost        One indirect call per instruction. No allocation but from the arena, no throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"
#include "penstock/core/row/row.h"

namespace penstock::expression {

struct Instruction;
struct Frame;
using Run = const Instruction* (*)(const Instruction* at, Frame& frame);

// What a session sets.
struct Settings {
  bool ansi = false;  // Errors instead of nulls and of wrapped numbers.
  TimeZone zone;
};

// The body of a lambda: the instructions from `start` on, until one returns nullptr.
struct LambdaBody {
  const Instruction* start = nullptr;
  uint32_t result = 0;
  std::vector<uint32_t> variables;
};

// What one call knows from its compilation.
struct CallInfo {
  DataType type;
  std::vector<DataType> argument_types;
  const void* prepared =
      nullptr;  // Made once by the function's builder: a pattern, a path, a schema.
  std::vector<LambdaBody> lambdas;
};

struct Instruction {
  Run run = nullptr;
  uint32_t out = 0;
  uint32_t a = 0;  // Registers, or columns where the function says so.
  uint32_t b = 0;
  uint32_t target = 0;  // Of jumps: so many instructions on.
  uint32_t count = 0;
  const uint32_t* operands = nullptr;  // All `count` of them; a and b are the first two.
  const CallInfo* info = nullptr;
};

struct Frame {
  Cell* registers = nullptr;
  RowView row;
  Arena* arena = nullptr;
  const Settings* settings = nullptr;
  int64_t now_micros = 0;  // One for a batch.
  bool failed = false;
  std::string error;

  Cell& operator[](uint32_t i) const noexcept { return registers[i]; }
};

// Runs from `at` to the end of the program or of the lambda.
inline void run_from(const Instruction* at, Frame& frame) noexcept {
  while (at != nullptr) at = at->run(at, frame);
}

// What the body of a function sees.
class Call {
 public:
  Call(const Instruction& instruction, Frame& frame) noexcept
      : instruction_(instruction), frame_(frame) {}

  size_t size() const noexcept { return instruction_.count; }
  const Cell& operator[](size_t i) const noexcept { return frame_[instruction_.operands[i]]; }
  const DataType& type() const noexcept { return instruction_.info->type; }
  const DataType& type_of(size_t i) const noexcept { return instruction_.info->argument_types[i]; }
  template <class T>
  const T* prepared() const noexcept {
    return static_cast<const T*>(instruction_.info->prepared);
  }
  Arena& arena() const noexcept { return *frame_.arena; }
  const Settings& settings() const noexcept { return *frame_.settings; }
  const TimeZone& zone() const noexcept { return frame_.settings->zone; }
  int64_t now_micros() const noexcept { return frame_.now_micros; }
  bool failed() const noexcept { return frame_.failed; }

  // Ends the evaluation with this error; the cell is for `return`.
  Cell fail(std::string_view message) const {
    if (!frame_.failed) frame_.error.assign(message);
    frame_.failed = true;
    return Cell::of_null();
  }
  // Under ANSI an error, a null otherwise.
  Cell fail_or_null(std::string_view message) const {
    return frame_.settings->ansi ? fail(message) : Cell::of_null();
  }

  // The value of the i-th lambda for these values of its variables.
  template <class... Cells>
  Cell apply(size_t i, const Cells&... values) const noexcept {
    const LambdaBody& body = instruction_.info->lambdas[i];
    size_t next = 0;
    ((next < body.variables.size() ? void(frame_[body.variables[next]] = values) : void(), ++next),
     ...);
    run_from(body.start, frame_);
    return frame_[body.result];
  }

 private:
  const Instruction& instruction_;
  Frame& frame_;
};

namespace internal {

template <auto Body, class Signature>
struct Strict;

template <auto Body, class... Cells>
struct Strict<Body, Cell (*)(Call&, Cells...)> {
  template <size_t... I>
  static const Instruction* run(const Instruction* at, Frame& frame, std::index_sequence<I...>) {
    if ((frame[at->operands[I]].null || ...)) {
      frame[at->out] = Cell::of_null();
      return at + 1;
    }
    Call call(*at, frame);
    frame[at->out] = Body(call, frame[at->operands[I]]...);
    return frame.failed ? nullptr : at + 1;
  }
  static const Instruction* run_all(const Instruction* at, Frame& frame) {
    return run(at, frame, std::index_sequence_for<Cells...>{});
  }
};

template <auto Body>
const Instruction* run_lenient(const Instruction* at, Frame& frame) {
  Call call(*at, frame);
  frame[at->out] = Body(call);
  return frame.failed ? nullptr : at + 1;
}

}  // namespace internal

// Of a body Cell(Call&, const Cell& a, ...): it is called when no argument is null, otherwise the result is null.
template <auto Body>
inline constexpr Run strict = &internal::Strict<Body, decltype(Body)>::run_all;
// Of a body Cell(Call&), which looks at the nulls itself.
template <auto Body>
inline constexpr Run lenient = &internal::run_lenient<Body>;

}  // namespace penstock::expression
