// operators/expression/bound.h -- an expression whose names, types and functions are known: what the compiler compiles.
//
// Ownership   Nodes are immutable and shared, so a rewriting of one part keeps the others.
// Nulls       `nullable` false is a promise; true says nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/operators/expression/operand_forms.h"

namespace penstock::expression {

enum class BoundKind : uint8_t {
  kConstant,
  kColumn,    // index: of the row
  kVariable,  // index: of a lambda, unique in the expression
  kCall,
  kAnd,  // Of two or more, the first false ends it.
  kOr,
  kCase,  // condition, value, condition, value, ..., else
  kCoalesce,
  kLambda,  // arguments[0]: the body; variables
};

struct Bound;
// lint: allow(hot) of compilation
using BoundPtr = std::shared_ptr<const Bound>;

struct Bound {
  BoundKind kind = BoundKind::kConstant;
  bool nullable = true;
  bool total = false;  // Of a call: null only where an argument is.
  bool deterministic = true;
  bool literal = false;  // Written as a number in the text, which matters to the types of decimals.
  uint32_t index = 0;
  uint32_t height = 1;
  DataType type;
  Cell value;  // Of a constant; points into `bytes`.
  // lint: allow(hot) of compilation
  std::shared_ptr<const std::string> bytes;
  std::string_view name;                // Of a call: for messages.
  CallCode code;                        // Of a call.
  const OperandForms* forms = nullptr;  // Instead of `code`.
  // lint: allow(hot) of compilation
  std::shared_ptr<const void> prepared;
  std::vector<BoundPtr> arguments;
  std::vector<uint32_t> variables;

  bool is_constant() const noexcept { return kind == BoundKind::kConstant; }
  bool is_null() const noexcept { return is_constant() && value.null; }
};

BoundPtr make_constant(const DataType& type, const Cell& value);
// A number as it is written in the text: the types of decimals depend on its digits.
BoundPtr make_literal(const DataType& type, const Cell& value);
BoundPtr make_null(const DataType& type);
BoundPtr make_boolean(bool value);
BoundPtr make_text(std::string_view text);
BoundPtr make_int(int64_t value);
BoundPtr make_column(uint32_t index, const DataType& type, bool nullable);
BoundPtr make_variable(uint32_t index, const DataType& type);
BoundPtr make_lambda(BoundPtr body, std::vector<uint32_t> variables);
// kAnd, kOr, kCase, kCoalesce.
BoundPtr make_flow(BoundKind kind, const DataType& type, std::vector<BoundPtr> arguments);

struct CallOptions {
  bool deterministic = true;
  bool nullable = true;
  bool total = false;  // Null only where an argument is.
  // lint: allow(hot) of compilation
  std::shared_ptr<const void> prepared = nullptr;
};
BoundPtr make_call(std::string_view name, const CallCode& code, const DataType& type,
                   std::vector<BoundPtr> arguments, CallOptions options = {});
// REQUIRES: two arguments.
BoundPtr make_operation(std::string_view name, const OperandForms& forms, const DataType& type,
                        std::vector<BoundPtr> arguments, bool nullable = true);

// The columns that these read, each once.
std::vector<uint32_t> columns_of(const std::vector<BoundPtr>& expressions);

// The constant that an expression of constants comes to; the expression itself when it has others, or fails.
BoundPtr fold(const BoundPtr& expression, const Settings& settings);

}  // namespace penstock::expression
