#include "penstock/operators/expression/presences.h"

#include <cstddef>

namespace penstock::expression {

bool Presences::hold(const std::vector<BoundPtr>& nodes) {
  const Presence all = of_all(nodes);
  if (all.present) columns_ |= all.columns;
  return all.present;
}

Presences::Presence Presences::of(const BoundPtr& node) {
  if (!node->nullable) return {true, 0};
  if (!assumes_columns_) return {};
  if (const auto known = presences_.find(node.get()); known != presences_.end())
    return known->second;
  kept_.push_back(node);
  return presences_[node.get()] = found(*node);
}

Presences::Presence Presences::of_all(const std::vector<BoundPtr>& nodes) {
  Presence all{true, 0};
  for (const BoundPtr& node : nodes) {
    const Presence one = of(node);
    all = {all.present && one.present, all.columns | one.columns};
  }
  return all;
}

Presences::Presence Presences::found(const Bound& node) {
  if (node.kind == BoundKind::kColumn && node.index < 64)
    return {true, std::uint64_t{1} << node.index};
  if (node.kind == BoundKind::kCase) {
    std::vector<BoundPtr> values{node.arguments.back()};
    for (std::size_t i = 1; i < node.arguments.size(); i += 2) values.push_back(node.arguments[i]);
    return of_all(values);
  }
  if (node.total || node.kind == BoundKind::kAnd || node.kind == BoundKind::kOr)
    return of_all(node.arguments);
  return {};
}

}  // namespace penstock::expression
