// operators/expression/functions/families.h -- the families of the function table, one file each.
#pragma once

#include <span>

#include "penstock/operators/expression/function_table.h"

namespace penstock::expression {

std::span<const FunctionEntry> arithmetic_functions();
std::span<const FunctionEntry> comparison_functions();
std::span<const FunctionEntry> conditional_functions();
std::span<const FunctionEntry> math_functions();
std::span<const FunctionEntry> bitwise_functions();
std::span<const FunctionEntry> cast_functions();
std::span<const FunctionEntry> string_functions();
std::span<const FunctionEntry> string_search_functions();
std::span<const FunctionEntry> string_format_functions();
std::span<const FunctionEntry> encoding_functions();
std::span<const FunctionEntry> hash_functions();
std::span<const FunctionEntry> date_field_functions();
std::span<const FunctionEntry> date_arithmetic_functions();
std::span<const FunctionEntry> date_part_functions();
std::span<const FunctionEntry> date_text_functions();
std::span<const FunctionEntry> json_functions();
std::span<const FunctionEntry> array_functions();
std::span<const FunctionEntry> array_set_functions();
std::span<const FunctionEntry> lambda_functions();
std::span<const FunctionEntry> map_functions();
std::span<const FunctionEntry> regex_functions();

}  // namespace penstock::expression
