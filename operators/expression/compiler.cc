#include "penstock/operators/expression/compiler.h"

#include <cmath>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "penstock/operators/expression/flow_instructions.h"

namespace penstock::expression {
namespace {

// Choosing among more computes too much that is not needed.
constexpr std::size_t kChoicesMax = 4;

class Compiler {
 public:
  explicit Compiler(const Settings& settings) { parts_.settings = settings; }

  Result<Program> compile(const std::vector<BoundPtr>& expressions) {
    parts_.registers.resize(expressions.size(), Cell::of_null());
    for (const BoundPtr& expression : expressions) parts_.types.push_back(expression->type);
    for (const BoundPtr& expression : expressions) count_uses(expression);
    parts_.instructions = pass(expressions);
    const std::size_t registers = parts_.registers.size();
    const std::size_t infos = parts_.infos.size();
    assumes_present_ = true;
    parts_.present_instructions = pass(expressions);
    if (parts_.present_columns == 0) {
      parts_.present_instructions.clear();
      parts_.registers.resize(registers);
      parts_.infos.resize(infos);
    }
    if (parts_.instructions.size() > kInstructionsMax) {
      return Status::invalid_argument("the expression needs more than " +
                                      std::to_string(kInstructionsMax) +
                                      " instructions; split it into several columns");
    }
    return Program(std::move(parts_));
  }

 private:
  struct PendingLambda {
    std::size_t info;
    std::size_t lambda;
    std::size_t start;
  };
  struct Presence {
    bool present = false;
    std::uint64_t columns = 0;  // That must be present for it.
  };
  using Shape = std::vector<std::uint64_t>;
  using Jumps = std::vector<std::size_t>;

  std::vector<Instruction> pass(const std::vector<BoundPtr>& expressions) {
    code_.clear();
    scopes_.assign(1, {});
    lambdas_.clear();
    for (std::uint32_t i = 0; i < expressions.size(); ++i) {
      const bool computed = !stands_in_register(expressions[i]);
      emit_into(expressions[i], i);
      if (computed) scopes_.back()[identity(expressions[i])] = i;
    }
    add({.run = &run_end});
    for (const PendingLambda& pending : lambdas_)
      parts_.infos[pending.info]->lambdas[pending.lambda].start = code_.data() + pending.start;
    return std::move(code_);
  }

  std::size_t add(const Instruction& instruction) {
    code_.push_back(instruction);
    return code_.size() - 1;
  }
  std::uint32_t new_register() {
    parts_.registers.push_back(Cell::of_null());
    return static_cast<std::uint32_t>(parts_.registers.size() - 1);
  }

