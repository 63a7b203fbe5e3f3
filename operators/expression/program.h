// operators/expression/program.h -- a compiled expression, and what evaluates it over rows.
//
// Threads     A program is immutable and shared; each thread has an evaluator of its own.
// Nulls       A row is run by one of two forms of the program: one test of its bitmap says whether no column that is
//             computed with is null.
// Cost        evaluate() allocates nothing once the arena has grown to what the rows need.
// Ownership   The cells of a result live until the next evaluation, those that are columns as long as the row.
// Errors      Data cannot crash it. Where Spark raises an error (ANSI, an element 0, a broken pattern),
//             failed() says so.
#pragma once

#include <cstdint>
#include <cstring>
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
    // The same for rows where none of the columns is null; empty when that would be no faster.
    std::vector<Instruction> present_instructions;
    std::uint64_t present_columns = 0;   // Bit i: column i.
    std::vector<Cell> registers;         // The results, then constants and what is in between.
    std::vector<DataType> types;         // Of the results.
    std::vector<std::uint32_t> columns;  // That it reads.
    std::vector<std::unique_ptr<CallInfo>> infos;
    // lint: allow(hot) once per program
    std::vector<std::shared_ptr<const void>> owned;  // What constants and prepared data point to.
    Settings settings;
  };
  // lint: allow(hot) once per program
  explicit Program(Parts parts) : parts_(std::make_shared<const Parts>(std::move(parts))) {}

  const DataType& type() const noexcept { return parts_->types[0]; }
  const std::vector<std::uint32_t>& columns() const noexcept { return parts_->columns; }
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
  const Cell& evaluate(const RowView& row) noexcept {
    run(row);
    return result(0);
  }
  // Whether a condition is true: null is not.
  bool test(const RowView& row) noexcept {
    const Cell& cell = evaluate(row);
    return !cell.null && cell.number != 0;
  }
  void run(const RowView& row) noexcept {
    frame_.row = row;
    const Instruction* start = has_null(row) ? start_ : present_start_;
    if (!makes_calls_) return run_from(start, frame_);
    arena_.reset();
    frame_.failed = false;
    run_from(start, frame_);
    if (frame_.failed) [[unlikely]]
      forget_results();
  }
  const Cell& result(size_t i) const noexcept { return registers_[i]; }

  bool failed() const noexcept { return frame_.failed; }
  // REQUIRES: failed().
  Status error() const { return Status::data_error(frame_.error); }
  // What current_timestamp() answers until the next call.
  void set_now(int64_t micros) noexcept { frame_.now_micros = micros; }

  const Program& program() const noexcept { return program_; }

 private:
  void forget_results() noexcept;
  // In a column that the faster instructions need.
  bool has_null(const RowView& row) const noexcept {
    if (present_columns_ == 0) return false;
    std::uint64_t nulls;
    std::memcpy(&nulls, row.bytes().data(), sizeof nulls);
    return (nulls & present_columns_) != 0;
  }

  Program program_;
  std::vector<Cell> registers_;
  Arena arena_;
  Frame frame_;
  const Instruction* start_;
  const Instruction* present_start_;
  std::uint64_t present_columns_;
  bool makes_calls_;  // Nothing else takes memory or fails.
};

}  // namespace penstock::expression
