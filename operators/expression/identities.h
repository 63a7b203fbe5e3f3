// operators/expression/identities.h -- which parts of expressions always have the same value, and how often each is
// used.
//
// Threads     Used by the thread that compiles.
#pragma once

#include <cstddef>
#include <cstdint>
// lint: allow(hot) of compilation
#include <map>
#include <string>
// lint: allow(hot) of compilation
#include <unordered_map>
#include <vector>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

class Identities {
 public:
  // Equal numbers for expressions that always have equal values. The node is kept, so that no number outlives it.
  std::uint64_t of(const BoundPtr& node);

  // Counts what `node` is made of.
  void count_uses(const BoundPtr& node);
  // Whether one expression has it as an argument; those that are equal count once.
  bool is_used_once(const BoundPtr& node) { return uses_[of(node)] == 1; }

 private:
  using Shape = std::vector<std::uint64_t>;

  std::unordered_map<const Bound*, std::uint64_t> identities_;
  std::map<Shape, std::uint64_t> shapes_;
  std::map<std::string, std::uint64_t> constants_;
  std::unordered_map<std::uint64_t, std::size_t> uses_;
  std::vector<BoundPtr> kept_;
  std::uint64_t last_ = 0;
};

}  // namespace penstock::expression