  // Equal numbers for expressions that always have equal values.
  std::uint64_t identity(const BoundPtr& node) {
    if (const auto known = identities_.find(node.get()); known != identities_.end())
      return known->second;
    kept_.push_back(node);
    Shape shape{static_cast<std::uint64_t>(node->kind), node->index};
    std::uint64_t id = ++last_identity_;
    if (node->is_constant()) {
      id =
          constants_
              .emplace(node->type.to_string() + (node->value.null ? "!" : "=" + content(*node)), id)
              .first->second;
    } else if (node->deterministic && node->kind != BoundKind::kLambda) {
      shape.push_back(reinterpret_cast<std::uint64_t>(node->run));
      shape.push_back(reinterpret_cast<std::uint64_t>(node->forms));
      shape.push_back(reinterpret_cast<std::uint64_t>(node->prepared.get()));
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

  // How many expressions have it as an argument; those that are equal count once.
  void count_uses(const BoundPtr& node) {
    if (++uses_[identity(node)] > 1) return;
    for (const BoundPtr& argument : node->arguments) count_uses(argument);
  }

  // The register that is sure to hold the value already.
  const std::uint32_t* find(const BoundPtr& node) {
    const std::uint64_t id = identity(node);
    for (const auto& scope : scopes_) {
      if (const auto found = scope.find(id); found != scope.end()) return &found->second;
    }
    return nullptr;
  }
  bool stands_in_register(const BoundPtr& node) {
    return node->is_constant() || node->kind == BoundKind::kVariable || find(node) != nullptr;
  }

  // Whether the value is never null, where the pass may assume that of columns.
  Presence presence(const BoundPtr& node) {
    if (!node->nullable) return {true, 0};
    if (!assumes_present_) return {};
    if (const auto known = presences_.find(node.get()); known != presences_.end())
      return known->second;
    Presence found;
    if (node->kind == BoundKind::kColumn) {
      if (node->index < 64) found = {true, std::uint64_t{1} << node->index};
    } else if (node->kind == BoundKind::kCase) {
      std::vector<BoundPtr> values{node->arguments.back()};
      for (std::size_t i = 1; i < node->arguments.size(); i += 2)
        values.push_back(node->arguments[i]);
      found = presence(values);
    } else if (node->total || node->kind == BoundKind::kAnd || node->kind == BoundKind::kOr) {
      found = presence(node->arguments);
    }
    presences_.emplace(node.get(), found);
    kept_.push_back(node);
    return found;
  }
  Presence presence(const std::vector<BoundPtr>& nodes) {
    Presence all{true, 0};
    for (const BoundPtr& node : nodes) {
      const Presence one = presence(node);
      all = {all.present && one.present, all.columns | one.columns};
    }
    return all;
  }
  bool are_present(const std::vector<BoundPtr>& nodes) {
    const Presence all = presence(nodes);
    if (all.present) parts_.present_columns |= all.columns;
    return all.present;
  }

  std::uint32_t emit(const BoundPtr& node) {
    if (const std::uint32_t* known = find(node)) return *known;
    if (node->is_constant()) return emit_constant(node);
    if (node->kind == BoundKind::kVariable) return variables_.at(node->index);
    if (code_.size() > kInstructionsMax) return 0;
    const std::uint32_t out = new_register();
    emit_new(*node, out);
    scopes_.back()[identity(node)] = out;
    return out;
  }
  // The value into that register, which nobody else may take for it.
  void emit_into(const BoundPtr& node, std::uint32_t out) {
    if (stands_in_register(node)) {
      add({.run = &run_copy, .out = out, .a = emit(node)});
    } else if (code_.size() <= kInstructionsMax) {
      emit_new(*node, out);
    }
  }

  void emit_new(const Bound& node, std::uint32_t out) {
    switch (node.kind) {
      case BoundKind::kColumn: {
        const bool bytes = cell_form(node.type) == CellForm::kBytes;
        add({.run = bytes ? &run_load_bytes : &run_load_inline, .out = out, .a = node.index});
        break;
      }
      case BoundKind::kCall:
        return node.forms != nullptr ? void(add(operation(node, Use::kValue, out)))
                                     : emit_call(node, out);
      case BoundKind::kAnd:
        return emit_logic<false>(node, out);
      case BoundKind::kOr:
        return emit_logic<true>(node, out);
      case BoundKind::kCase:
        return emit_case(node, out);
      case BoundKind::kCoalesce:
        return emit_coalesce(node, out);
      default:
        break;
    }
  }

  // Constants stand in registers that nothing writes.
  std::uint32_t emit_constant(const BoundPtr& node) {
    const auto [place, is_new] = constant_registers_.emplace(identity(node), 0);
    if (!is_new) return place->second;
    place->second = new_register();
    parts_.registers[place->second] = node->value;
    if (node->bytes != nullptr) parts_.owned.push_back(node->bytes);
    return place->second;
  }

  // A column that no register holds yet is read in place.
  bool read_in_place(const BoundPtr& operand) {
    return operand->kind == BoundKind::kColumn && find(operand) == nullptr;
  }

  // The column and the constant of a product that an operation can read as one operand.
  std::pair<const Bound*, const Bound*> scaled_column(const BoundPtr& node,
                                                      const OperandForms& forms) {
    if (forms.scaled == nullptr || node->forms != forms.scaled || find(node) != nullptr) return {};
    for (const std::size_t column : {0, 1}) {
      const BoundPtr& constant = node->arguments[1 - column];
      if (read_in_place(node->arguments[column]) && constant->is_constant())
        return {node->arguments[column].get(), constant.get()};
    }
    return {};
  }

  static bool is_nan(const Bound& constant) {
    return (constant.type.is(TypeKind::kDouble) && std::isnan(constant.value.real)) ||
           (constant.type.is(TypeKind::kFloat) && std::isnan(constant.value.single));
  }

  // Puts what the second operand needs into the instruction and says where it stands.
  Place place_second(const BoundPtr& operand, const OperandForms& forms, Use use,
                     Instruction& instruction) {
    if (operand->is_constant() && !operand->is_null() && !is_nan(*operand) &&
        forms.run(use, Place::kRegister, Place::kConstant) != nullptr) {
      instruction.extra.constant = operand->value.number;
      return Place::kConstant;
    }
    if (forms.run(use, Place::kRegister, Place::kScaledColumn) != nullptr) {
      if (const auto [column, constant] = scaled_column(operand, forms); column != nullptr) {
        instruction.b = column->index;
        instruction.extra.constant = constant->value.number;
        return Place::kScaledColumn;
      }
    }
    const bool in_place = read_in_place(operand);
    instruction.b = in_place ? operand->index : emit(operand);
    return in_place ? Place::kColumn : Place::kRegister;
  }

  // Whether an operation can make that operand last and hand it over instead of keeping it.
  bool is_carried(const BoundPtr& node, const OperandForms& forms, Use use) {
    return use != Use::kValue && forms.has(use, Place::kCarried) && node->forms != nullptr &&
           node->forms->has(Use::kCarry) && uses_[identity(node)] == 1 && find(node) == nullptr &&
           are_present(node->arguments);
  }

  // REQUIRES: of all uses but kValue, that the arguments are present.
  Instruction operation(const Bound& node, Use use, std::uint32_t out) {
    const OperandForms* forms = node.forms;
    BoundPtr first = node.arguments[0];
    BoundPtr second = node.arguments[1];
    if (use == Use::kValue && are_present(node.arguments)) use = Use::kPresentValue;
    if (forms->mirrored != nullptr && (first->is_constant() || (is_carried(second, *forms, use) &&
                                                                !is_carried(first, *forms, use)))) {
      std::swap(first, second);
      forms = forms->mirrored;
    }
    Instruction instruction{.out = out};
    // What is carried must be made last.
    const bool carried = is_carried(first, *forms, use);
    Place place = carried ? Place::kCarried : Place::kRegister;
    if (!carried && read_in_place(first)) place = Place::kColumn;
    if (place == Place::kColumn) instruction.a = first->index;
    if (place == Place::kRegister) instruction.a = emit(first);
    const Place second_place = place_second(second, *forms, use, instruction);
    if (carried) add(operation(*first, Use::kCarry, 0));
    instruction.run = forms->run(use, place, second_place);
    return instruction;
  }
  // A comparison that can end in a jump, a choice or a conjunction.
  bool settles(const BoundPtr& node) {
    return node->forms != nullptr && node->forms->has(Use::kChoice) && find(node) == nullptr &&
           are_present(node->arguments);
  }

  void emit_call(const Bound& node, std::uint32_t out) {
    auto info = std::make_unique<CallInfo>();
    for (const BoundPtr& argument : node.arguments) {
      info->argument_types.push_back(argument->type);
      if (argument->kind != BoundKind::kLambda) info->operands.push_back(emit(argument));
    }
    info->type = node.type;
    info->prepared = node.prepared.get();
    if (node.prepared != nullptr) parts_.owned.push_back(node.prepared);
    Instruction instruction{.run = node.run, .out = out};
    instruction.extra.info = info.get();
    if (!info->operands.empty()) instruction.a = info->operands[0];
    if (info->operands.size() > 1) instruction.b = info->operands[1];
    parts_.infos.push_back(std::move(info));
    emit_lambdas(node, parts_.infos.size() - 1);
    add(instruction);
  }

  // Bodies stand before their call, which is reached by a jump over them.
  void emit_lambdas(const Bound& node, std::size_t info) {
    for (const BoundPtr& argument : node.arguments) {
      if (argument->kind != BoundKind::kLambda) continue;
      const std::size_t jump = add({.run = &run_jump});
      LambdaBody body;
      for (const std::uint32_t variable : argument->variables) {
        body.variables.push_back(new_register());
        variables_[variable] = body.variables.back();
      }
      lambdas_.push_back({info, parts_.infos[info]->lambdas.size(), code_.size()});
      scopes_.emplace_back();
      body.result = emit(argument->arguments[0]);
      scopes_.pop_back();
      add({.run = &run_end});
      parts_.infos[info]->lambdas.push_back(std::move(body));
      land({jump});
    }
  }

  void land(const Jumps& jumps) {
    for (const std::size_t jump : jumps)
      code_[jump].target = static_cast<std::uint32_t>(code_.size() - jump);
  }

  template <bool Settling>
  std::size_t emit_settling(const BoundPtr& node, std::uint32_t out) {
    if (!Settling && settles(node)) return add(operation(*node, Use::kJumpUnless, out));
    const std::uint32_t value = emit(node);
    return add({.run = &run_first<Settling>, .out = out, .a = value});
  }

  template <bool Settling>
  void emit_logic(const Bound& node, std::uint32_t out) {
    if (node.arguments.size() <= kChoicesMax && are_quick(node.arguments)) {
      add(operation(*node.arguments[0], Use::kPresentValue, out));
      for (std::size_t i = 1; i < node.arguments.size(); ++i)
        add(operation(*node.arguments[i], Settling ? Use::kOr : Use::kAnd, out));
      return;
    }
    const bool present = are_present(node.arguments);
    const std::size_t depth = scopes_.size();
    Jumps jumps;
    for (std::size_t i = 0; i < node.arguments.size(); ++i) {
      const BoundPtr& argument = node.arguments[i];
      if (present && i + 1 == node.arguments.size()) {
        emit_into(argument, out);
      } else if (present || i == 0) {
        jumps.push_back(emit_settling<Settling>(argument, out));
      } else {
        const std::uint32_t value = emit(argument);
        jumps.push_back(add({.run = &run_next<Settling>, .out = out, .a = value}));
      }
      if (i == 0) scopes_.emplace_back();  // What comes after may be jumped over.
    }
    scopes_.resize(depth);
    land(jumps);
  }

  // Jumps unless the condition is true. Leaves scopes for what has run only if it is.
  void emit_unless(const BoundPtr& condition, std::uint32_t scratch, Jumps& jumps) {
    if (condition->kind == BoundKind::kAnd && find(condition) == nullptr &&
        are_present(condition->arguments)) {
      for (const BoundPtr& part : condition->arguments) {
        emit_unless(part, scratch, jumps);
        scopes_.emplace_back();
      }
    } else if (settles(condition)) {
      jumps.push_back(add(operation(*condition, Use::kJumpUnless, scratch)));
    } else {
      const std::uint32_t value = emit(condition);
      jumps.push_back(add({.run = &run_jump_unless_true, .a = value}));
    }
  }

  void emit_case(const Bound& node, std::uint32_t out) {
    if (are_choices(node)) return emit_choices(node, out);
    const std::size_t depth = scopes_.size();
    Jumps ends;
    for (std::size_t i = 0; i + 1 < node.arguments.size(); i += 2) {
      const std::size_t inner = scopes_.size();
      Jumps over;
      emit_unless(node.arguments[i], out, over);
      scopes_.emplace_back();
      emit_into(node.arguments[i + 1], out);
      scopes_.resize(inner);
      ends.push_back(add({.run = &run_jump}));
      land(over);
      if (i == 0) scopes_.emplace_back();
    }
    emit_into(node.arguments.back(), out);
    scopes_.resize(depth);
    land(ends);
  }

  bool is_leaf(const BoundPtr& node) {
    return node->kind == BoundKind::kColumn || stands_in_register(node);
  }
  // Comparisons of what stands there: sooner all done than jumped over, as nobody foresees what data say.
  bool are_quick(const std::vector<BoundPtr>& conditions) {
    for (const BoundPtr& condition : conditions) {
      if (!settles(condition)) return false;
      for (const BoundPtr& operand : condition->arguments)
        if (!is_leaf(operand)) return false;
    }
    return true;
  }
  bool are_choices(const Bound& node) {
    const auto& all = node.arguments;
    if (all.size() / 2 > kChoicesMax || !is_leaf(all.back())) return false;
    std::vector<BoundPtr> conditions;
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      if (!is_leaf(all[i + 1])) return false;
      conditions.push_back(all[i]);
    }
    return are_quick(conditions);
  }
  void emit_choices(const Bound& node, std::uint32_t out) {
    const auto& all = node.arguments;
    std::vector<std::uint32_t> values;
    for (std::size_t i = 1; i < all.size(); i += 2) values.push_back(emit(all[i]));
    std::uint32_t otherwise = emit(all.back());
    for (std::size_t i = values.size(); i-- > 0; otherwise = out) {
      const Bound& condition = *all[2 * i];
      const bool has_room = has_constant(condition);
      if (!has_room && otherwise != out) add({.run = &run_copy, .out = out, .a = otherwise});
      Instruction choice = operation(condition, Use::kChoice, out);
      choice.target = values[i];
      if (has_room) choice.b = otherwise;
      add(choice);
    }
  }
  // Whether the instruction has the constant that it compares with: then b is free.
  static bool has_constant(const Bound& comparison) {
    const auto& all = comparison.arguments;
    const BoundPtr& constant = all[0]->is_constant() ? all[0] : all[1];
    return constant->is_constant() && all[0]->is_constant() != all[1]->is_constant() &&
           !is_nan(*constant) &&
           comparison.forms->run(Use::kChoice, Place::kRegister, Place::kConstant) != nullptr;
  }

  void emit_coalesce(const Bound& node, std::uint32_t out) {
    const std::size_t depth = scopes_.size();
    Jumps ends;
    for (const BoundPtr& argument : node.arguments) {
      emit_into(argument, out);
      if (argument == node.arguments.back()) break;
      ends.push_back(add({.run = &run_jump_if_present, .a = out}));
      if (ends.size() == 1) scopes_.emplace_back();
    }
    scopes_.resize(depth);
    land(ends);
  }

  Program::Parts parts_;
  bool assumes_present_ = false;
  std::vector<Instruction> code_;
  std::vector<PendingLambda> lambdas_;
  std::unordered_map<std::uint32_t, std::uint32_t> variables_;
  std::vector<std::unordered_map<std::uint64_t, std::uint32_t>>
      scopes_;  // Identity to register: what is sure to have run.
  std::unordered_map<std::uint64_t, std::uint32_t> constant_registers_;
  std::unordered_map<const Bound*, Presence> presences_;
  std::vector<BoundPtr> kept_;  // So that no identity outlives its node.
  std::unordered_map<const Bound*, std::uint64_t> identities_;
  std::map<Shape, std::uint64_t> shapes_;
  std::map<std::string, std::uint64_t> constants_;
  std::unordered_map<std::uint64_t, std::size_t> uses_;  // By identity.
  std::uint64_t last_identity_ = 0;
};

}  // namespace

Result<Program> compile_program(const std::vector<BoundPtr>& expressions,
                                const Settings& settings) {
  return Compiler(settings).compile(expressions);
}

}  // namespace penstock::expression
