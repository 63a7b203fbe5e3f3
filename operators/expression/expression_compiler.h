// operators/expression/expression_compiler.h -- what compile_program() works with. Not for others.
//
// Its ideas stand in files of their own: compiler.cc walks expressions, compile_call.cc emits calls,
// compile_operation.cc picks the form of an operation (operand_forms.h), compile_flow.cc makes jumps and choices.
// Threads     Used by the thread that compiles.
#pragma once

#include <cstddef>
#include <cstdint>
// lint: allow(hot) of compilation
#include <unordered_map>
#include <vector>

#include "penstock/operators/expression/code_builder.h"
#include "penstock/operators/expression/identities.h"
#include "penstock/operators/expression/presences.h"
#include "penstock/operators/expression/program.h"

namespace penstock::expression {

class ExpressionCompiler {
 public:
  explicit ExpressionCompiler(const Settings& settings) { parts_.settings = settings; }

  Result<Program> compile(const std::vector<BoundPtr>& expressions);

 private:
  using Jumps = CodeBuilder::Jumps;
  struct PendingLambda {
    std::size_t info;
    std::size_t lambda;
    std::size_t start;
  };

  std::vector<Instruction> pass(const std::vector<BoundPtr>& expressions);
  // The register that holds the value.
  std::uint32_t emit(const BoundPtr& node);
  // The value into that register, which nobody else may take for it.
  void emit_into(const BoundPtr& node, std::uint32_t out);
  void emit_new(const Bound& node, std::uint32_t out);
  void emit_call(const Bound& node, std::uint32_t out);
  // Forms for rows whose columns in it are present; false where there is none (compile_call.cc).
  bool emit_on_column(const Bound& node, std::uint32_t out);
  bool emit_on_parts(const Bound& node, std::uint32_t out);
  TextPart text_part(const BoundPtr& node);
  // Whether it is an unread column that is not null in these rows.
  bool stands_in_row(const BoundPtr& node);
  // The instruction's info, which the program owns from then on.
  CallInfo& add_info(const Bound& node, Instruction& instruction);
  void emit_lambdas(const Bound& node, std::size_t info);

  // REQUIRES: of all uses but kValue, that the arguments are present.
  Instruction operation(const Bound& node, Use use, std::uint32_t out);
  // Puts what the second operand needs into the instruction and says where it stands.
  Place place_second(const BoundPtr& operand, const OperandForms& forms, Use use, Place first,
                     Instruction& instruction);
  // The product of a column and a constant that an operation can read as one operand.
  struct Scaled {
    const Bound* column = nullptr;
    const Bound* constant = nullptr;
  };
  Scaled scaled_column(const BoundPtr& node, const OperandForms& forms);
  // Whether an operation can make that operand last and hand it over instead of keeping it.
  bool is_carried(const BoundPtr& node, const OperandForms& forms, Use use);
  // A comparison that can end in a jump, a choice or a conjunction.
  bool settles(const BoundPtr& node);

  void emit_logic(const Bound& node, std::uint32_t out);
  // One operand of it, and a jump to the end where its being `settling` decides.
  std::size_t emit_settling(const BoundPtr& node, bool settling, std::uint32_t out);
  // Jumps unless the condition is true. Leaves scopes for what has run only if it is.
  void emit_unless(const BoundPtr& condition, std::uint32_t scratch, Jumps& jumps);
  void emit_case(const Bound& node, std::uint32_t out);
  void emit_choices(const Bound& node, std::uint32_t out);
  void emit_coalesce(const Bound& node, std::uint32_t out);
  bool is_leaf(const BoundPtr& node);
  // Comparisons of what stands there: sooner all done than jumped over, as nobody foresees what data say.
  bool are_quick(const std::vector<BoundPtr>& conditions);
  bool are_choices(const Bound& node);

  Program::Parts parts_;
  Identities identities_;
  Presences presences_;
  CodeBuilder code_{parts_, identities_};
  std::vector<PendingLambda> lambdas_;
  std::unordered_map<std::uint32_t, std::uint32_t> variables_;  // Of lambdas, to their registers.
};

// Of a constant: whether it is not a number.
bool is_nan(const Bound& constant) noexcept;

}  // namespace penstock::expression
