// operators/expression/presences.h -- which expressions are never null, given which columns.
//
// Threads     Used by the thread that compiles.
#pragma once

#include <cstdint>
// lint: allow(hot) of compilation
#include <unordered_map>
#include <vector>

#include "penstock/operators/expression/bound.h"

namespace penstock::expression {

class Presences {
 public:
  // From here on columns may be asked not to be null; before, only what is never null is present.
  void assume_columns() noexcept { assumes_columns_ = true; }

  // Whether none of them is ever null. The columns that this takes are among columns() from then on.
  bool hold(const std::vector<BoundPtr>& nodes);

  // Bit i: column i must not be null.
  std::uint64_t columns() const noexcept { return columns_; }

 private:
  struct Presence {
    bool present = false;
    std::uint64_t columns = 0;  // That must be present for it.
  };

  Presence of(const BoundPtr& node);
  Presence of_all(const std::vector<BoundPtr>& nodes);
  Presence found(const Bound& node);

  bool assumes_columns_ = false;
  std::uint64_t columns_ = 0;
  std::unordered_map<const Bound*, Presence> presences_;
  std::vector<BoundPtr> kept_;  // So that no other node has the address of one that is known.
};

}  // namespace penstock::expression
