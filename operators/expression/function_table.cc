#include "penstock/operators/expression/function_table.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

const std::unordered_map<std::string_view, const FunctionEntry*>& index() {
  static const auto* names = [] {
    auto* map = new std::unordered_map<std::string_view, const FunctionEntry*>();
    for (const FunctionFamily& family : function_families()) {
      for (const FunctionEntry& entry : family.functions) {
        for (const std::string_view name : split(entry.names, " ")) map->emplace(name, &entry);
      }
    }
    return map;
  }();
  return *names;
}

std::optional<DataType> word_type(std::string_view word) {
  static const std::pair<std::string_view, DataType> kWords[] = {
      {"boolean", TypeKind::kBoolean},
      {"tinyint", TypeKind::kByte},
      {"smallint", TypeKind::kShort},
      {"int", TypeKind::kInt},
      {"bigint", TypeKind::kLong},
      {"float", TypeKind::kFloat},
      {"double", TypeKind::kDouble},
      {"string", TypeKind::kString},
      {"binary", TypeKind::kBinary},
      {"date", TypeKind::kDate},
      {"timestamp", TypeKind::kTimestamp},
      {"timestamp_ntz", TypeKind::kTimestampNtz},
      {"interval", TypeKind::kCalendarInterval},
      {"strings", DataType::array(TypeKind::kString)}};
  for (const auto& [name, type] : kWords) {
    if (name == word) return type;
  }
  return std::nullopt;
}

struct Signature {
  std::vector<std::string_view> parameters;
  std::string_view result;
  bool repeats = false;

  explicit Signature(std::string_view text) {
    const size_t arrow = text.find('>');
    parameters = split(text.substr(0, arrow), ", ");
    result = split(text.substr(arrow + 1), " ").front();
    if (!parameters.empty() && parameters.back() == "...") {
      repeats = true;
      parameters.pop_back();
    }
  }
  bool takes(size_t count) const {
    return repeats ? count >= parameters.size() : count == parameters.size();
  }
  std::string_view parameter(size_t i) const {
    return parameters[std::min(i, parameters.size() - 1)];
  }

  // Negative when the values do not fit.
  int cost(const std::vector<BoundPtr>& values) const {
    if (!takes(values.size())) return -1;
    int total = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto type = word_type(parameter(i));
      const bool number = parameter(i) == "numeric";
      const bool fits =
          !number || values[i]->type.is_numeric() || values[i]->type.is(TypeKind::kNull);
      const int one = type ? implicit_cast_cost(values[i]->type, *type) : (fits ? 1 : -1);
      if (one < 0) return -1;
      total += one;
    }
    return total;
  }
};

std::string types_of(const std::vector<BoundPtr>& values) {
  std::string text;
  for (const BoundPtr& value : values) text += (text.empty() ? "" : ", ") + value->type.to_string();
  return text;
}

Status wrong_count(const FunctionEntry& entry, std::string_view name, size_t count) {
  std::string wanted = std::to_string(entry.arguments_min);
  if (entry.arguments_max == kAnyCount) {
    wanted += " or more";
  } else if (entry.arguments_max != entry.arguments_min) {
    wanted += " to " + std::to_string(entry.arguments_max);
  }
  return Status::invalid_argument(std::string(name) + " takes " + wanted + " argument(s), not " +
                                  std::to_string(count) + "; write " + std::string(entry.usage));
}

}  // namespace

const FunctionEntry* find_function(std::string_view name) {
  const auto found = index().find(name);
  return found == index().end() ? nullptr : found->second;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const auto& [name, entry] : index()) names.emplace_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Status function_error(const BuildContext& context, std::string_view text) {
  return Status::invalid_argument(std::string(context.function) + ": " + std::string(text));
}

std::vector<BoundPtr> values_of(const Arguments& arguments) {
  std::vector<BoundPtr> values;
  for (const Argument& argument : arguments) values.push_back(argument.value);
  return values;
}

Result<std::string> constant_text(const BuildContext& context, const BoundPtr& value,
                                  std::string_view what) {
  if (!value->is_constant() || !(value->type.is(TypeKind::kString) || value->is_null())) {
    return function_error(context,
                          std::string(what) + " must be a constant string; write it as 'text'");
  }
  return value->is_null() ? std::string() : std::string(value->value.bytes());
}

