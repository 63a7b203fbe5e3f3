// operators/row/row_program.h -- a compiled expression inside of an operator, and what becomes of rows it fails on.
//
// Errors      A row that an expression fails on (ANSI, a broken pattern) is refused to its origin, with the operator,
//             the expression and the reason; a row without origin fails the task.
// Threads     A prototype may be copied; each copy makes its own evaluator when it is opened.
// Cost        evaluate(): that of the program. Refusing is cold.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "penstock/core/stream/row_record.h"
#include "penstock/core/stream/task_context.h"
#include "penstock/operators/expression/program.h"
#include "penstock/operators/step_clock.h"

namespace penstock {

// Without a program where the expression could not be compiled: the plan is refused then, and nothing is opened.
struct PlannedProgram {
  std::optional<expression::Program> program;
  std::string text;  // What it was compiled from, for messages.
};

class RowProgram {
 public:
  RowProgram(const char* operator_name, PlannedProgram planned)
      : operator_name_(operator_name), planned_(std::move(planned)) {}

  Status open(const TaskContext& context) {
    if (!planned_.program) return Status::internal("a plan that was refused is run");
    // lint: allow(hot) once per task; shared only so that the prototype can be copied: it has none
    evaluator_ = std::make_shared<expression::Evaluator>(*planned_.program);
    failure_ = context.failure;
    clock_.open(*context.clock);
    begin_batch(context.clock->now());
    return Status();
  }
  // current_timestamp() is the same for all rows of a batch.
  void begin_batch(Instant now) noexcept {
    clock_.at(now);
    evaluator_->set_now(clock_.wall().micros);
  }

  expression::Evaluator& evaluator() noexcept { return *evaluator_; }
  // Refuses the row when the evaluation has just failed.
  bool failed_on(const Row& row) noexcept {
    if (!evaluator_->failed()) [[likely]]
      return false;
    refuse(row, evaluator_->error().message());
    return true;
  }
  [[gnu::cold, gnu::noinline]] void refuse(const Row& row, std::string_view why) noexcept {
    std::string reason = std::string(operator_name_) + " \"" + planned_.text + "\": ";
    reason += why;
    if (row.origin != nullptr) return row.origin->refused->refuse(*row.origin->raw, reason);
    failure_->set(Status::data_error(std::move(reason)));
  }

 private:
  const char* operator_name_;
  PlannedProgram planned_;
  // lint: allow(hot) the pointer is taken once
  std::shared_ptr<expression::Evaluator> evaluator_;
  TaskFailure* failure_ = nullptr;
  StepClock clock_;
};

}  // namespace penstock
