// operators/expression/functions/json_schema.h -- the type that a JSON document has.
#pragma once

#include <optional>
#include <string_view>

#include "penstock/core/row/data_type.h"
#include "penstock/core/row/json_reader.h"

namespace penstock::expression {

// Integers are BIGINT, larger ones DECIMAL, fractions DOUBLE, nulls STRING; members are sorted by name. None for
// text that is no JSON.
std::optional<DataType> infer_json_type(std::string_view text, const JsonSyntax& syntax);

}  // namespace penstock::expression
