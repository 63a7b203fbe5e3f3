#include "penstock/operators/expression/identities.h"

#include <utility>

namespace penstock::expression {
namespace {

std::string content(const Bound& node) {
  if (cell_form(node.type) == CellForm::kBytes) return std::string(node.value.bytes());
  return std::string(reinterpret_cast<const char*>(&node.value.number), sizeof node.value.number);
}

}  // namespace

std::uint64_t Identities::of(const BoundPtr& node) {
  if (const auto known = identities_.find(node.get()); known != identities_.end())
    return known->second;
  kept_.push_back(node);
  Shape shape{static_cast<std::uint64_t>(node->kind), node->index};
  std::uint64_t id = ++last_;
  if (node->is_constant()) {
    const std::string value = node->value.null ? "!" : "=" + content(*node);
    id = constants_.emplace(node->type.to_string() + value, id).first->second;
  } else if (node->deterministic && node->kind != BoundKind::kLambda) {
    shape.push_back(reinterpret_cast<std::uint64_t>(node->code.run));
    shape.push_back(reinterpret_cast<std::uint64_t>(node->forms));
    shape.push_back(reinterpret_cast<std::uint64_t>(node->prepared.get()));
    shape.push_back(constants_.emplace(node->type.to_string(), id).first->second);
    for (const BoundPtr& argument : node->arguments) shape.push_back(of(argument));
    id = shapes_.emplace(std::move(shape), id).first->second;
  }
  identities_.emplace(node.get(), id);
  return id;
}

void Identities::count_uses(const BoundPtr& node) {
  if (++uses_[of(node)] > 1) return;
  for (const BoundPtr& argument : node->arguments) count_uses(argument);
}

}  // namespace penstock::expression
