// operators/expression/program.h -- a compiled expression, and what evaluates it over rows.
//
// Threads     A program is immutable and shared; each thread has an evaluator of its own.
// Cost        evaluate() allocates nothing once the arena has grown to what the rows need.
// Ownership   The cells of a result live until the next evaluation, those that are columns as long as the row.
// Errors      Data cannot crash it. Where Spark raises an error (ANSI, an element 0, a broken pattern),
//             failed() says so.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

class Program {
 public:
  struct Parts {
    std::vector<Instruction> instructions;
    std::vector<Cell> registers;     // Constants in their places.
    std::vector<uint32_t> operands;  // Those of all instructions, one after the other.
    std::vector<uint32_t> results;
    std::vector<DataType> types;  // Of the results.
    std::vector<std::unique_ptr<CallInfo>> infos;
    // lint: allow(hot) once per program
    std::vector<std::shared_ptr<const void>> owned;  // What constants and prepared data point to.
    Settings settings;
  };
  // lint: allow(hot) once per program
  explicit Program(Parts parts) : parts_(std::make_shared<const Parts>(std::move(parts))) {}

  const DataType& type() const noexcept { return parts_->types[0]; }
  const Parts& parts() const noexcept { return *parts_; }

 private:
  // lint: allow(hot) once per program
  std::shared_ptr<const Parts> parts_;
};

class Evaluator {
 public:
  explicit Evaluator(Program program);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // The first result. Null after an error.
  Cell evaluate(const RowView& row) noexcept {
    run(row);
    return result(0);
  }
  // Whether a condition is true: null is not.
  bool test(const RowView& row) noexcept {
    const Cell cell = evaluate(row);
    return !cell.null && cell.number != 0;
  }
  void run(const RowView& row) noexcept {
    arena_.reset();
    frame_.row = row;
    frame_.failed = false;
    run_from(start_, frame_);
  }
  Cell result(size_t i) const noexcept {
    return frame_.failed ? Cell::of_null() : registers_[program_.parts().results[i]];
  }

  bool failed() const noexcept { return frame_.failed; }
  // REQUIRES: failed().
  Status error() const { return Status::data_error(frame_.error); }
  // What current_timestamp() answers until the next call.
  void set_now(int64_t micros) noexcept { frame_.now_micros = micros; }

  const Program& program() const noexcept { return program_; }

 private:
  Program program_;
  std::vector<Cell> registers_;
  Arena arena_;
  Frame frame_;
  const Instruction* start_;
};

}  // namespace penstock::expression
