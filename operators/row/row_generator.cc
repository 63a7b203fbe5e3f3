#include "penstock/operators/row/row_generator.h"

#include <algorithm>

namespace penstock {

namespace {

std::size_t size_of(const Cell& collection, const DataType& type) noexcept {
  if (collection.null) return 0;
  return type.is(TypeKind::kMap) ? MapView(collection).size() : ArrayView(collection).size();
}

}  // namespace

std::size_t RowGenerator::row_count(const expression::Evaluator& evaluator) const noexcept {
  if (kind == Kind::kTuple || kind == Kind::kStack) return rows;
  return std::max<std::size_t>(size_of(evaluator.result(before), type), outer ? 1 : 0);
}

void RowGenerator::write_row(const expression::Evaluator& evaluator, std::size_t row,
                             std::span<Cell> own) const noexcept {
  if (kind == Kind::kTuple || kind == Kind::kStack) {
    for (std::size_t i = 0; i < columns; ++i) own[i] = evaluator.result(before + row * columns + i);
    return;
  }
  const Cell collection = evaluator.result(before);
  std::fill(own.begin(), own.end(), Cell::of_null());
  if (row >= size_of(collection, type)) return;  // The one row of an _outer kind.
  if (with_position) own[0] = Cell::of_number(static_cast<std::int64_t>(row));
  write_element(collection, row, own.subspan(with_position ? 1 : 0));
}

void RowGenerator::write_element(const Cell& collection, std::size_t i,
                                 std::span<Cell> own) const noexcept {
  if (type.is(TypeKind::kMap)) {
    const MapView map(collection);
    own[0] = map.keys().cell(i, type.key());
    own[1] = map.values().cell(i, type.value());
    return;
  }
  const Cell element = ArrayView(collection).cell(i, type.element());
  if (kind == Kind::kExplode) {
    own[0] = element;
    return;
  }
  if (element.null) return;
  const RowView structure(element, own.size());
  for (std::size_t field = 0; field < own.size(); ++field)
    own[field] = structure.cell(field, type.element().fields()[field].type);
}

}  // namespace penstock
