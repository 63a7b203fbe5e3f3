#include "penstock/operators/expression/compiler.h"

#include <memory>
#include <string>
#include <utility>

#include "penstock/operators/expression/expression_compiler.h"
#include "penstock/operators/expression/flow_instructions.h"

namespace penstock::expression {

Result<Program> ExpressionCompiler::compile(const std::vector<BoundPtr>& expressions) {
  parts_.registers.resize(expressions.size(), Cell::of_null());
  parts_.columns = columns_of(expressions);
  for (const BoundPtr& expression : expressions) {
    parts_.types.push_back(expression->type);
    identities_.count_uses(expression);
  }
  parts_.instructions = pass(expressions);
  const std::size_t registers = parts_.registers.size();
  const std::size_t infos = parts_.infos.size();
  presences_.assume_columns();
  parts_.present_instructions = pass(expressions);
  parts_.present_columns = presences_.columns();
  if (parts_.present_columns == 0) {
    parts_.present_instructions.clear();
    parts_.registers.resize(registers);
    parts_.infos.resize(infos);
  }
  if (parts_.instructions.size() > kInstructionsMax) {
    return Status::invalid_argument("the expression needs more than " +
                                    std::to_string(kInstructionsMax) +
                                    " instructions; split it into several columns");
  }
  return Program(std::move(parts_));
}

std::vector<Instruction> ExpressionCompiler::pass(const std::vector<BoundPtr>& expressions) {
  code_.clear();
  lambdas_.clear();
  for (std::uint32_t i = 0; i < expressions.size(); ++i) {
    const bool computed = !code_.stands_in_register(expressions[i]);
    emit_into(expressions[i], i);
    if (computed) code_.remember(expressions[i], i);
  }
  code_.add({.run = &run_end});
  for (const PendingLambda& pending : lambdas_)
    parts_.infos[pending.info]->lambdas[pending.lambda].start = code_.data() + pending.start;
  return code_.take();
}

std::uint32_t ExpressionCompiler::emit(const BoundPtr& node) {
  if (const std::uint32_t* known = code_.find(node)) return *known;
  if (node->is_constant()) return code_.constant_register(node);
  if (node->kind == BoundKind::kVariable) return variables_.at(node->index);
  if (code_.size() > kInstructionsMax) return 0;
  const std::uint32_t out = code_.new_register();
  emit_new(*node, out);
  code_.remember(node, out);
  return out;
}

void ExpressionCompiler::emit_into(const BoundPtr& node, std::uint32_t out) {
  if (code_.stands_in_register(node)) {
    code_.add({.run = &run_copy, .out = out, .a = emit(node)});
  } else if (code_.size() <= kInstructionsMax) {
    emit_new(*node, out);
  }
}

void ExpressionCompiler::emit_new(const Bound& node, std::uint32_t out) {
  switch (node.kind) {
    case BoundKind::kColumn: {
      const bool bytes = cell_form(node.type) == CellForm::kBytes;
      code_.add({.run = bytes ? &run_load_bytes : &run_load_inline, .out = out, .a = node.index});
      break;
    }
    case BoundKind::kCall:
      return node.forms != nullptr ? void(code_.add(operation(node, Use::kValue, out)))
                                   : emit_call(node, out);
    case BoundKind::kAnd:
    case BoundKind::kOr:
      return emit_logic(node, out);
    case BoundKind::kCase:
      return emit_case(node, out);
    case BoundKind::kCoalesce:
      return emit_coalesce(node, out);
    default:
      break;
  }
}

Result<Program> compile_program(const std::vector<BoundPtr>& expressions,
                                const Settings& settings) {
  return ExpressionCompiler(settings).compile(expressions);
}

}  // namespace penstock::expression
