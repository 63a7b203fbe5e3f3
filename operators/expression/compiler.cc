#include "penstock/operators/expression/compiler.h"

#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace penstock::expression {
namespace {

const Instruction* run_end(const Instruction*, Frame&) { return nullptr; }
const Instruction* run_copy(const Instruction* at, Frame& frame) {
  frame[at->out] = frame[at->a];
  return at + 1;
}
const Instruction* run_load_inline(const Instruction* at, Frame& frame) {
  frame[at->out] = frame.row.inline_cell(at->a);
  return at + 1;
}
const Instruction* run_load_bytes(const Instruction* at, Frame& frame) {
  frame[at->out] = frame.row.bytes_cell(at->a);
  return at + 1;
}
const Instruction* run_jump(const Instruction* at, Frame&) { return at + at->target; }
const Instruction* run_jump_unless_true(const Instruction* at, Frame& frame) {
  const Cell& cell = frame[at->a];
  return cell.null || cell.number == 0 ? at + at->target : at + 1;
}
const Instruction* run_jump_if_present(const Instruction* at, Frame& frame) {
  return frame[at->a].null ? at + 1 : at + at->target;
}
// out = a, and on to the end when that settles it; out keeps a null once it has one.
template <bool Settling>
const Instruction* run_first(const Instruction* at, Frame& frame) {
  const Cell cell = frame[at->a];
  frame[at->out] = cell;
  return !cell.null && (cell.number != 0) == Settling ? at + at->target : at + 1;
}
template <bool Settling>
const Instruction* run_next(const Instruction* at, Frame& frame) {
  const Cell cell = frame[at->a];
  if (cell.null) {
    frame[at->out] = cell;
  } else if ((cell.number != 0) == Settling) {
    frame[at->out] = cell;
    return at + at->target;
  }
  return at + 1;
}

class Compiler {
 public:
  explicit Compiler(const Settings& settings) { parts_.settings = settings; }

  Result<Program> compile(const std::vector<BoundPtr>& expressions) {
    scopes_.emplace_back();
    for (const BoundPtr& expression : expressions) {
      parts_.results.push_back(emit(expression));
      parts_.types.push_back(expression->type);
    }
    add({.run = &run_end});
    if (parts_.instructions.size() > kInstructionsMax) {
      return Status::invalid_argument("the expression needs more than " +
                                      std::to_string(kInstructionsMax) +
                                      " instructions; split it into several columns");
    }
    resolve_pointers();
    return Program(std::move(parts_));
  }

 private:
  struct PendingLambda {
    size_t info;
    size_t lambda;
    size_t start;
  };
  using Shape = std::vector<uint64_t>;

  void add(Instruction instruction) {
    operand_starts_.push_back(~size_t{0});
    parts_.instructions.push_back(instruction);
  }
  uint32_t new_register() {
    parts_.registers.push_back(Cell::of_null());
    return static_cast<uint32_t>(parts_.registers.size() - 1);
  }
  // Equal numbers for expressions that always have equal values.
  uint64_t identity(const BoundPtr& node) {
    if (const auto known = identities_.find(node.get()); known != identities_.end())
      return known->second;
    kept_.push_back(node);
    Shape shape{static_cast<uint64_t>(node->kind), node->index};
    uint64_t id = ++last_identity_;
    if (node->is_constant()) {
      id =
          constants_
              .emplace(node->type.to_string() + (node->value.null ? "!" : "=" + content(*node)), id)
              .first->second;
    } else if (node->deterministic && node->kind != BoundKind::kLambda) {
      shape.push_back(reinterpret_cast<uint64_t>(node->run));
      shape.push_back(reinterpret_cast<uint64_t>(node->operand_runs));
      shape.push_back(reinterpret_cast<uint64_t>(node->prepared.get()));
      shape.push_back(constants_.emplace(node->type.to_string(), id).first->second);
      for (const BoundPtr& argument : node->arguments) shape.push_back(identity(argument));
      id = shapes_.emplace(std::move(shape), id).first->second;
    }
    identities_.emplace(node.get(), id);
    return id;
  }
  static std::string content(const Bound& node) {
    if (cell_form(node.type) == CellForm::kBytes) return std::string(node.value.bytes());
    return std::string(reinterpret_cast<const char*>(&node.value.number), sizeof node.value.number);
  }

