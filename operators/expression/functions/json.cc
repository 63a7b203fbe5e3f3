// JSON: from_json, to_json, get_json_object and what looks into JSON text.
#include <algorithm>
#include <string>

#include "penstock/core/row/cell_list.h"
#include "penstock/core/row/json_path.h"
#include "penstock/core/row/json_row.h"
#include "penstock/core/row/json_text.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/row/value_text.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/json_schema.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

using NamedOptions = std::vector<std::pair<std::string, std::string>>;

Result<NamedOptions> constant_options(const BuildContext& context, const Arguments& arguments,
                                      size_t i) {
  NamedOptions options;
  if (arguments.size() <= i) return options;
  const BoundPtr& value = arguments[i].value;
  const DataType& type = value->type;
  if (!value->is_constant() || value->is_null() || !type.is(TypeKind::kMap) ||
      !type.key().is(TypeKind::kString) || !type.value().is(TypeKind::kString)) {
    return function_error(context,
                          "options are a constant map of strings; write map('mode', 'FAILFAST')");
  }
  const MapView map(value->value);
  for (size_t j = 0; j < map.size(); ++j) {
    const Cell text = map.values().cell(j, CellForm::kBytes);
    if (!text.null)
      options.emplace_back(map.keys().cell(j, CellForm::kBytes).bytes(), text.bytes());
  }
  return options;
}

Cell from_json(Call& call, const Cell& json) {
  Cell out;
  std::string_view fault;
  const auto& reader = *call.prepared<JsonRowReader>();
  if (reader.read(json.bytes(), call.arena(), out, fault) == JsonRowReader::Outcome::kValue)
    return out;
  return call.fail("from_json: bad record '" + std::string(json.bytes().substr(0, 80)) +
                   "': " + std::string(fault) + "; use the mode PERMISSIVE to get nulls");
}

Result<DataType> schema_argument(const BuildContext& context, const BoundPtr& value) {
  Result<std::string> text = constant_text(context, value, "the schema");
  if (!text.ok()) return text.status();
  Result<DataType> type = parse_type(*text);
  if (type.ok() && type->is_nested()) return type;
  Result<Schema> schema = parse_schema(*text);
  if (!schema.ok()) return function_error(context, schema.status().message());
  return schema->type();
}

Result<BoundPtr> build_from_json(const BuildContext& context, const Arguments& arguments) {
  Result<DataType> type = schema_argument(context, arguments[1].value);
  if (!type.ok()) return type.status();
  Result<NamedOptions> named = constant_options(context, arguments, 2);
  if (!named.ok()) return named.status();
  Result<JsonRowOptions> options = JsonRowOptions::of(*named, context.settings.zone);
  if (!options.ok()) return function_error(context, options.status().message());
  if (options->mode == BadRecordMode::kDropMalformed)
    return function_error(context,
                          "a function cannot drop records; use the mode PERMISSIVE or FAILFAST");
  if (implicit_cast_cost(arguments[0].value->type, TypeKind::kString) < 0)
    return function_error(context, "takes text, not " + arguments[0].value->type.to_string());
  Result<JsonRowReader> reader = JsonRowReader::make(*type, std::move(*options));
  if (!reader.ok()) return function_error(context, reader.status().message());
  return make_call(context.function, strict<&from_json>, *type,
                   {coerce(arguments[0].value, TypeKind::kString, context.settings)},
                   {.prepared = std::make_shared<const JsonRowReader>(std::move(*reader))});
}

Cell to_json(Call& call, const Cell& value) {
  std::string& text = call.scratch();
  append_json(value, call.type_of(0), *call.prepared<JsonTextOptions>(), text);
  return call.arena().copy_cell(text);
}

Status set_pattern(std::string_view text, std::optional<TimePattern>& pattern) {
  Result<TimePattern> compiled = TimePattern::compile(text, TimePattern::Use::kWriting);
  if (!compiled.ok()) return compiled.status();
  pattern = std::move(*compiled);
  return {};
}

Result<BoundPtr> build_to_json(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  if (!value->type.is_nested())
    return function_error(context, "takes a struct, an array or a map, not " +
                                       value->type.to_string() + "; wrap it in struct()");
  Result<NamedOptions> named = constant_options(context, arguments, 1);
  if (!named.ok()) return named.status();
  auto options = std::make_shared<JsonTextOptions>();
  options->zone = context.settings.zone;
  for (const auto& [name, text] : *named) {
    Status status;
    if (same_name(name, "timestampFormat")) status = set_pattern(text, options->timestamp_format);
    if (same_name(name, "timestampNTZFormat"))
      status = set_pattern(text, options->timestamp_ntz_format);
    if (same_name(name, "dateFormat")) status = set_pattern(text, options->date_format);
    if (same_name(name, "ignoreNullFields"))
      options->ignore_null_fields = !same_name(text, "false");
    if (!status.ok()) return function_error(context, status.message());
  }
  return make_call(context.function, strict<&to_json>, TypeKind::kString, {value},
                   {.prepared = std::move(options)});
}

