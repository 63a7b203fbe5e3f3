#include "penstock/sql/analyzer/analyzer.h"

#include <memory>
#include <optional>

#include "penstock/operators/expression/compiler.h"
#include "penstock/operators/expression/function_table.h"
#include "penstock/operators/expression/functions/access.h"
#include "penstock/operators/expression/type_rules.h"
#include "penstock/sql/analyzer/generators.h"
#include "penstock/sql/analyzer/literals.h"
#include "penstock/sql/parser/expression_parser.h"

namespace penstock::sql {
namespace {

using expression::Argument;
using expression::Arguments;
using expression::BoundPtr;
using expression::LambdaArgument;

class Analyzer {
 public:
  Analyzer(std::string_view text, const Schema& schema, const expression::Settings& settings,
           uint32_t& next_variable)
      : text_(text), schema_(schema), settings_(settings), next_variable_(next_variable) {}

  Result<std::vector<Output>> outputs(const ExpressionPtr& expression) {
    const Expression& value =
        expression->kind == ExpressionKind::kAlias ? *expression->arguments[0] : *expression;
    if (value.kind == ExpressionKind::kStar) return star(value);
    Result<BoundPtr> bound = bind(*expression);
    if (!bound.ok()) return bound.status();
    return std::vector<Output>{{name_of(*expression), *bound}};
  }

 private:
  Status at(const Expression& expression, std::string_view cause, std::string_view remedy) const {
    return source_error(text_, expression.place, cause, remedy);
  }
  // The error of a builder, with the place of what was built. One that has a place already keeps it.
  Result<BoundPtr> placed(const Expression& expression, Result<BoundPtr> built) const {
    if (built.ok() || built.status().message().starts_with("line ")) return built;
    return at(expression, built.status().message(), remedy_of(expression, built.status()));
  }
  // Most builders say what to do. Where one does not, the usage of the function does.
  static std::string remedy_of(const Expression& expression, const Status& error) {
    if (error.message().find("; ") != std::string_view::npos) return "";
    const expression::FunctionEntry* function = expression.kind == ExpressionKind::kCall
                                                    ? expression::find_function(expression.text)
                                                    : nullptr;
    return function == nullptr ? "use a value of another type or cast it"
                               : "write " + std::string(function->usage);
  }

  std::string name_of(const Expression& expression) const {
    if (expression.kind == ExpressionKind::kAlias || expression.kind == ExpressionKind::kField)
      return expression.text;
    if (expression.kind == ExpressionKind::kName) return expression.names.back();
    return std::string(text_.substr(expression.place.offset, expression.place.length));
  }

  Result<BoundPtr> bind(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::kLiteral:
        return placed(expression, literal_value(expression, settings_));
      case ExpressionKind::kInterval:
        return placed(expression, interval_value(expression));
      case ExpressionKind::kName:
        return bind_name(expression);
      case ExpressionKind::kAlias:
        return bind(*expression.arguments[0]);
      case ExpressionKind::kCast:
        return bind_cast(expression);
      case ExpressionKind::kField:
        return bind_field(expression);
      case ExpressionKind::kSubscript:
        return bind_subscript(expression);
      case ExpressionKind::kCall:
        return bind_call(expression);
      case ExpressionKind::kStar:
        return at(expression, "* stands for several columns",
                  "name one column, or write struct(*)");
      case ExpressionKind::kLambda:
        return at(expression, "a lambda is no value",
                  "pass it to a function that takes one, such as transform()");
    }
    return Status::internal("an expression of an unknown kind");
  }

  std::optional<BoundPtr> find_variable(std::string_view name) const {
    for (size_t i = variables_.size(); i > 0; --i) {
      if (same_name(variables_[i - 1].first, name)) return variables_[i - 1].second;
    }
    return std::nullopt;
  }

