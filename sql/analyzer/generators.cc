#include "penstock/sql/analyzer/generators.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "penstock/operators/expression/compiler.h"
#include "penstock/operators/expression/function_table.h"
#include "penstock/operators/expression/type_rules.h"
#include "penstock/sql/parser/expression_parser.h"

namespace penstock::sql {
namespace {

using expression::BoundPtr;
using Kind = RowGenerator::Kind;

struct KnownGenerator {
  std::string_view name;
  Kind kind;
  bool with_position = false;
  bool outer = false;
};
constexpr KnownGenerator kGenerators[] = {
    {"explode", Kind::kExplode, false, false},
    {"explode_outer", Kind::kExplode, false, true},
    {"posexplode", Kind::kExplode, true, false},
    {"posexplode_outer", Kind::kExplode, true, true},
    {"inline", Kind::kInline, false, false},
    {"inline_outer", Kind::kInline, false, true},
    {"stack", Kind::kStack},
    {"json_tuple", Kind::kTuple},
};

constexpr size_t kStackRowsMax = 100'000;

const KnownGenerator* find_generator(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(kGenerators), std::end(kGenerators),
                                   [&](const KnownGenerator& one) { return one.name == name; });
  return found == std::end(kGenerators) ? nullptr : found;
}

Status in_text(std::string_view text, const Expression& at, std::string_view cause,
               std::string_view remedy) {
  return source_error(text, at.place, cause, remedy);
}

// Adds up the texts of a selection.
class SelectionBuilder {
 public:
  SelectionBuilder(const Schema& schema, const expression::Settings& settings)
      : schema_(schema), settings_(settings) {}

  Status add(std::string_view text) {
    Result<ExpressionPtr> parsed = parse_expression(text);
    if (!parsed.ok()) return parsed.status();
    const bool named = (*parsed)->kind == ExpressionKind::kAlias;
    const Expression& value = named ? *(*parsed)->arguments[0] : **parsed;
    const KnownGenerator* known =
        value.kind == ExpressionKind::kCall ? find_generator(value.text) : nullptr;
    if (known != nullptr)
      return add_generator(text, value, *known, named ? (*parsed)->text : std::string());
    Result<std::vector<Output>> outputs =
        analyze(text, *parsed, schema_, settings_, &next_variable_);
    if (!outputs.ok()) return outputs.status();
    for (const Output& one : *outputs) {
      values_.push_back(one.value);
      fields_.push_back({one.name, one.value->type, one.value->nullable});
    }
    return {};
  }

  Result<Selection> finish() {
    Result<expression::Program> program = expression::compile_program(values_, settings_);
    if (!program.ok()) return program.status();
    return Selection{std::move(*program), std::move(generator_), Schema(std::move(fields_))};
  }

 private:
  Status add_generator(std::string_view text, const Expression& call, const KnownGenerator& known,
                       const std::string& alias) {
    if (generator_) {
      return in_text(text, call, "a selection has one generator at most",
                     "select the others in a step of their own");
    }
    std::vector<BoundPtr> arguments;
    for (const ExpressionPtr& argument : call.arguments) {
      Result<std::vector<Output>> outputs =
          analyze(text, argument, schema_, settings_, &next_variable_);
      if (!outputs.ok()) return outputs.status();
      for (Output& one : *outputs) arguments.push_back(std::move(one.value));
    }
    generator_ = RowGenerator{.kind = known.kind,
                              .with_position = known.with_position,
                              .outer = known.outer,
                              .type = {},
                              .before = fields_.size()};
    const size_t columns_before = fields_.size();
    const Status added = known.kind == Kind::kStack   ? add_stack(text, call, arguments)
                         : known.kind == Kind::kTuple ? add_tuple(text, call, arguments)
                                                      : add_elements(text, call, arguments);
    if (!added.ok()) return added;
    generator_->columns = fields_.size() - columns_before;
    generator_->arguments = values_.size() - columns_before;
    if (alias.empty()) return {};
    if (generator_->columns != 1) {
      return in_text(text, call,
                     "one alias for " + std::to_string(generator_->columns) + " columns",
                     "leave it out and rename them in a step of their own");
    }
    fields_.back().name = alias;
    return {};
  }

