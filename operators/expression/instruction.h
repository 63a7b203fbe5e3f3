// operators/expression/instruction.h -- one step of a compiled expression, and what it works on.
//
// A program is a flat array of instructions over registers of cells. Each instruction carries the one function that
// does it for its types. Jumps go forward only.
// Dispatch    Threaded: an instruction ends with a jump into the next one, so each has an indirect branch of its own to
//             predict. Where the compiler does not promise that such a call is a jump (without optimisation, under a
//             sanitizer) the next instruction is returned to the loop of run_from() instead; proceed() is the one
//             place that knows. nullptr is the end: of the program, of a lambda, or after an error.
// Threads     A frame belongs to one thread; instructions are immutable and shared.
// Cost        One indirect jump per instruction. No allocation but from the arena, no throw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/time_pattern.h"

namespace penstock::expression {

struct Instruction;
struct Frame;
// What an instruction hands over to the next in registers of the machine (operand_forms.h).
struct Carried {
  double real = 0;
  std::uint64_t truth = 0;
};
// `registers` and `cells`, those of the frame and of its row, go on from one to the next in the same way.
using Run = const Instruction* (*)(const Instruction* at, Frame& frame, Cell* registers,
                                   const char* cells, Carried carried);

// How a call is run: `run` always, the others for rows whose columns in it are not null.
struct CallCode {
  Run run = nullptr;
  // Its only operand is a column, read where it stands.
  Run of_inline_column = nullptr;
  Run of_bytes_column = nullptr;
  Run of_parts = nullptr;  // Its operands are texts, and CallInfo::parts says where they stand.

  constexpr CallCode() = default;
  // A call that has no other ways.
  constexpr CallCode(Run any) noexcept : run(any) {}
  constexpr CallCode(Run any, Run of_inline, Run of_bytes, Run parts = nullptr) noexcept
      : run(any), of_inline_column(of_inline), of_bytes_column(of_bytes), of_parts(parts) {}
};

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

// A text that a call takes where it stands.
struct TextPart {
  enum class Place : std::uint8_t { kRegister, kColumn, kConstant };
  // Of constants: so much is read and written, whatever their size.
  static constexpr std::size_t kConstantBytesMax = sizeof(std::uint64_t);

  Place place = Place::kRegister;
  std::uint32_t index = 0;  // Of the register or the column.
  std::uint32_t size = 0;   // Of constants.
  std::uint64_t constant = 0;
};

// What one call knows from its compilation.
struct CallInfo {
  DataType type;
  std::vector<DataType> argument_types;
  std::vector<uint32_t> operands;  // Registers; those of lambdas are left out.
  const void* prepared =
      nullptr;  // Made once by the function's builder: a pattern, a path, a schema.
  std::vector<LambdaBody> lambdas;
  std::vector<TextPart> parts;  // Instead of operands.
};

struct Instruction {
  Run run = nullptr;
  uint32_t out = 0;  // A register.
  uint32_t a = 0;    // Registers, or columns where the function says so.
  uint32_t b = 0;
  uint32_t target = 0;  // Of jumps: so many instructions on. Of choices: the register to take.
  union Extra {
    const CallInfo* info = nullptr;  // Of calls.
    int64_t constant;                // The bits of an operand that is a constant.
  } extra = {};
};
static_assert(sizeof(Instruction) == 32, "two to a cache line");

struct Frame {
  Cell* registers = nullptr;
  RowView row;
  Arena* arena = nullptr;
  const Settings* settings = nullptr;
  int64_t now_micros = 0;  // One for a batch.
  Carried carried;         // On its way through run_from(), unless the code is threaded.
  bool failed = false;
  std::string error;
  std::string scratch;
  TimePattern::RecentDays recent_days;

