// operators/expression/type_rules.h -- which type two operands meet in and which casts are implicit: Spark's rules.
#pragma once

#include <optional>
#include <span>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

// Of CASE, COALESCE, IN, arrays, greatest: the type that holds both; text takes every scalar in.
std::optional<DataType> common_type(const DataType& a, const DataType& b);
std::optional<DataType> common_type(std::span<const BoundPtr> values);
// Of =, <, ...: text becomes what it is compared with.
std::optional<DataType> comparison_type(const DataType& a, const DataType& b);

// Whether CAST knows the way.
bool can_cast(const DataType& from, const DataType& to);
// What an argument costs where `to` is asked for: 0 as it is, more the further; negative: CAST must be written.
int implicit_cast_cost(const DataType& from, const DataType& to);
// Whether cells of both types are the same bytes.
bool same_cells(const DataType& from, const DataType& to);
// Whether values of a type have an order; maps have none.
bool is_orderable(const DataType& type);
bool contains_map(const DataType& type);

// CAST(value AS type). With `try_only` a failure is a null under ANSI too.
Result<BoundPtr> make_cast(const BoundPtr& value, const DataType& type, const Settings& settings,
                           bool try_only = false);
// A cast that the rules above have found possible.
BoundPtr coerce(const BoundPtr& value, const DataType& type, const Settings& settings);

}  // namespace penstock::expression
