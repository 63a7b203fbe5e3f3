// operators/expression/function_table.h -- all functions of expressions, in one table that also documents them.
//
// A function is described by overloads, where text says the types and the row of the table is all there is:
//
//     {"lpad", "lpad(text, length[, fill])", "Text filled up on the left.", 2, 3,
//      {{"string, int > string", strict<&lpad>}, ...}}
//
// Words of a signature: boolean tinyint smallint int bigint float double string binary date timestamp timestamp_ntz
// interval, "any" (of any type, as it is), "numeric" (any number, as it is), "..." behind the last: any number more.
// The result is such a word, or "#1": the type of the first argument. A function whose types need more thought has a
// `build` instead.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

// A lambda whose body can be bound once the types of its variables are known.
struct LambdaArgument {
  size_t variables = 0;
  // lint: allow(hot) of compilation
  std::function<Result<BoundPtr>(std::span<const DataType> types)>
      bind;  // The result is a kLambda.
};

struct Argument {
  BoundPtr value;  // nullptr when it is a lambda.
  // lint: allow(hot) of compilation
  std::shared_ptr<const LambdaArgument> lambda;
  std::string name;  // The alias, or the last part of the name of a column; may be empty.
};

struct BuildContext {
  const Settings& settings;
  std::string_view function;
};

using Arguments = std::vector<Argument>;
// Errors say cause and remedy; the caller adds the place.
using Build = Result<BoundPtr> (*)(const BuildContext& context, const Arguments& arguments);

struct Overload {
  std::string_view signature;
  CallCode code;
};

inline constexpr size_t kAnyCount = 1'000'000;

struct FunctionEntry {
  std::string_view names;  // The name and, after blanks, other names of the same function.
  std::string_view usage;
  std::string_view documentation;
  size_t arguments_min = 0;
  size_t arguments_max = 0;
  std::vector<Overload> overloads;
  Build build = nullptr;
  bool deterministic = true;
};

struct FunctionFamily {
  std::string_view title;
  std::span<const FunctionEntry> functions;
};

// In the order of the documentation.
std::span<const FunctionFamily> function_families();
// By any of its names, in lower case; nullptr when there is none.
const FunctionEntry* find_function(std::string_view name);
std::vector<std::string> function_names();
// The page docs/functions.md.
std::string functions_page();

// The call of a function, its arguments cast to what it takes and folded when they are constants.
Result<BoundPtr> build_function(std::string_view name, const Arguments& arguments,
                                const Settings& settings);
// The same for arguments that are values.
Result<BoundPtr> build_function(std::string_view name, std::vector<BoundPtr> values,
                                const Settings& settings);
// By overloads alone: for builders that only prepare something first.
Result<BoundPtr> build_overload(const BuildContext& context, std::span<const Overload> overloads,
                                const std::vector<BoundPtr>& values, CallOptions options = {});

// For builders: an error "FUNCTION: cause; remedy".
Status function_error(const BuildContext& context, std::string_view text);
std::vector<BoundPtr> values_of(const Arguments& arguments);
// The text of an argument that must be constant; an error otherwise. A null gives "".
Result<std::string> constant_text(const BuildContext& context, const BoundPtr& value,
                                  std::string_view what);

}  // namespace penstock::expression