Result<BoundPtr> build_overload(const BuildContext& context, std::span<const Overload> overloads,
                                const std::vector<BoundPtr>& values, CallOptions options) {
  const Overload* best = nullptr;
  int best_cost = 0;
  for (const Overload& overload : overloads) {
    const int cost = Signature(overload.signature).cost(values);
    if (cost < 0 || (best != nullptr && cost >= best_cost)) continue;
    best = &overload;
    best_cost = cost;
  }
  if (best == nullptr) {
    std::string accepted;
    for (const Overload& overload : overloads) {
      const std::string_view text = overload.signature.substr(0, overload.signature.find(" >"));
      accepted += (accepted.empty() ? "(" : " or (") + std::string(text) + ")";
    }
    return Status::invalid_argument(std::string(context.function) + " does not take (" +
                                    types_of(values) + "); it takes " + accepted +
                                    ", so cast the arguments");
  }
  const Signature signature(best->signature);
  std::vector<BoundPtr> arguments;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto type = word_type(signature.parameter(i));
    arguments.push_back(type ? coerce(values[i], *type, context.settings) : values[i]);
  }
  const DataType type =
      signature.result == "#1" ? values[0]->type : word_type(signature.result).value_or(DataType());
  return fold(
      make_call(context.function, best->code, type, std::move(arguments), std::move(options)),
      context.settings);
}

Result<BoundPtr> build_function(std::string_view name, const Arguments& arguments,
                                const Settings& settings) {
  const FunctionEntry* entry = find_function(name);
  if (entry == nullptr)
    return Status::invalid_argument("there is no function " + std::string(name) +
                                    "; see docs/functions.md");
  const std::string_view main_name = entry->names.substr(0, entry->names.find(' '));
  const std::string_view shown =
      std::isalpha(static_cast<unsigned char>(name[0])) != 0 ? main_name : name;
  if (arguments.size() < entry->arguments_min || arguments.size() > entry->arguments_max) {
    return wrong_count(*entry, shown, arguments.size());
  }
  const BuildContext context{settings, index().find(name)->first};
  const std::span<const FunctionEntry> with_lambdas = lambda_functions();
  const bool takes_lambdas =
      entry >= with_lambdas.data() && entry < with_lambdas.data() + with_lambdas.size();
  if (!takes_lambdas && std::any_of(arguments.begin(), arguments.end(),
                                    [](const Argument& a) { return a.lambda != nullptr; })) {
    return function_error(context, "takes no lambda; pass a value");
  }
  if (entry->build != nullptr) {
    Result<BoundPtr> built = entry->build(context, arguments);
    return built.ok() ? fold(*built, settings) : built;
  }
  return build_overload(context, entry->overloads, values_of(arguments),
                        {.deterministic = entry->deterministic});
}

Result<BoundPtr> build_function(std::string_view name, std::vector<BoundPtr> values,
                                const Settings& settings) {
  Arguments arguments;
  for (BoundPtr& value : values) arguments.push_back({std::move(value), nullptr, ""});
  return build_function(name, arguments, settings);
}

std::string functions_page() {
  std::string page =
      "# Functions\n\n"
      "Every function and operator of expressions. Arguments are cast as Spark casts them; unless "
      "the text says otherwise, a\n"
      "null argument gives null. This page is generated from the table that the engine itself "
      "uses: a test says so when it is\n"
      "old, and `tools/conformance --functions` prints it anew.\n\n"
      "None of them allocates memory per record, but for these: patterns, paths, formats and zones "
      "that are no constants, numbers\n"
      "of `format_string` of more than 15 characters, BINARY in `from_json`, names and texts of "
      "JSON "
      "with escapes, maps that are\n"
      "compared or hashed, and errors.\n";
  for (const FunctionFamily& family : function_families()) {
    page += "\n## " + std::string(family.title) +
            "\n\n| function | what it gives | other names |\n| --- | --- | --- |\n";
    for (const FunctionEntry& entry : family.functions) {
      std::string usage;
      for (const char c : entry.usage) usage += c == '|' ? "\\|" : std::string(1, c);
      const size_t blank = entry.names.find(' ');
      page += "| `" + usage + "` | " + std::string(entry.documentation) + " | ";
      page += (blank == std::string_view::npos ? "" : std::string(entry.names.substr(blank + 1))) +
              " |\n";
    }
  }
  return page;
}

}  // namespace penstock::expression