  uint32_t emit(const BoundPtr& node) {
    const uint64_t id = identity(node);
    for (const auto& scope : scopes_) {
      if (const auto found = scope.find(id); found != scope.end()) return found->second;
    }
    if (parts_.instructions.size() > kInstructionsMax) return 0;
    const uint32_t out = emit_new(*node);
    scopes_.back()[id] = out;
    return out;
  }

  uint32_t emit_new(const Bound& node) {
    switch (node.kind) {
      case BoundKind::kConstant:
        return emit_constant(node);
      case BoundKind::kColumn:
        return emit_column(node);
      case BoundKind::kVariable:
        return variables_.at(node.index);
      case BoundKind::kCall:
        return emit_call(node);
      case BoundKind::kAnd:
        return emit_logic(node, &run_first<false>, &run_next<false>);
      case BoundKind::kOr:
        return emit_logic(node, &run_first<true>, &run_next<true>);
      case BoundKind::kCase:
        return emit_case(node);
      case BoundKind::kCoalesce:
        return emit_coalesce(node);
      case BoundKind::kLambda:
        break;
    }
    return 0;
  }

  uint32_t emit_constant(const Bound& node) {
    const uint32_t out = new_register();
    parts_.registers[out] = node.value;
    if (node.bytes != nullptr) parts_.owned.push_back(node.bytes);
    return out;
  }
  uint32_t emit_column(const Bound& node) {
    const uint32_t out = new_register();
    const bool bytes = cell_form(node.type) == CellForm::kBytes;
    add({.run = bytes ? &run_load_bytes : &run_load_inline, .out = out, .a = node.index});
    return out;
  }

  // A column that no register holds yet is read in place.
  bool read_in_place(const BoundPtr& operand) {
    if (operand->kind != BoundKind::kColumn || cell_form(operand->type) != CellForm::kInline)
      return false;
    const uint64_t id = identity(operand);
    for (const auto& scope : scopes_) {
      if (scope.contains(id)) return false;
    }
    return true;
  }

  uint32_t emit_call(const Bound& node) {
    auto info = std::make_unique<CallInfo>();
    Instruction instruction{.run = node.run};
    std::vector<uint32_t> operands;
    bool in_place[2] = {false, false};
    for (size_t i = 0; i < node.arguments.size(); ++i) {
      const BoundPtr& argument = node.arguments[i];
      info->argument_types.push_back(argument->type);
      if (argument->kind == BoundKind::kLambda) continue;
      if (node.operand_runs != nullptr && i < 2) in_place[i] = read_in_place(argument);
      const bool direct = i < 2 && in_place[i];
      operands.push_back(direct ? argument->index : emit(argument));
    }
    if (node.operand_runs != nullptr)
      instruction.run = (*node.operand_runs)[in_place[0]][in_place[1]];
    info->type = node.type;
    info->prepared = node.prepared.get();
    if (node.prepared != nullptr) parts_.owned.push_back(node.prepared);
    instruction.info = info.get();
    parts_.infos.push_back(std::move(info));
    emit_lambdas(node, parts_.infos.size() - 1);
    instruction.out = new_register();
    instruction.count = static_cast<uint32_t>(operands.size());
    if (!operands.empty()) instruction.a = operands[0];
    if (operands.size() > 1) instruction.b = operands[1];
    add(instruction);
    operand_starts_.back() = parts_.operands.size();
    parts_.operands.insert(parts_.operands.end(), operands.begin(), operands.end());
    return instruction.out;
  }

