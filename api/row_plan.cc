#include "penstock/api/row_plan.h"

#include <utility>
#include <vector>

#include "penstock/sql/analyzer/analyzer.h"
#include "penstock/sql/analyzer/generators.h"

namespace penstock::internal {
namespace {

constexpr std::size_t kShownBytesMax = 200;

std::string shown(const std::string& text) {
  if (text.size() <= kShownBytesMax) return text;
  return text.substr(0, kShownBytesMax) + "...";
}

PlannedProgram planned(Plan& plan, const char* method, const std::string& text,
                       Result<expression::Program> program) {
  if (program.ok()) return {std::move(*program), shown(text)};
  plan.refuse(program.status().with_place(std::string(method) + " \"" + shown(text) + "\""));
  return {std::nullopt, shown(text)};
}

}  // namespace

void SourceColumns::add(const PlannedProgram& planned) {
  if (!planned.program) return;
  for (const std::uint32_t column : planned.program->columns()) add(column);
}

PlannedProgram plan_condition(Plan& plan, const Expr& condition, const Schema& schema,
                              const expression::Settings& settings) {
  return planned(plan, "filter", condition.text,
                 sql::compile_condition(condition.text, schema, settings));
}

PlannedSelection plan_select(Plan& plan, std::span<const Expr> values, const Schema& schema,
                             const expression::Settings& settings) {
  std::vector<std::string> texts;
  std::string all;
  for (const Expr& value : values) {
    texts.push_back(value.text);
    all += (all.empty() ? "" : ", ") + value.text;
  }
  if (texts.empty()) {
    plan.refuse(
        Status::invalid_argument("select: there is no expression; write \"*\" for all columns"));
    return {};
  }
  Result<sql::Selection> selection = sql::compile_selection(texts, schema, settings);
  if (selection.ok()) {
    return {{std::move(selection->program), shown(all)},
            std::move(selection->generator),
            std::move(selection->output)};
  }
  plan.refuse(selection.status().with_place("select"));
  return {};
}

// Each by itself first: the place in a message is then that in its own text.
PlannedProgram plan_key_hash(Plan& plan, std::span<const Expr> keys, const Schema& schema,
                             const expression::Settings& settings) {
  constexpr const char* kMethod = "repartition";
  if (keys.empty()) {
    plan.refuse(Status::invalid_argument(
        "repartition: there is no expression; without any, repartition() deals rows out in turn"));
    return {};
  }
  std::string all;
  for (const Expr& key : keys) {
    PlannedProgram alone =
        planned(plan, kMethod, key.text, sql::compile(key.text, schema, settings));
    if (!alone.program) return alone;
    all += (all.empty() ? "hash(" : "\n, ") + key.text;
  }
  all += "\n)";  // On a line of its own, as a text may end in a comment.
  return planned(plan, kMethod, all, sql::compile(all, schema, settings));
}

std::size_t plan_time_column(Plan& plan, std::string_view name, const Schema& schema) {
  const auto column = schema.find(name);
  if (column && schema[*column].type.is(TypeKind::kTimestamp)) return *column;
  const std::string cause =
      column ? "column \"" + std::string(name) + "\" is " + schema[*column].type.to_sql()
             : "there is no column \"" + std::string(name) + "\" in " + schema.to_sql();
  plan.refuse(Status::invalid_argument("event_time: " + cause +
                                       "; name a TIMESTAMP, or make one with select()"));
  return 0;
}

DecodeOptions row_policy(std::optional<DecodeOptions> given, BadRecordMode mode) {
  if (given) return *std::move(given);
  DecodeOptions policy;
  if (mode == BadRecordMode::kDropMalformed) policy.on_error = ErrorPolicy::kSkip;
  return policy;
}

}  // namespace penstock::internal
