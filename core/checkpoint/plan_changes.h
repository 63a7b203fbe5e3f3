// core/checkpoint/plan_changes.h -- how a job that goes on from a checkpoint differs from the one that made it.
//
// A stage is known again by its name. One that is gone with its state is no small matter: see dropped().
// Threads    No state of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/core/checkpoint/checkpoint_folder.h"
#include "penstock/core/checkpoint/manifest.h"

namespace penstock {

// Of one operator of a stage: what it had captured, by section.
struct CapturedState {
  std::string operator_id;
  std::string section;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
};

class PlanChanges {
 public:
  // Reads the parts of those stages of `then` that `now` does not have.
  static Result<PlanChanges> find(const CheckpointFolder& folder, const Manifest& then,
                                  const std::vector<StageFingerprint>& now);

  bool none() const noexcept { return gone_.empty() && anew_.empty() && rescaled_.empty(); }
  // Whether state would be dropped.
  bool drops_state() const noexcept;
  // "kept: ...; dropped: ...; begins anew: ...; rescaled: ..."
  std::string to_string() const;
  // Only what is dropped.
  std::string dropped() const;

 private:
  struct Gone {
    std::string name;
    std::vector<CapturedState> state;
  };
  std::vector<std::string> kept_;
  std::vector<Gone> gone_;
  std::vector<std::string> anew_;
  std::vector<std::string> rescaled_;
};

}  // namespace penstock