  Result<BoundPtr> column(const Expression& expression, std::string_view name) const {
    if (const auto variable = find_variable(name)) return *variable;
    const auto index = schema_.find(name);
    if (!index) {
      std::vector<std::string> names;
      std::string all;
      for (const Field& field : schema_.fields()) {
        names.push_back(field.name);
        if (all.size() < 200) all += (all.empty() ? "" : ", ") + field.name;
      }
      const std::string fallback =
          all.empty() ? "there are no columns here" : "the columns are " + all;
      return at(expression, "there is no column \"" + std::string(name.substr(0, 60)) + "\"",
                hint(name, names, fallback));
    }
    for (size_t i = *index + 1; i < schema_.size(); ++i) {
      if (same_name(schema_[i].name, name))
        return at(expression,
                  "there are several columns \"" + std::string(name.substr(0, 60)) + "\"",
                  "rename all but one");
    }
    return expression::make_column(static_cast<uint32_t>(*index), schema_[*index].type,
                                   schema_[*index].nullable);
  }

  Result<BoundPtr> bind_name(const Expression& expression) {
    Result<BoundPtr> value = column(expression, expression.names[0]);
    for (size_t i = 1; i < expression.names.size() && value.ok(); ++i) {
      value = placed(expression, expression::build_field(*value, expression.names[i], settings_));
    }
    return value;
  }

  Result<BoundPtr> bind_cast(const Expression& expression) {
    Result<BoundPtr> value = bind(*expression.arguments[0]);
    if (!value.ok()) return value;
    return placed(expression, expression::make_cast(*value, expression.type, settings_,
                                                    expression.text == "try_cast"));
  }

  Result<BoundPtr> bind_field(const Expression& expression) {
    Result<BoundPtr> value = bind(*expression.arguments[0]);
    if (!value.ok()) return value;
    return placed(expression, expression::build_field(*value, expression.text, settings_));
  }

  Result<BoundPtr> bind_subscript(const Expression& expression) {
    Result<BoundPtr> value = bind(*expression.arguments[0]);
    if (!value.ok()) return value;
    Result<BoundPtr> index = bind(*expression.arguments[1]);
    if (!index.ok()) return index;
    return placed(expression, expression::build_subscript(*value, *index, settings_));
  }

  Result<BoundPtr> bind_call(const Expression& expression) {
    if (is_generator(expression.text)) {
      return at(expression, expression.text + " makes several rows",
                "select it by itself or with an alias, not inside of another expression");
    }
    if (expression::find_function(expression.text) == nullptr) {
      return at(expression, "there is no function \"" + expression.text.substr(0, 60) + "\"",
                hint(expression.text, expression::function_names(),
                     "see the list of functions in docs/functions.md"));
    }
    Arguments arguments;
    for (const ExpressionPtr& argument : expression.arguments) {
      const Status added = add_argument(*argument, arguments);
      if (!added.ok()) return added;
    }
    return placed(expression, expression::build_function(expression.text, arguments, settings_));
  }

  Status add_argument(const Expression& argument, Arguments& arguments) {
    if (argument.kind == ExpressionKind::kLambda) {
      arguments.push_back({nullptr, lambda(argument), ""});
      return {};
    }
    if (argument.kind == ExpressionKind::kStar) {
      Result<std::vector<Output>> columns = star(argument);
      if (!columns.ok()) return columns.status();
      for (Output& output : *columns)
        arguments.push_back({std::move(output.value), nullptr, std::move(output.name)});
      return {};
    }
    Result<BoundPtr> value = bind(argument);
    if (!value.ok()) return value.status();
    const bool named = argument.kind == ExpressionKind::kAlias ||
                       argument.kind == ExpressionKind::kName ||
                       argument.kind == ExpressionKind::kField;
    arguments.push_back({*std::move(value), nullptr, named ? name_of(argument) : ""});
    return {};
  }

  // Bound while its function is built, so everything it refers to is still there.
  std::shared_ptr<const LambdaArgument> lambda(const Expression& expression) {
    auto argument = std::make_shared<LambdaArgument>();
    argument->variables = expression.names.size();
    argument->bind = [this, &expression](std::span<const DataType> types) {
      return bind_lambda(expression, types);
    };
    return argument;
  }

