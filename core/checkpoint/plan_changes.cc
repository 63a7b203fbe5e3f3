#include "penstock/core/checkpoint/plan_changes.h"

#include <algorithm>

#include "penstock/core/stream/snapshot.h"

namespace penstock {
namespace {

// What a task keeps of itself, as its watermarks: no state of the job's.
constexpr std::string_view kTaskItself = "task";

// Names may be anybody's, and end on a terminal.
std::string printable(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

const StageFingerprint* find_stage(const std::vector<StageFingerprint>& stages,
                                   const std::string& name) {
  const auto found = std::find_if(stages.begin(), stages.end(), [&](const StageFingerprint& stage) {
    return stage.name == name;
  });
  return found == stages.end() ? nullptr : &*found;
}

void count(std::vector<CapturedState>& states, const SnapshotItem& item) {
  if (item.operator_id == kTaskItself) return;
  auto at = std::find_if(states.begin(), states.end(), [&](const CapturedState& state) {
    return state.operator_id == item.operator_id && state.section == item.section;
  });
  if (at == states.end()) {
    states.push_back({std::string(item.operator_id), std::string(item.section)});
    at = states.end() - 1;
  }
  ++at->items;
  at->bytes += item.bytes.size();
}

Result<std::vector<CapturedState>> state_of(const CheckpointFolder& folder, const Manifest& then,
                                            StageId stage) {
  std::vector<CapturedState> states;
  for (const PartInfo& part : then.parts) {
    if (part.stage != stage) continue;
    SnapshotParser parser(part.task, part.task_count);
    const auto visit = [&](const SnapshotItem& item) {
      count(states, item);
      return Status();
    };
    PENSTOCK_RETURN_IF_ERROR(folder.for_each_chunk(
        then, part, [&](std::string_view chunk) { return parser.parse(chunk, visit); }));
  }
  return states;
}

std::string text_of(const std::vector<CapturedState>& states) {
  std::string text;
  for (const CapturedState& state : states) {
    text += std::string(text.empty() ? "" : ", ") + "'" + printable(state.section) +
            "' of operator " + printable(state.operator_id) + " (" + std::to_string(state.items) +
            " items, " + std::to_string(state.bytes) + " bytes)";
  }
  return text.empty() ? "had no state" : text;
}

std::string list(const std::string& title, const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) text += (text.empty() ? title + ": " : ", ") + entry;
  return text;
}

std::string quoted(const std::string& name) { return "stage \"" + printable(name) + "\""; }

}  // namespace

Result<PlanChanges> PlanChanges::find(const CheckpointFolder& folder, const Manifest& then,
                                      const std::vector<StageFingerprint>& now) {
  PlanChanges changes;
  for (const StageFingerprint& stage : then.plan) {
    const StageFingerprint* own = find_stage(now, stage.name);
    if (own == nullptr) {
      Result<std::vector<CapturedState>> state = state_of(folder, then, stage.stage);
      if (!state.ok()) return state.status();
      changes.gone_.push_back({stage.name, std::move(*state)});
      continue;
    }
    changes.kept_.push_back(quoted(stage.name));
    if (own->task_count == stage.task_count) continue;
    changes.rescaled_.push_back(quoted(stage.name) + " from " + std::to_string(stage.task_count) +
                                " to " + std::to_string(own->task_count) + " tasks");
  }
  for (const StageFingerprint& stage : now) {
    if (find_stage(then.plan, stage.name) == nullptr) changes.anew_.push_back(quoted(stage.name));
  }
  return changes;
}

bool PlanChanges::drops_state() const noexcept {
  return std::any_of(gone_.begin(), gone_.end(),
                     [](const Gone& gone) { return !gone.state.empty(); });
}

std::string PlanChanges::dropped() const {
  std::vector<std::string> entries;
  for (const Gone& gone : gone_) {
    if (!gone.state.empty()) entries.push_back(quoted(gone.name) + ": " + text_of(gone.state));
  }
  return list("dropped", entries);
}

std::string PlanChanges::to_string() const {
  std::vector<std::string> stateless;
  for (const Gone& gone : gone_) {
    if (gone.state.empty()) stateless.push_back(quoted(gone.name) + " (it had no state)");
  }
  std::string text;
  for (const std::string& each : {list("kept", kept_), list("rescaled", rescaled_), dropped(),
                                  list("gone", stateless), list("begins anew", anew_)}) {
    if (!each.empty()) text += (text.empty() ? "" : "; ") + each;
  }
  return text;
}

}  // namespace penstock
