// api/row_plan.h -- what streams of rows compile while the job is written: expressions, by the schema so far.
//
// Errors      Refuse the plan, with the operator, the expression, the place in it, cause and remedy: the job does not
//             start. What is returned then is empty, and may be built on.
// Threads     Used by the thread that writes the job.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/plan/plan.h"
#include "penstock/core/row/data_type.h"
#include "penstock/core/row/json_row.h"
#include "penstock/io/decode/decode_options.h"
#include "penstock/operators/row/row_generator.h"
#include "penstock/operators/row/row_program.h"

namespace penstock {

// The text of an expression, such as "amount * 2 AS twice".
struct Expr {
  std::string text;
};
inline Expr expr(std::string text) { return {std::move(text)}; }

namespace internal {

PlannedProgram plan_condition(Plan& plan, const Expr& condition, const Schema& schema,
                              const expression::Settings& settings);
struct PlannedSelection {
  PlannedProgram program;
  std::optional<RowGenerator> generator;
  Schema output;
};
PlannedSelection plan_select(Plan& plan, std::span<const Expr> values, const Schema& schema,
                             const expression::Settings& settings);
// The place of a TIMESTAMP column.
std::size_t plan_time_column(Plan& plan, std::string_view name, const Schema& schema);
// What becomes of bad records: as given, or as the mode of the format says.
DecodeOptions row_policy(std::optional<DecodeOptions> given, BadRecordMode mode);

}  // namespace internal
}  // namespace penstock
