// AND, OR, CASE and COALESCE: jumps over what is not needed, or choices without jumps.
#include "penstock/operators/expression/expression_compiler.h"
#include "penstock/operators/expression/flow_instructions.h"

namespace penstock::expression {
namespace {

// Choosing among more computes too much that is not needed.
constexpr std::size_t kChoicesMax = 4;

// Whether the instruction has the constant that it compares with: then b is free.
bool has_constant(const Bound& comparison) {
  const auto& all = comparison.arguments;
  const BoundPtr& constant = all[0]->is_constant() ? all[0] : all[1];
  return constant->is_constant() && all[0]->is_constant() != all[1]->is_constant() &&
         !is_nan(*constant) &&
         comparison.forms->run(Use::kChoice, Place::kRegister, Place::kConstant) != nullptr;
}

}  // namespace

std::size_t ExpressionCompiler::emit_settling(const BoundPtr& node, bool settling,
                                              std::uint32_t out) {
  if (!settling && settles(node)) return code_.add(operation(*node, Use::kJumpUnless, out));
  const Run first = settling ? &run_first<true> : &run_first<false>;
  const std::uint32_t value = emit(node);
  return code_.add({.run = first, .out = out, .a = value});
}

void ExpressionCompiler::emit_logic(const Bound& node, std::uint32_t out) {
  const bool settling = node.kind == BoundKind::kOr;  // What ends it.
  if (node.arguments.size() <= kChoicesMax && are_quick(node.arguments)) {
    const std::size_t last = node.arguments.size() - 1;
    code_.add(operation(*node.arguments[0], Use::kHold, out));
    for (std::size_t i = 1; i < last; ++i)
      code_.add(operation(*node.arguments[i], settling ? Use::kOrHold : Use::kAndHold, out));
    code_.add(operation(*node.arguments[last], settling ? Use::kOr : Use::kAnd, out));
    return;
  }
  const bool present = presences_.hold(node.arguments);
  const std::size_t depth = code_.scopes();
  Jumps jumps;
  for (std::size_t i = 0; i < node.arguments.size(); ++i) {
    const BoundPtr& argument = node.arguments[i];
    if (present && i + 1 == node.arguments.size()) {
      emit_into(argument, out);
    } else if (present || i == 0) {
      jumps.push_back(emit_settling(argument, settling, out));
    } else {
      const Run next = settling ? &run_next<true> : &run_next<false>;
      const std::uint32_t value = emit(argument);
      jumps.push_back(code_.add({.run = next, .out = out, .a = value}));
    }
    if (i == 0) code_.enter_scope();  // What comes after may be jumped over.
  }
  code_.leave_scopes(depth);
  code_.land(jumps);
}

void ExpressionCompiler::emit_unless(const BoundPtr& condition, std::uint32_t scratch,
                                     Jumps& jumps) {
  if (condition->kind == BoundKind::kAnd && code_.find(condition) == nullptr &&
      presences_.hold(condition->arguments)) {
    for (const BoundPtr& part : condition->arguments) {
      emit_unless(part, scratch, jumps);
      code_.enter_scope();
    }
  } else if (settles(condition)) {
    jumps.push_back(code_.add(operation(*condition, Use::kJumpUnless, scratch)));
  } else {
    const std::uint32_t value = emit(condition);
    jumps.push_back(code_.add({.run = &run_jump_unless_true, .a = value}));
  }
}

void ExpressionCompiler::emit_case(const Bound& node, std::uint32_t out) {
  if (are_choices(node)) return emit_choices(node, out);
  const std::size_t depth = code_.scopes();
  Jumps ends;
  for (std::size_t i = 0; i + 1 < node.arguments.size(); i += 2) {
    const std::size_t inner = code_.scopes();
    Jumps over;
    emit_unless(node.arguments[i], out, over);
    code_.enter_scope();
    emit_into(node.arguments[i + 1], out);
    code_.leave_scopes(inner);
    ends.push_back(code_.add({.run = &run_jump}));
    code_.land(over);
    if (i == 0) code_.enter_scope();
  }
  emit_into(node.arguments.back(), out);
  code_.leave_scopes(depth);
  code_.land(ends);
}

bool ExpressionCompiler::is_leaf(const BoundPtr& node) {
  return node->kind == BoundKind::kColumn || code_.stands_in_register(node);
}

bool ExpressionCompiler::are_quick(const std::vector<BoundPtr>& conditions) {
  for (const BoundPtr& condition : conditions) {
    if (!settles(condition)) return false;
    for (const BoundPtr& operand : condition->arguments)
      if (!is_leaf(operand)) return false;
  }
  return true;
}

bool ExpressionCompiler::are_choices(const Bound& node) {
  const auto& all = node.arguments;
  if (all.size() / 2 > kChoicesMax || !is_leaf(all.back())) return false;
  std::vector<BoundPtr> conditions;
  for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
    if (!is_leaf(all[i + 1])) return false;
    conditions.push_back(all[i]);
  }
  return are_quick(conditions);
}

void ExpressionCompiler::emit_choices(const Bound& node, std::uint32_t out) {
  const auto& all = node.arguments;
  std::vector<std::uint32_t> values;
  for (std::size_t i = 1; i < all.size(); i += 2) values.push_back(emit(all[i]));
  std::uint32_t otherwise = emit(all.back());
  for (std::size_t i = values.size(); i-- > 0; otherwise = out) {
    const Bound& condition = *all[2 * i];
    const bool has_room = has_constant(condition);
    if (!has_room && otherwise != out) code_.add({.run = &run_copy, .out = out, .a = otherwise});
    Instruction choice = operation(condition, Use::kChoice, out);
    choice.target = values[i];
    if (has_room) choice.b = otherwise;
    code_.add(choice);
  }
}

void ExpressionCompiler::emit_coalesce(const Bound& node, std::uint32_t out) {
  const std::size_t depth = code_.scopes();
  Jumps ends;
  for (const BoundPtr& argument : node.arguments) {
    emit_into(argument, out);
    if (argument == node.arguments.back()) break;
    ends.push_back(code_.add({.run = &run_jump_if_present, .a = out}));
    if (ends.size() == 1) code_.enter_scope();
  }
  code_.leave_scopes(depth);
  code_.land(ends);
}

}  // namespace penstock::expression
