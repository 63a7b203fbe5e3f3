// api/keyed_stage.h -- what is set for a stage of keys, whichever stream leads to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "penstock/core/plan/plan.h"

namespace penstock::internal {

// A base of the stream class `Self`, which its methods return.
template <class Self>
class KeyedStage {
 public:
  // For messages and metrics.
  Self&& named(std::string name) && {
    plan_->stage(stage_).name = std::move(name);
    return self();
  }
  // Tasks that share the keys; by default one per worker.
  Self&& parallelism(std::uint32_t tasks) && {
    plan_->stage(stage_).parallelism = tasks;
    return self();
  }
  // How many keys may have state at a time, and elements each map of theirs; each task may hold its share. One key more
  // ends the job with kResourceExhausted. EngineOptions::state_bytes_max bounds the memory of all stages.
  Self&& max_keys(std::uint64_t keys) && {
    plan_->stage(stage_).state_keys_max = keys;
    return self();
  }
  // How many keys will have state at a time, about. Memory for that many, of each task's share, is made present when
  // the job starts, on huge pages where it takes some MiB: their values and the panes of their windows need not grow
  // while records flow, and tables that are larger than the processor's caches are faster. More keys may come. It has
  // no effect on elements of maps, on timers, and on state that is kept on a disk. Where there is not so much memory,
  // the job ends as it starts, with kResourceExhausted.
  Self&& expected_keys(std::uint64_t keys) && {
    plan_->stage(stage_).state_keys_expected = keys;
    return self();
  }

 protected:
  KeyedStage(std::shared_ptr<Plan> plan, StageId stage) : plan_(std::move(plan)), stage_(stage) {}

  std::shared_ptr<Plan> plan_;
  StageId stage_;

 private:
  Self&& self() noexcept { return static_cast<Self&&>(*this); }
};

}  // namespace penstock::internal
