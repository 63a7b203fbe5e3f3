// core/row/type_text.h -- reads the text of types and schemas, as Spark's DDL writes them.
//
//     array<struct<a:int,b:string>>        id STRING, tags ARRAY<STRING> NOT NULL, `a b` DECIMAL(10, 2) COMMENT 'x'
//
// Names of types in any case; a colon between name and type of a field may be left out.
// Errors      Invalid argument with line, column, what stands there and what could. Depth and size are bounded, so
//             text of strangers does no harm.
#pragma once

#include <cstddef>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

inline constexpr std::size_t kTypeTextBytesMax = 1 << 20;
inline constexpr int kTypeDepthMax = 100;

Result<DataType> parse_type(std::string_view text);

// A list of columns, or "struct<...>". An empty text is a schema without columns.
Result<Schema> parse_schema(std::string_view text);

// Reads one type at the start of `text` and says in `used` how many bytes it took: for CAST(x AS type).
Result<DataType> parse_type_prefix(std::string_view text, std::size_t& used);

}  // namespace penstock