  Cell& operator[](uint32_t i) const noexcept { return registers[i]; }
  Cell inline_column(const char* cells, uint32_t i) const noexcept {
    Cell cell = penstock::internal::load_inline(cells + i * sizeof(int64_t));
    cell.null = row.is_null(i);
    return cell;
  }
  // REQUIRES: not null.
  Cell present_inline(const char* cells, uint32_t i) const noexcept {
    return penstock::internal::load_inline(cells + i * sizeof(int64_t));
  }
  Cell present_bytes(const char* cells, uint32_t i) const noexcept {
    return penstock::internal::load_bytes(row.bytes().data(), cells + i * sizeof(int64_t));
  }
  Cell bytes_column(const char* cells, uint32_t i) const noexcept {
    Cell cell = penstock::internal::load_bytes(row.bytes().data(), cells + i * sizeof(int64_t));
    cell.null = row.is_null(i);
    return cell;
  }
};

// Whether a call in the last place of a function is a jump here.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
inline constexpr bool kThreaded = true;
#else
inline constexpr bool kThreaded = false;
#endif

// What every instruction returns, once nothing of its own is alive any more.
inline const Instruction* proceed(const Instruction* next, Frame& frame, Cell* registers,
                                  const char* cells, Carried carried) {
  if constexpr (kThreaded) return next->run(next, frame, registers, cells, carried);
  frame.carried = carried;
  return next;
}
// The same after calls, which leave nothing in registers. What is handed over is then whatever is there: nobody reads
// it, and to clear it would cost two instructions.
inline const Instruction* proceed(const Instruction* next, Frame& frame) {
  Carried nothing;
#if defined(__GNUC__) && defined(__x86_64__)
  if constexpr (kThreaded) asm("" : "=x"(nothing.real), "=r"(nothing.truth));
#endif
  return proceed(next, frame, frame.registers, frame.row.cells(), nothing);
}

// In two whole words: a narrower write would keep the reading of a word waiting.
inline void store(Cell& to, const Cell& value) noexcept {
  const uint64_t words[2] = {static_cast<uint64_t>(value.number),
                             value.size | uint64_t{value.null} << 32};
  std::memcpy(&to, words, sizeof words);
}

inline void copy(Cell& to, const Cell& from) noexcept {
  std::memcpy(static_cast<void*>(&to), &from, sizeof to);
}

// Runs from `at` to the end of the program or of the lambda.
inline void run_from(const Instruction* at, Frame& frame) noexcept {
  do {
    at = at->run(at, frame, frame.registers, frame.row.cells(),
                 kThreaded ? Carried() : frame.carried);
  } while (!kThreaded && at != nullptr);
}

// The operands of a call by themselves: for loops that write bytes, which might be anything to the compiler.
struct Operands {
  const Cell* registers;
  const uint32_t* places;
  size_t count;

  const Cell& operator[](size_t i) const noexcept { return registers[places[i]]; }
};

// What the body of a function sees.
class Call {
 public:
  Call(const Instruction& instruction, Frame& frame) noexcept
      : instruction_(instruction), frame_(frame) {}

  size_t size() const noexcept { return instruction_.extra.info->operands.size(); }
  const Cell& operator[](size_t i) const noexcept {
    return frame_[instruction_.extra.info->operands[i]];
  }
  Operands operands() const noexcept {
    return {frame_.registers, instruction_.extra.info->operands.data(), size()};
  }
  const DataType& type() const noexcept { return instruction_.extra.info->type; }
  const DataType& type_of(size_t i) const noexcept {
    return instruction_.extra.info->argument_types[i];
  }
  template <class T>
  const T* prepared() const noexcept {
    return static_cast<const T*>(instruction_.extra.info->prepared);
  }
  const std::vector<TextPart>& parts() const noexcept { return instruction_.extra.info->parts; }
  // Of the part of a column, which is not null.
  std::string_view column_text(const TextPart& part) const noexcept {
    return frame_.present_bytes(frame_.row.cells(), part.index).bytes();
  }
  const Cell& register_cell(const TextPart& part) const noexcept { return frame_[part.index]; }
  Arena& arena() const noexcept { return *frame_.arena; }
  const Settings& settings() const noexcept { return *frame_.settings; }
  const TimeZone& zone() const noexcept { return frame_.settings->zone; }
  int64_t now_micros() const noexcept { return frame_.now_micros; }
  bool failed() const noexcept { return frame_.failed; }
  TimePattern::RecentDays* recent_days() const noexcept { return &frame_.recent_days; }