struct PreparedPath {
  std::optional<JsonPath> path;
};

Cell get_json_object(Call& call, const Cell& json, const Cell& text) {
  const auto* prepared = call.prepared<PreparedPath>();
  const std::optional<JsonPath> parsed =
      prepared == nullptr ? JsonPath::parse(text.bytes()) : std::nullopt;
  const JsonPath* path = nullptr;
  if (prepared != nullptr && prepared->path) path = &*prepared->path;
  if (parsed) path = &*parsed;
  if (path == nullptr) return Cell::of_null();
  std::string& buffer = call.scratch();
  const std::optional<std::string_view> found = path->find(json.bytes(), buffer);
  if (!found) return Cell::of_null();
  return found->data() == buffer.data() ? call.arena().copy_cell(*found) : Cell::of_bytes(*found);
}

Result<BoundPtr> build_get_json_object(const BuildContext& context, const Arguments& arguments) {
  static const Overload kOverloads[] = {{"string, string > string", strict<&get_json_object>}};
  const BoundPtr& path = arguments[1].value;
  std::shared_ptr<const void> prepared;
  if (path->is_constant() && !path->is_null() && path->type.is(TypeKind::kString))
    prepared =
        std::make_shared<const PreparedPath>(PreparedPath{JsonPath::parse(path->value.bytes())});
  return build_overload(context, kOverloads, values_of(arguments),
                        {.prepared = std::move(prepared)});
}

constexpr JsonSyntax kLenientSyntax{.control_characters = true};

Cell array_length(Call&, const Cell& json) {
  JsonReader reader(json.bytes(), kLenientSyntax);
  if (reader.next() != JsonToken::kBeginArray) return Cell::of_null();
  std::int64_t count = 0;
  for (; reader.next() != JsonToken::kEndArray; ++count)
    if (!reader.skip()) return Cell::of_null();
  return Cell::of_number(count);
}

Cell object_keys(Call& call, const Cell& json) {
  JsonReader reader(json.bytes(), kLenientSyntax);
  if (reader.next() != JsonToken::kBeginObject) return Cell::of_null();
  CellList keys(call.arena());
  std::string& buffer = call.scratch();
  while (reader.next() != JsonToken::kEndObject) {
    if (reader.token() != JsonToken::kName) return Cell::of_null();
    keys.push_back(call.arena().copy_cell(reader.text(buffer)));
    reader.next();
    if (!reader.skip()) return Cell::of_null();
  }
  return make_array(keys, CellForm::kBytes, call.arena());
}

Result<BoundPtr> build_schema_of_json(const BuildContext& context, const Arguments& arguments) {
  Result<std::string> text = constant_text(context, arguments[0].value, "the JSON");
  if (!text.ok()) return text.status();
  Result<NamedOptions> named = constant_options(context, arguments, 1);
  if (!named.ok()) return named.status();
  Result<JsonRowOptions> options = JsonRowOptions::of(*named, context.settings.zone);
  if (!options.ok()) return function_error(context, options.status().message());
  const auto type = infer_json_type(*text, options->syntax);
  if (!type)
    return function_error(context,
                          "'" + text->substr(0, 60) + "' is no JSON; pass a whole document");
  return make_text(type->to_sql());
}

const FunctionEntry kFunctions[] = {
    {"from_json",
     "from_json(text, schema[, options])",
     "The value that the JSON holds, by a schema such as 'a INT, b ARRAY<STRING>'.",
     2,
     3,
     {},
     &build_from_json},
    {"to_json",
     "to_json(value[, options])",
     "A struct, an array or a map as JSON.",
     1,
     2,
     {},
     &build_to_json},
    {"get_json_object",
     "get_json_object(text, path)",
     "What a path such as '$.a[0].b' leads to, as text.",
     2,
     2,
     {},
     &build_get_json_object},
    {"schema_of_json",
     "schema_of_json(text[, options])",
     "The schema of a constant JSON text.",
     1,
     2,
     {},
     &build_schema_of_json},
    {"json_array_length",
     "json_array_length(text)",
     "The number of elements; null for what is no array.",
     1,
     1,
     {{"string > int", strict<&array_length>}}},
    {"json_object_keys",
     "json_object_keys(text)",
     "The names of the members; null for what is no object.",
     1,
     1,
     {{"string > strings", strict<&object_keys>}}},
};

}  // namespace

std::span<const FunctionEntry> json_functions() { return kFunctions; }

}  // namespace penstock::expression
