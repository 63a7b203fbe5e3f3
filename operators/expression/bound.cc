#include "penstock/operators/expression/bound.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "penstock/operators/expression/compiler.h"
#include "penstock/operators/expression/program.h"

namespace penstock::expression {
namespace {

BoundPtr finish(Bound node) {
  for (const BoundPtr& argument : node.arguments) {
    node.height = std::max(node.height, argument->height + 1);
    node.deterministic = node.deterministic && argument->deterministic;
  }
  return std::make_shared<const Bound>(std::move(node));
}

void collect_columns(const BoundPtr& node, std::unordered_set<const Bound*>& seen,
                     std::set<uint32_t>& columns) {
  if (!seen.insert(node.get()).second) return;
  if (node->kind == BoundKind::kColumn) columns.insert(node->index);
  for (const BoundPtr& argument : node->arguments) collect_columns(argument, seen, columns);
}

bool all_constant(const Bound& node) {
  return std::all_of(node.arguments.begin(), node.arguments.end(),
                     [](const BoundPtr& a) { return a->is_constant(); });
}

}  // namespace

BoundPtr make_constant(const DataType& type, const Cell& value) {
  Bound node;
  node.type = type;
  node.nullable = value.null;
  node.value = value;
  if (!value.null && cell_form(type) == CellForm::kBytes) {
    node.bytes = std::make_shared<const std::string>(value.bytes());
    node.value = Cell::of_bytes(*node.bytes);
  }
  return finish(std::move(node));
}

BoundPtr make_literal(const DataType& type, const Cell& value) {
  Bound node = *make_constant(type, value);
  node.literal = true;
  return finish(std::move(node));
}

BoundPtr make_null(const DataType& type) { return make_constant(type, Cell::of_null()); }
BoundPtr make_boolean(bool value) {
  return make_constant(TypeKind::kBoolean, Cell::of_boolean(value));
}
BoundPtr make_text(std::string_view text) {
  return make_constant(TypeKind::kString, Cell::of_bytes(text));
}
BoundPtr make_int(int64_t value) { return make_constant(TypeKind::kInt, Cell::of_number(value)); }

BoundPtr make_column(uint32_t index, const DataType& type, bool nullable) {
  Bound node;
  node.kind = BoundKind::kColumn;
  node.index = index;
  node.type = type;
  node.nullable = nullable;
  return finish(std::move(node));
}

BoundPtr make_variable(uint32_t index, const DataType& type) {
  Bound node;
  node.kind = BoundKind::kVariable;
  node.index = index;
  node.type = type;
  return finish(std::move(node));
}

BoundPtr make_lambda(BoundPtr body, std::vector<uint32_t> variables) {
  Bound node;
  node.kind = BoundKind::kLambda;
  node.type = body->type;
  node.nullable = body->nullable;
  node.variables = std::move(variables);
  node.arguments.push_back(std::move(body));
  return finish(std::move(node));
}

BoundPtr make_flow(BoundKind kind, const DataType& type, std::vector<BoundPtr> arguments) {
  Bound node;
  node.kind = kind;
  node.type = type;
  node.arguments = std::move(arguments);
  const auto nullable = [](const BoundPtr& a) { return a->nullable; };
  const auto& all = node.arguments;
  if (kind == BoundKind::kAnd || kind == BoundKind::kOr)
    node.nullable = std::any_of(all.begin(), all.end(), nullable);
  if (kind == BoundKind::kCoalesce) node.nullable = std::all_of(all.begin(), all.end(), nullable);
  return finish(std::move(node));
}

BoundPtr make_call(std::string_view name, const CallCode& code, const DataType& type,
                   std::vector<BoundPtr> arguments, CallOptions options) {
  Bound node;
  node.kind = BoundKind::kCall;
  node.name = name;
  node.code = code;
  node.type = type;
  node.deterministic = options.deterministic;
  node.nullable = options.nullable;
  node.total = options.total;
  node.prepared = std::move(options.prepared);
  node.arguments = std::move(arguments);
  return finish(std::move(node));
}

BoundPtr make_operation(std::string_view name, const OperandForms& forms, const DataType& type,
                        std::vector<BoundPtr> arguments, bool nullable) {
  Bound node;
  node.kind = BoundKind::kCall;
  node.name = name;
  node.forms = &forms;
  node.type = type;
  node.nullable = nullable;
  node.total = forms.total;
  node.arguments = std::move(arguments);
  return finish(std::move(node));
}

std::vector<uint32_t> columns_of(const std::vector<BoundPtr>& expressions) {
  std::unordered_set<const Bound*> seen;
  std::set<uint32_t> columns;
  for (const BoundPtr& expression : expressions) collect_columns(expression, seen, columns);
  return {columns.begin(), columns.end()};
}

BoundPtr fold(const BoundPtr& expression, const Settings& settings) {
  const Bound& node = *expression;
  if (node.kind < BoundKind::kCall || node.kind == BoundKind::kLambda) return expression;
  if (!node.deterministic || !all_constant(node)) return expression;
  Result<Program> program = compile_program({expression}, settings);
  if (!program.ok()) return expression;
  Evaluator evaluator(*program);
  const Cell value = evaluator.evaluate(RowView());
  if (evaluator.failed()) return expression;  // It may never be reached; if it is, it fails then.
  return make_constant(node.type, value);
}

}  // namespace penstock::expression
