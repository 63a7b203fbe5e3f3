#include "penstock/operators/expression/code_builder.h"

namespace penstock::expression {

void CodeBuilder::land(const Jumps& jumps) {
  for (const std::size_t jump : jumps)
    code_[jump].target = static_cast<std::uint32_t>(code_.size() - jump);
}

std::uint32_t CodeBuilder::new_register() {
  parts_.registers.push_back(Cell::of_null());
  return static_cast<std::uint32_t>(parts_.registers.size() - 1);
}

std::uint32_t CodeBuilder::constant_register(const BoundPtr& node) {
  const auto [place, is_new] = constants_.emplace(identities_.of(node), 0);
  if (!is_new) return place->second;
  place->second = new_register();
  parts_.registers[place->second] = node->value;
  if (node->bytes != nullptr) parts_.owned.push_back(node->bytes);
  return place->second;
}

const std::uint32_t* CodeBuilder::find(const BoundPtr& node) {
  const std::uint64_t id = identities_.of(node);
  for (const Scope& scope : scopes_) {
    if (const auto found = scope.find(id); found != scope.end()) return &found->second;
  }
  return nullptr;
}

void CodeBuilder::remember(const BoundPtr& node, std::uint32_t place) {
  scopes_.back()[identities_.of(node)] = place;
}

}  // namespace penstock::expression
