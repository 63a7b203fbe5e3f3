// The names of types as functions: int(x), string(x).
#include "penstock/core/row/type_text.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Result<BoundPtr> build_cast(const BuildContext& context, const Arguments& arguments) {
  Result<DataType> type = parse_type(context.function);
  if (!type.ok()) return type.status();
  return make_cast(arguments[0].value, *type, context.settings);
}

const FunctionEntry kFunctions[] = {
    {"boolean", "boolean(a)", "CAST(a AS BOOLEAN).", 1, 1, {}, &build_cast},
    {"tinyint", "tinyint(a)", "CAST(a AS TINYINT).", 1, 1, {}, &build_cast},
    {"smallint", "smallint(a)", "CAST(a AS SMALLINT).", 1, 1, {}, &build_cast},
    {"int", "int(a)", "CAST(a AS INT).", 1, 1, {}, &build_cast},
    {"bigint", "bigint(a)", "CAST(a AS BIGINT).", 1, 1, {}, &build_cast},
    {"float", "float(a)", "CAST(a AS FLOAT).", 1, 1, {}, &build_cast},
    {"double", "double(a)", "CAST(a AS DOUBLE).", 1, 1, {}, &build_cast},
    {"decimal", "decimal(a)", "CAST(a AS DECIMAL(10,0)).", 1, 1, {}, &build_cast},
    {"string", "string(a)", "CAST(a AS STRING).", 1, 1, {}, &build_cast},
    {"binary", "binary(a)", "CAST(a AS BINARY).", 1, 1, {}, &build_cast},
    {"date", "date(a)", "CAST(a AS DATE).", 1, 1, {}, &build_cast},
    {"timestamp", "timestamp(a)", "CAST(a AS TIMESTAMP).", 1, 1, {}, &build_cast},
};

}  // namespace

std::span<const FunctionEntry> cast_functions() { return kFunctions; }

}  // namespace penstock::expression
