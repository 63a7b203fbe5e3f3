// Forms of operations: by where their operands stand and what becomes of the outcome.
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "penstock/operators/expression/expression_compiler.h"

namespace penstock::expression {

bool is_nan(const Bound& constant) noexcept {
  return (constant.type.is(TypeKind::kDouble) && std::isnan(constant.value.real)) ||
         (constant.type.is(TypeKind::kFloat) && std::isnan(constant.value.single));
}

namespace {

// False for a text that is too long to stand in the instruction.
bool put_constant(const Bound& constant, Instruction& instruction) noexcept {
  instruction.extra.constant = constant.value.number;
  if (cell_form(constant.type) != CellForm::kBytes) return true;
  const std::string_view text = constant.value.bytes();
  if (text.empty() || text.size() > sizeof instruction.extra.constant) return false;
  instruction.b = static_cast<std::uint32_t>(text.size());
  instruction.extra.constant = 0;
  std::memcpy(&instruction.extra.constant, text.data(), text.size());
  return true;
}

}  // namespace

ExpressionCompiler::Scaled ExpressionCompiler::scaled_column(const BoundPtr& node,
                                                             const OperandForms& forms) {
  if (forms.scaled == nullptr || node->forms != forms.scaled || code_.find(node) != nullptr)
    return {};
  for (const std::size_t column : {0U, 1U}) {
    const BoundPtr& constant = node->arguments[1 - column];
    if (code_.is_unread_column(node->arguments[column]) && constant->is_constant())
      return {node->arguments[column].get(), constant.get()};
  }
  return {};
}

Place ExpressionCompiler::place_second(const BoundPtr& operand, const OperandForms& forms, Use use,
                                       Place first, Instruction& instruction) {
  if (operand->is_constant() && !operand->is_null() && !is_nan(*operand) &&
      forms.run(use, first, Place::kConstant) != nullptr && put_constant(*operand, instruction))
    return Place::kConstant;
  if (forms.run(use, Place::kRegister, Place::kScaledColumn) != nullptr) {
    if (const auto [column, constant] = scaled_column(operand, forms); column != nullptr) {
      instruction.b = column->index;
      instruction.extra.constant = constant->value.number;
      return Place::kScaledColumn;
    }
  }
  const bool in_place = code_.is_unread_column(operand);
  instruction.b = in_place ? operand->index : emit(operand);
  return in_place ? Place::kColumn : Place::kRegister;
}

bool ExpressionCompiler::is_carried(const BoundPtr& node, const OperandForms& forms, Use use) {
  return use != Use::kValue && forms.has(use, Place::kCarried) && node->forms != nullptr &&
         node->forms->has(Use::kCarry) && identities_.is_used_once(node) &&
         code_.find(node) == nullptr && presences_.hold(node->arguments);
}

Instruction ExpressionCompiler::operation(const Bound& node, Use use, std::uint32_t out) {
  const OperandForms* forms = node.forms;
  BoundPtr first = node.arguments[0];
  BoundPtr second = node.arguments[1];
  if (use == Use::kValue && presences_.hold(node.arguments)) use = Use::kPresentValue;
  if (forms->mirrored != nullptr && (first->is_constant() || (is_carried(second, *forms, use) &&
                                                              !is_carried(first, *forms, use)))) {
    std::swap(first, second);
    forms = forms->mirrored;
  }
  Instruction instruction{.out = out};
  // What is carried must be made last.
  const bool carried = is_carried(first, *forms, use);
  Place place = carried ? Place::kCarried : Place::kRegister;
  if (!carried && code_.is_unread_column(first)) place = Place::kColumn;
  if (place == Place::kColumn) instruction.a = first->index;
  if (place == Place::kRegister) instruction.a = emit(first);
  const Place second_place = place_second(second, *forms, use, place, instruction);
  if (carried) code_.add(operation(*first, Use::kCarry, 0));
  instruction.run = forms->run(use, place, second_place);
  return instruction;
}

bool ExpressionCompiler::settles(const BoundPtr& node) {
  return node->forms != nullptr && node->forms->has(Use::kChoice) && code_.find(node) == nullptr &&
         presences_.hold(node->arguments);
}

}  // namespace penstock::expression
