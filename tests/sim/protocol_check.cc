#include "penstock/tests/sim/protocol_check.h"

#include <algorithm>

namespace penstock::sim {
namespace {

constexpr std::size_t kEventsTold = 30;

const char* name_of(ProtocolStep step) {
  switch (step) {
    case ProtocolStep::kStarted:
      return "started from";
    case ProtocolStep::kTaskAdded:
      return "task added";
    case ProtocolStep::kRequested:
      return "requested";
    case ProtocolStep::kPassed:
      return "passed";
    case ProtocolStep::kCaptured:
      return "captured";
    case ProtocolStep::kAcknowledged:
      return "acknowledged";
    case ProtocolStep::kComplete:
      return "complete";
    case ProtocolStep::kPublished:
      return "published";
    case ProtocolStep::kTold:
      return "told";
    case ProtocolStep::kHeard:
      return "heard";
    case ProtocolStep::kGivenUp:
      return "given up";
    case ProtocolStep::kCrashed:
      return "crashed";
  }
  return "?";
}

}  // namespace

std::string to_string(const ProtocolEvent& event) {
  std::string text = name_of(event.step);
  if (event.epoch != Epoch{}) text += " " + std::to_string(event.epoch.value);
  if (event.task != nullptr)
    text += " by " + std::to_string(reinterpret_cast<std::uintptr_t>(event.task) % 100'000);
  return text;
}

std::string ProtocolCheck::check(const std::vector<ProtocolEvent>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::string defect = follow(events[i]);
    if (defect.empty()) continue;
    defect = "protocol: " + defect + "; after";
    for (std::size_t j = i < kEventsTold ? 0 : i - kEventsTold; j <= i; ++j)
      defect += " | " + to_string(events[j]);
    return defect;
  }
  return "";
}

std::string ProtocolCheck::follow(const ProtocolEvent& event) {
  if (event.step == ProtocolStep::kStarted) return on_start(event.epoch);
  if (event.step == ProtocolStep::kCrashed) return runs_ = false, "";
  if (!runs_) return "a step of a job that does not run";
  if (event.step == ProtocolStep::kTaskAdded) return tasks_.try_emplace(event.task), "";
  if (event.task != nullptr && !tasks_.contains(event.task)) return "a task that nobody has added";
  switch (event.step) {
    case ProtocolStep::kRequested:
      return on_request(event.epoch);
    case ProtocolStep::kPassed:
      return on_passed(tasks_[event.task], event.epoch);
    case ProtocolStep::kCaptured:
      return on_captured(tasks_[event.task], event.epoch);
    case ProtocolStep::kAcknowledged:
      return on_acknowledged(tasks_[event.task], event.epoch);
    case ProtocolStep::kComplete:
      return on_complete(event.epoch);
    case ProtocolStep::kPublished:
    case ProtocolStep::kTold:
      return event.epoch == complete_ && !in_flight_ ? "" : "before the epoch is complete";
    case ProtocolStep::kHeard:
      return event.epoch == complete_ ? "" : "of an epoch that is not complete";
    case ProtocolStep::kGivenUp:
      return on_given_up(event.epoch);
    default:
      return "";
  }
}

std::string ProtocolCheck::on_start(Epoch restored) {
  runs_ = true;
  in_flight_.reset();
  asked_.reset();
  complete_ = {};
  tasks_.clear();
  return restored == newest_complete_
             ? ""
             : "not the newest complete epoch, " + std::to_string(newest_complete_.value);
}

std::string ProtocolCheck::on_request(Epoch epoch) {
  if (in_flight_) return "a second epoch in flight";
  if (epoch <= newest_asked_) return "an epoch number used twice";
  newest_asked_ = epoch;
  in_flight_ = asked_ = epoch;
  return "";
}

// Sources pass each number, those between two that were asked for too: see Task.
std::string ProtocolCheck::on_passed(TaskState& task, Epoch epoch) const {
  if (!asked_ || epoch > *asked_) return "before it was asked for";
  if (epoch <= task.passed) return "twice, or out of order";
  task.passed = epoch;
  return "";
}

std::string ProtocolCheck::on_captured(TaskState& task, Epoch epoch) const {
  if (epoch != task.passed) return "not what it has passed last";
  if (epoch == task.captured) return "captured twice";
  task.captured = epoch;
  return "";
}

std::string ProtocolCheck::on_acknowledged(TaskState& task, Epoch epoch) const {
  if (in_flight_ != epoch) return "not the epoch in flight";
  if (task.captured < epoch) return "before it is captured";
  if (task.acknowledged == epoch) return "acknowledged twice";
  task.acknowledged = epoch;
  return "";
}

std::string ProtocolCheck::on_complete(Epoch epoch) {
  if (in_flight_ != epoch) return "not the epoch in flight";
  const bool all = std::all_of(tasks_.begin(), tasks_.end(),
                               [&](const auto& task) { return task.second.acknowledged == epoch; });
  if (!all) return "before all tasks are acknowledged";
  in_flight_.reset();
  complete_ = newest_complete_ = epoch;
  return "";
}

std::string ProtocolCheck::on_given_up(Epoch epoch) {
  if (in_flight_ != epoch) return "not the epoch in flight";
  in_flight_.reset();
  return "";
}

}  // namespace penstock::sim
