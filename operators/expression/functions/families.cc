#include "penstock/operators/expression/functions/families.h"

namespace penstock::expression {

std::span<const FunctionFamily> function_families() {
  static const FunctionFamily kFamilies[] = {
      {"Comparison and logic", comparison_functions()},
      {"Conditions and nulls", conditional_functions()},
      {"Arithmetic", arithmetic_functions()},
      {"Bits", bitwise_functions()},
      {"Mathematics", math_functions()},
      {"Casts", cast_functions()},
      {"Texts", string_functions()},
      {"Searching in texts", string_search_functions()},
      {"Formatting", string_format_functions()},
      {"Encoding", encoding_functions()},
      {"Digests and hashes", hash_functions()},
      {"Parts of dates and times", date_field_functions()},
      {"Dates and times from others", date_arithmetic_functions()},
      {"Dates and times from parts", date_part_functions()},
      {"Dates and times as text", date_text_functions()},
      {"JSON", json_functions()},
      {"Patterns", regex_functions()},
      {"Arrays", array_functions()},
      {"Arrays as sets", array_set_functions()},
      {"Maps and structs", map_functions()},
      {"Lambdas", lambda_functions()},
  };
  return kFamilies;
}

}  // namespace penstock::expression