  Result<BoundPtr> bind_lambda(const Expression& expression, std::span<const DataType> types) {
    if (expression.names.size() > types.size()) {
      return at(expression,
                "this lambda takes " + std::to_string(expression.names.size()) +
                    " variables, at most " + std::to_string(types.size()) + " are given here",
                "write fewer variables");
    }
    std::vector<uint32_t> variables;
    const size_t before = variables_.size();
    for (size_t i = 0; i < expression.names.size(); ++i) {
      variables.push_back(next_variable_++);
      variables_.emplace_back(expression.names[i],
                              expression::make_variable(variables.back(), types[i]));
    }
    Result<BoundPtr> body = bind(*expression.arguments[0]);
    variables_.resize(before);
    if (!body.ok()) return body;
    return expression::make_lambda(*body, std::move(variables));
  }

  Result<std::vector<Output>> star(const Expression& expression) {
    std::vector<Output> outputs;
    if (expression.names.empty()) {
      for (uint32_t i = 0; i < schema_.size(); ++i) {
        outputs.push_back(
            {schema_[i].name, expression::make_column(i, schema_[i].type, schema_[i].nullable)});
      }
      return outputs;
    }
    Result<BoundPtr> value = bind_name(expression);
    if (!value.ok()) return value.status();
    if (!(*value)->type.is(TypeKind::kStruct))
      return at(expression, "only a struct has fields for .*", "name the column without .*");
    for (const Field& field : (*value)->type.fields()) {
      Result<BoundPtr> member =
          placed(expression, expression::build_field(*value, field.name, settings_));
      if (!member.ok()) return member.status();
      outputs.push_back({field.name, *member});
    }
    return outputs;
  }

  std::string_view text_;
  const Schema& schema_;
  const expression::Settings& settings_;
  std::vector<std::pair<std::string, BoundPtr>>
      variables_;  // Of the lambdas around, inner ones last.
  uint32_t& next_variable_;
};

}  // namespace

Result<std::vector<Output>> analyze(std::string_view text, const ExpressionPtr& expression,
                                    const Schema& schema, const expression::Settings& settings,
                                    uint32_t* next_variable) {
  uint32_t first = 0;
  return Analyzer(text, schema, settings, next_variable == nullptr ? first : *next_variable)
      .outputs(expression);
}

Result<expression::Program> compile_columns(std::string_view text, const Schema& schema,
                                            const expression::Settings& settings, Schema& output) {
  Result<ExpressionPtr> parsed = parse_expression(text);
  if (!parsed.ok()) return parsed.status();
  Result<std::vector<Output>> outputs = analyze(text, *parsed, schema, settings);
  if (!outputs.ok()) return outputs.status();
  std::vector<BoundPtr> values;
  std::vector<Field> fields;
  for (const Output& one : *outputs) {
    values.push_back(one.value);
    fields.push_back({one.name, one.value->type, one.value->nullable});
  }
  output = Schema(std::move(fields));
  return expression::compile_program(values, settings);
}

Result<expression::Program> compile(std::string_view text, const Schema& schema,
                                    const expression::Settings& settings) {
  Schema output;
  Result<expression::Program> program = compile_columns(text, schema, settings, output);
  if (program.ok() && output.size() != 1) {
    return source_error(text, {0, static_cast<uint32_t>(text.size())},
                        "this stands for " + std::to_string(output.size()) + " columns",
                        "name one column");
  }
  return program;
}

Result<expression::Program> compile_condition(std::string_view text, const Schema& schema,
                                              const expression::Settings& settings) {
  Result<expression::Program> program = compile(text, schema, settings);
  if (!program.ok() || program->type().is(TypeKind::kBoolean) ||
      program->type().is(TypeKind::kNull))
    return program;
  return source_error(text, {0, static_cast<uint32_t>(text.size())},
                      "this is " + program->type().to_string() + ", no condition",
                      "compare it with something");
}

}  // namespace penstock::sql
