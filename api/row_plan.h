// api/row_plan.h -- what streams of rows compile while the job is written: expressions, by the schema so far.
//
// Errors      Refuse the plan, with the operator, the expression, the place in it, cause and remedy: the job does not
//             start. What is returned then is empty, and may be built on.
// Threads     Used by the thread that writes the job.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// Which columns of a source of rows expressions read before the first selection: the source need not decode the others.
class SourceColumns {
 public:
  // Tells the source which columns are wanted.
  using Narrow = std::function<void(const std::vector<bool>& wanted)>;

  SourceColumns() = default;  // Of rows that no source has made.
  SourceColumns(std::size_t columns, Narrow narrow)
      : wanted_(columns, false), narrow_(std::move(narrow)) {}

  void add(std::size_t column) {
    if (column < wanted_.size()) wanted_[column] = true;
  }
  void add(const PlannedProgram& planned);
  // The rows end here: from here on they are others.
  void end() {
    if (narrow_) narrow_(wanted_);
    *this = SourceColumns();
  }

 private:
  std::vector<bool> wanted_;
  Narrow narrow_;
};

PlannedProgram plan_condition(Plan& plan, const Expr& condition, const Schema& schema,
                              const expression::Settings& settings);
struct PlannedSelection {
  PlannedProgram program;
  std::optional<RowGenerator> generator;
  Schema output;
};
PlannedSelection plan_select(Plan& plan, std::span<const Expr> values, const Schema& schema,
                             const expression::Settings& settings);
// Spark's hash() of the values.
PlannedProgram plan_key_hash(Plan& plan, std::span<const Expr> keys, const Schema& schema,
                             const expression::Settings& settings);
// The place of a TIMESTAMP column.
std::size_t plan_time_column(Plan& plan, std::string_view name, const Schema& schema);
// What becomes of bad records: as given, or as the mode of the format says.
DecodeOptions row_policy(std::optional<DecodeOptions> given, BadRecordMode mode);

}  // namespace internal
}  // namespace penstock