  Status add_elements(std::string_view text, const Expression& call,
                      const std::vector<BoundPtr>& arguments) {
    const bool structs = generator_->kind == Kind::kInline;
    const DataType type = arguments.size() == 1 ? arguments[0]->type : DataType();
    const bool fits = type.is(TypeKind::kArray) ? !structs || type.element().is(TypeKind::kStruct)
                                                : type.is(TypeKind::kMap) && !structs;
    if (!fits) {
      return in_text(text, call,
                     call.text + " takes " +
                         (structs ? "an array of structs" : "an array or a map") +
                         (arguments.size() == 1 ? ", not " + type.to_string() : ""),
                     "give it one");
    }
    generator_->type = type;
    values_.push_back(arguments[0]);
    const bool outer = generator_->outer;
    if (generator_->with_position) fields_.push_back({"pos", TypeKind::kInt, outer});
    if (type.is(TypeKind::kMap)) {
      fields_.push_back({"key", type.key(), outer});
      fields_.push_back({"value", type.value(), true});
    } else if (structs) {
      for (const Field& field : type.element().fields())
        fields_.push_back({field.name, field.type});
    } else {
      fields_.push_back({"col", type.element(), true});
    }
    return {};
  }

  Status add_stack(std::string_view text, const Expression& call,
                   const std::vector<BoundPtr>& arguments) {
    const bool counted = arguments.size() > 1 && arguments[0]->is_constant() &&
                         arguments[0]->type.is_integral() && !arguments[0]->is_null() &&
                         arguments[0]->value.number > 0 &&
                         arguments[0]->value.number <= static_cast<int64_t>(kStackRowsMax);
    if (!counted) {
      return in_text(text, call,
                     "stack takes a constant number of rows, from 1 to " +
                         std::to_string(kStackRowsMax) + ", and values",
                     "write stack(2, 1, 'a', 2, 'b')");
    }
    const auto rows = static_cast<size_t>(arguments[0]->value.number);
    const size_t columns = (arguments.size() - 1 + rows - 1) / rows;
    generator_->rows = rows;
    for (size_t column = 0; column < columns; ++column) {
      DataType type;
      for (size_t i = 1 + column; i < arguments.size(); i += columns) {
        const DataType& own = arguments[i]->type;
        if (type.is(TypeKind::kNull)) type = own;
        if (own == type || own.is(TypeKind::kNull)) continue;
        return in_text(text, *call.arguments[std::min(i, call.arguments.size() - 1)],
                       "col" + std::to_string(column) + " of stack is " + type.to_string() +
                           " in one row and " + own.to_string() + " in another",
                       "cast one of them");
      }
      fields_.push_back({"col" + std::to_string(column), type, true});
    }
    const size_t first = fields_.size() - columns;
    for (size_t i = 0; i < rows * columns; ++i) {
      const DataType& type = fields_[first + i % columns].type;
      const bool given = i + 1 < arguments.size() && arguments[i + 1]->type == type;
      values_.push_back(given ? arguments[i + 1] : expression::make_null(type));
    }
    return {};
  }

  // json_tuple(j, 'a', 'b') is get_json_object(j, "$['a']"), get_json_object(j, "$['b']").
  Status add_tuple(std::string_view text, const Expression& call,
                   const std::vector<BoundPtr>& arguments) {
    for (size_t i = 1; i < arguments.size(); ++i) {
      const BoundPtr& name = arguments[i];
      if (!name->is_constant() || !name->type.is(TypeKind::kString) || name->is_null()) break;
      const std::string path = "$['" + std::string(name->value.bytes()) + "']";
      Result<BoundPtr> member = expression::build_function(
          "get_json_object", std::vector<BoundPtr>{arguments[0], expression::make_text(path)},
          settings_);
      if (!member.ok()) return in_text(text, call, member.status().message(), "");
      values_.push_back(*member);
      fields_.push_back({"c" + std::to_string(i - 1), TypeKind::kString, true});
    }
    if (arguments.size() > 1 && fields_.size() == generator_->before + arguments.size() - 1)
      return {};
    return in_text(text, call, "json_tuple takes JSON and the constant names of its members",
                   "write json_tuple(j, 'a', 'b')");
  }

  const Schema& schema_;
  const expression::Settings& settings_;
  std::vector<BoundPtr> values_;
  std::vector<Field> fields_;
  std::optional<RowGenerator> generator_;
  uint32_t next_variable_ = 0;
};

}  // namespace

bool is_generator(std::string_view function) noexcept {
  return find_generator(function) != nullptr;
}

Result<Selection> compile_selection(std::span<const std::string> texts, const Schema& schema,
                                    const expression::Settings& settings) {
  SelectionBuilder builder(schema, settings);
  for (const std::string& text : texts) PENSTOCK_RETURN_IF_ERROR(builder.add(text));
  return builder.finish();
}

}  // namespace penstock::sql
