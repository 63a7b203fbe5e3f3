// operators/expression/code_builder.h -- a program in the making: its instructions, its registers and what is in them.
//
// Scopes      What has been emitted inside of a scope may have been jumped over by what comes behind it.
// Threads     Used by the thread that compiles.
#pragma once

#include <cstddef>
#include <cstdint>
// lint: allow(hot) of compilation
#include <unordered_map>
#include <vector>

#include "penstock/operators/expression/identities.h"
#include "penstock/operators/expression/program.h"

namespace penstock::expression {

class CodeBuilder {
 public:
  using Jumps = std::vector<std::size_t>;

  // Both outlive it.
  CodeBuilder(Program::Parts& parts, Identities& identities)
      : parts_(parts), identities_(identities) {}

  // Begins anew; registers of constants are kept.
  void clear() {
    code_.clear();
    scopes_.assign(1, {});
  }
  std::size_t add(const Instruction& instruction) {
    code_.push_back(instruction);
    return code_.size() - 1;
  }
  std::size_t size() const noexcept { return code_.size(); }
  // These jumps come out at what is added next.
  void land(const Jumps& jumps);
  const Instruction* data() const noexcept { return code_.data(); }
  std::vector<Instruction> take() { return std::move(code_); }

  std::uint32_t new_register();
  // Constants stand in registers that nothing writes.
  std::uint32_t constant_register(const BoundPtr& node);

  // The register that is sure to hold the value already.
  const std::uint32_t* find(const BoundPtr& node);
  void remember(const BoundPtr& node, std::uint32_t place);
  // A column that no register holds yet is read in place.
  bool is_unread_column(const BoundPtr& node) {
    return node->kind == BoundKind::kColumn && find(node) == nullptr;
  }
  bool stands_in_register(const BoundPtr& node) {
    return node->is_constant() || node->kind == BoundKind::kVariable || find(node) != nullptr;
  }

  std::size_t scopes() const noexcept { return scopes_.size(); }
  void enter_scope() { scopes_.emplace_back(); }
  void leave_scopes(std::size_t left) { scopes_.resize(left); }

 private:
  // Identity to register.
  using Scope = std::unordered_map<std::uint64_t, std::uint32_t>;

  Program::Parts& parts_;
  Identities& identities_;
  std::vector<Instruction> code_;
  std::vector<Scope> scopes_;
  Scope constants_;
};

}  // namespace penstock::expression