  // An empty text to make something in, until the next call or apply(). It keeps its memory.
  std::string& scratch() const noexcept {
    frame_.scratch.clear();
    return frame_.scratch;
  }

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
    const LambdaBody& body = instruction_.extra.info->lambdas[i];
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
  template <size_t I>
  static const Cell& operand(const Instruction* at, Frame& frame) noexcept {
    if constexpr (I == 0) return frame[at->a];
    if constexpr (I == 1) return frame[at->b];
    return frame[at->extra.info->operands[I]];
  }
  template <size_t... I>
  static bool apply(const Instruction* at, Frame& frame, std::index_sequence<I...>) {
    if ((operand<I>(at, frame).null || ...)) {
      store(frame[at->out], Cell::of_null());
      return true;
    }
    Call call(*at, frame);
    store(frame[at->out], Body(call, operand<I>(at, frame)...));
    return !frame.failed;
  }
  static const Instruction* run(const Instruction* at, Frame& frame, Cell*, const char*, Carried) {
    if (!apply(at, frame, std::index_sequence_for<Cells...>{})) return nullptr;
    return proceed(at + 1, frame);
  }
};

template <auto Body, CellForm kForm>
bool apply_to_column(const Instruction* at, Frame& frame, const char* cells) {
  Call call(*at, frame);
  const Cell column = kForm == CellForm::kBytes ? frame.present_bytes(cells, at->a)
                                                : frame.present_inline(cells, at->a);
  store(frame[at->out], Body(call, column));
  return !frame.failed;
}
template <auto Body, CellForm kForm>
const Instruction* run_on_column(const Instruction* at, Frame& frame, Cell*, const char* cells,
                                 Carried) {
  if (!apply_to_column<Body, kForm>(at, frame, cells)) return nullptr;
  return proceed(at + 1, frame);
}

// The long way, kept out of the short one.
template <auto kRun>
[[gnu::noinline]] const Instruction* run_otherwise(const Instruction* at, Frame& frame,
                                                   Cell* registers, const char* cells,
                                                   Carried carried) {
  return kRun(at, frame, registers, cells, carried);
}

// `Quick` is bool(Call&, const Cell& a, Cell& out), inlined: it calls nothing, cannot fail, and leaves to the body what
// is not common. So nothing has to be saved for a call that is not made.
template <auto Quick, auto Body>
const Instruction* run_quickly(const Instruction* at, Frame& frame, Cell* registers,
                               const char* cells, Carried carried) {
  const Cell& a = registers[at->a];
  Cell out;
  Call call(*at, frame);
  if (a.null || !Quick(call, a, out)) [[unlikely]]
    return run_otherwise<&Strict<Body, decltype(Body)>::run>(at, frame, registers, cells, carried);
  store(registers[at->out], out);
  return proceed(at + 1, frame, registers, cells, carried);
}
template <auto Quick, auto Body>
const Instruction* run_quickly_on_bytes(const Instruction* at, Frame& frame, Cell* registers,
                                        const char* cells, Carried carried) {
  Cell out;
  Call call(*at, frame);
  if (!Quick(call, frame.present_bytes(cells, at->a), out)) [[unlikely]]
    return run_otherwise<&run_on_column<Body, CellForm::kBytes>>(at, frame, registers, cells,
                                                                 carried);
  store(registers[at->out], out);
  return proceed(at + 1, frame, registers, cells, carried);
}
template <auto Body>
bool apply_lenient(const Instruction* at, Frame& frame) {
  Call call(*at, frame);
  store(frame[at->out], Body(call));
  return !frame.failed;
}
template <auto Body>
const Instruction* run_lenient(const Instruction* at, Frame& frame, Cell*, const char*, Carried) {
  if (!apply_lenient<Body>(at, frame)) return nullptr;
  return proceed(at + 1, frame);
}

// `Quick` is bool(Call&, Cell& out).
template <auto Quick, auto Body>
const Instruction* run_lenient_quickly(const Instruction* at, Frame& frame, Cell* registers,
                                       const char* cells, Carried carried) {
  Cell out;
  Call call(*at, frame);
  if (!Quick(call, out)) [[unlikely]]
    return run_otherwise<&run_lenient<Body>>(at, frame, registers, cells, carried);
  store(registers[at->out], out);
  return proceed(at + 1, frame, registers, cells, carried);
}

}  // namespace internal

// Of a body Cell(Call&, const Cell& a, ...): it is called when no argument is null, otherwise the result is null.
template <auto Body>
inline constexpr Run strict = &internal::Strict<Body, decltype(Body)>::run;
// The same of a body Cell(Call&, const Cell& a) that is called often enough to be there in all forms.
template <auto Body>
inline constexpr CallCode strict_in_place{strict<Body>,
                                          &internal::run_on_column<Body, CellForm::kInline>,
                                          &internal::run_on_column<Body, CellForm::kBytes>};
// The same of texts, with a short way for what is common.
template <auto Quick, auto Body>
inline constexpr CallCode strict_quickly{&internal::run_quickly<Quick, Body>, nullptr,
                                         &internal::run_quickly_on_bytes<Quick, Body>};
// Of a body Cell(Call&), which looks at the nulls itself.
template <auto Body>
inline constexpr Run lenient = &internal::run_lenient<Body>;
template <auto Quick, auto Body>
inline constexpr Run lenient_quickly = &internal::run_lenient_quickly<Quick, Body>;

}  // namespace penstock::expression
