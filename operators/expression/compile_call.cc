// Calls: in forms that take operands where they stand, else by registers; lambdas stand before their call.
#include <cstring>
#include <memory>
#include <utility>

#include "penstock/operators/expression/expression_compiler.h"
#include "penstock/operators/expression/flow_instructions.h"

namespace penstock::expression {

CallInfo& ExpressionCompiler::add_info(const Bound& node, Instruction& instruction) {
  auto info = std::make_unique<CallInfo>();
  for (const BoundPtr& argument : node.arguments) info->argument_types.push_back(argument->type);
  info->type = node.type;
  info->prepared = node.prepared.get();
  if (node.prepared != nullptr) parts_.owned.push_back(node.prepared);
  instruction.extra.info = info.get();
  parts_.infos.push_back(std::move(info));
  return *parts_.infos.back();
}

bool ExpressionCompiler::stands_in_row(const BoundPtr& node) {
  return code_.is_unread_column(node) && presences_.hold({node});
}

bool ExpressionCompiler::emit_on_column(const Bound& node, std::uint32_t out) {
  if (node.arguments.size() != 1) return false;
  const BoundPtr& column = node.arguments[0];
  const bool bytes = cell_form(column->type) == CellForm::kBytes;
  const Run run = bytes ? node.code.of_bytes_column : node.code.of_inline_column;
  if (run == nullptr || !stands_in_row(column)) return false;
  Instruction instruction{.run = run, .out = out, .a = column->index};
  add_info(node, instruction);
  code_.add(instruction);
  return true;
}

TextPart ExpressionCompiler::text_part(const BoundPtr& node) {
  TextPart part;
  if (node->is_constant() && !node->is_null() && node->value.size <= TextPart::kConstantBytesMax) {
    part.place = TextPart::Place::kConstant;
    part.size = node->value.size;
    if (part.size > 0) std::memcpy(&part.constant, node->value.data, part.size);
  } else if (stands_in_row(node)) {
    part.place = TextPart::Place::kColumn;
    part.index = node->index;
  } else {
    part.index = emit(node);
  }
  return part;
}

bool ExpressionCompiler::emit_on_parts(const Bound& node, std::uint32_t out) {
  if (node.code.of_parts == nullptr) return false;
  std::vector<TextPart> parts;
  for (const BoundPtr& argument : node.arguments) parts.push_back(text_part(argument));
  Instruction instruction{.run = node.code.of_parts, .out = out};
  add_info(node, instruction).parts = std::move(parts);
  code_.add(instruction);
  return true;
}

void ExpressionCompiler::emit_call(const Bound& node, std::uint32_t out) {
  if (emit_on_column(node, out) || emit_on_parts(node, out)) return;
  Instruction instruction{.run = node.code.run, .out = out};
  std::vector<std::uint32_t> operands;
  for (const BoundPtr& argument : node.arguments)
    if (argument->kind != BoundKind::kLambda) operands.push_back(emit(argument));
  if (!operands.empty()) instruction.a = operands[0];
  if (operands.size() > 1) instruction.b = operands[1];
  add_info(node, instruction).operands = std::move(operands);
  emit_lambdas(node, parts_.infos.size() - 1);
  code_.add(instruction);
}

// Bodies stand before their call, which is reached by a jump over them.
void ExpressionCompiler::emit_lambdas(const Bound& node, std::size_t info) {
  for (const BoundPtr& argument : node.arguments) {
    if (argument->kind != BoundKind::kLambda) continue;
    const std::size_t jump = code_.add({.run = &run_jump});
    LambdaBody body;
    for (const std::uint32_t variable : argument->variables) {
      body.variables.push_back(code_.new_register());
      variables_[variable] = body.variables.back();
    }
    lambdas_.push_back({info, parts_.infos[info]->lambdas.size(), code_.size()});
    const std::size_t outside = code_.scopes();
    code_.enter_scope();
    body.result = emit(argument->arguments[0]);
    code_.leave_scopes(outside);
    code_.add({.run = &run_end});
    parts_.infos[info]->lambdas.push_back(std::move(body));
    code_.land({jump});
  }
}

}  // namespace penstock::expression
