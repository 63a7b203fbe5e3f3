// tests/sim/protocol_check.h -- replays the steps of the snapshot protocol, over all runs of a job, against its rules.
//
// Rules      An epoch is never asked for twice, whatever crashed, and one is in flight at a time. A task passes epochs
//            in order, none before it was asked for, and none that is not newer than all before the run began. It
//            captures only what it has passed; a part is acknowledged only of the epoch in flight and once captured; an
//            epoch is complete only when all tasks are acknowledged. Output of an epoch is published, and tasks hear of
//            it, only when it is complete. A run goes on from the newest complete one.
// The same   as in tests/models/snapshots.pml, whose steps these are.
// Threads    One.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/protocol_trace.h"

namespace penstock::sim {

class ProtocolCheck {
 public:
  // The first rule that is broken, with the events before it; empty: none.
  std::string check(const std::vector<ProtocolEvent>& events);

 private:
  struct TaskState {
    Epoch passed;
    Epoch captured;
    Epoch acknowledged;
    Epoch heard;
  };
  std::string follow(const ProtocolEvent& event);
  std::string on_start(Epoch restored);
  std::string on_request(Epoch epoch);
  std::string on_passed(TaskState& task, Epoch epoch) const;
  std::string on_captured(TaskState& task, Epoch epoch) const;
  std::string on_acknowledged(TaskState& task, Epoch epoch) const;
  std::string on_complete(Epoch epoch);
  std::string on_given_up(Epoch epoch);

  // Over crashes.
  Epoch newest_asked_;
  Epoch newest_complete_;
  // Of a run.
  bool runs_ = false;
  std::optional<Epoch> in_flight_;
  std::optional<Epoch> asked_;  // The newest of this run.
  Epoch complete_;
  std::map<const void*, TaskState> tasks_;
};

std::string to_string(const ProtocolEvent& event);

}  // namespace penstock::sim