  // Bodies stand before their call, which is reached by a jump over them.
  void emit_lambdas(const Bound& node, size_t info) {
    for (const BoundPtr& argument : node.arguments) {
      if (argument->kind != BoundKind::kLambda) continue;
      const size_t jump = parts_.instructions.size();
      add({.run = &run_jump});
      LambdaBody body;
      for (const uint32_t variable : argument->variables) {
        body.variables.push_back(new_register());
        variables_[variable] = body.variables.back();
      }
      lambdas_.push_back({info, parts_.infos[info]->lambdas.size(), parts_.instructions.size()});
      scopes_.emplace_back();
      body.result = emit(argument->arguments[0]);
      scopes_.pop_back();
      add({.run = &run_end});
      parts_.infos[info]->lambdas.push_back(std::move(body));
      land(jump);
    }
  }

  void land(size_t jump) {
    parts_.instructions[jump].target = static_cast<uint32_t>(parts_.instructions.size() - jump);
  }

  uint32_t emit_logic(const Bound& node, Run first, Run next) {
    std::vector<size_t> jumps;
    const uint32_t out = new_register();
    const uint32_t start = emit(node.arguments[0]);
    for (size_t i = 0; i < node.arguments.size(); ++i) {
      const uint32_t operand = i == 0 ? start : emit(node.arguments[i]);
      jumps.push_back(parts_.instructions.size());
      add({.run = i == 0 ? first : next, .out = out, .a = operand});
      if (i == 0) scopes_.emplace_back();  // What comes after may be jumped over.
    }
    scopes_.pop_back();
    for (const size_t jump : jumps) land(jump);
    return out;
  }

  void copy(uint32_t out, const BoundPtr& node) {
    scopes_.emplace_back();
    const uint32_t value = emit(node);
    scopes_.pop_back();
    add({.run = &run_copy, .out = out, .a = value});
  }

  uint32_t emit_case(const Bound& node) {
    const uint32_t out = new_register();
    std::vector<size_t> ends;
    const size_t pairs = node.arguments.size() / 2;
    for (size_t i = 0; i < pairs; ++i) {
      const uint32_t condition = emit(node.arguments[2 * i]);
      const size_t over = parts_.instructions.size();
      add({.run = &run_jump_unless_true, .a = condition});
      copy(out, node.arguments[2 * i + 1]);
      ends.push_back(parts_.instructions.size());
      add({.run = &run_jump});
      land(over);
      if (i == 0) scopes_.emplace_back();
    }
    copy(out, node.arguments.back());
    scopes_.pop_back();
    for (const size_t jump : ends) land(jump);
    return out;
  }

  uint32_t emit_coalesce(const Bound& node) {
    const uint32_t out = new_register();
    std::vector<size_t> ends;
    for (const BoundPtr& argument : node.arguments) {
      add({.run = &run_copy, .out = out, .a = emit(argument)});
      ends.push_back(parts_.instructions.size());
      add({.run = &run_jump_if_present, .a = out});
      if (ends.size() == 1) scopes_.emplace_back();
    }
    scopes_.pop_back();
    for (const size_t jump : ends) land(jump);
    return out;
  }

  void resolve_pointers() {
    for (size_t i = 0; i < parts_.instructions.size(); ++i) {
      if (operand_starts_[i] != ~size_t{0})
        parts_.instructions[i].operands = parts_.operands.data() + operand_starts_[i];
    }
    for (const PendingLambda& pending : lambdas_) {
      parts_.infos[pending.info]->lambdas[pending.lambda].start =
          parts_.instructions.data() + pending.start;
    }
  }

  Program::Parts parts_;
  std::vector<size_t> operand_starts_;  // Per instruction.
  std::vector<PendingLambda> lambdas_;
  std::unordered_map<uint32_t, uint32_t> variables_;
  std::vector<std::unordered_map<uint64_t, uint32_t>>
      scopes_;                  // Identity to register: what is sure to have run.
  std::vector<BoundPtr> kept_;  // So that no identity outlives its node.
  std::unordered_map<const Bound*, uint64_t> identities_;
  std::map<Shape, uint64_t> shapes_;
  std::map<std::string, uint64_t> constants_;
  uint64_t last_identity_ = 0;
};

}  // namespace

Result<Program> compile_program(const std::vector<BoundPtr>& expressions,
                                const Settings& settings) {
  return Compiler(settings).compile(expressions);
}

}  // namespace penstock::expression
