// tests/core/runtime/task_kit.h -- a task whose stage does what the test tells it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/runtime/task.h"

namespace penstock {

// A stage that does what the test tells it, and writes down what its task does with it.
struct Script {
  std::vector<std::string> log;
  std::deque<Turn> turns;
  std::vector<bool> blocked;
  std::size_t aside = 0;  // So many of the last channels carry no time.
  bool is_unread = false;
  bool has_left_inputs = false;
  bool has_room = true;
  std::size_t room_for = SIZE_MAX;  // Turns.
  std::vector<std::size_t> budgets;
  bool has_left = true;
  bool captures = false;  // In slices that do not end.
  int slices = 0;
  std::size_t slice_budget = 0;  // Of the last.
  std::size_t copied_bytes = 0;
  bool stops_by_itself = false;
  Status open_status;
  Status close_status;
  Status poll_failure;
  Instant wakes_at = kNever;
  std::size_t due = 0;  // Keys that the last watermark made due.
  std::vector<std::size_t> fire_budgets;
  std::chrono::microseconds skew_limit = std::chrono::microseconds::max();
};

class ScriptedBody final : public StageBody {
 public:
  ScriptedBody(Script& script, std::size_t channels) : script_(script) {
    script.blocked.resize(channels);
  }

  Status open(const TaskContext& context) override {
    failure_ = context.failure;
    return script_.open_status;
  }
  std::size_t input_channels() const override { return script_.blocked.size(); }
  std::size_t time_channels() const override { return script_.blocked.size() - script_.aside; }
  void leave_inputs() noexcept override { script_.has_left_inputs = true; }
  bool is_unread() const noexcept override { return script_.is_unread; }
  bool ready() noexcept override { return script_.has_room && script_.room_for > 0; }
  Turn poll(Instant, std::size_t budget) override {
    note("poll");
    script_.budgets.push_back(budget);
    --script_.room_for;
    if (!script_.poll_failure.ok()) failure_->set(script_.poll_failure);
    Turn turn;
    turn.wake_at = Instant{70};
    if (script_.turns.empty()) return turn;
    turn = script_.turns.front();
    script_.turns.pop_front();
    return turn;
  }
  bool stop_reading() noexcept override {
    note("stop_reading");
    return script_.stops_by_itself;
  }
  void block_channel(std::size_t channel, bool blocked) noexcept override {
    script_.blocked[channel] = blocked;
  }
  void watermark(EventTime time) noexcept override {
    note(time == kMaxEventTime ? "end of time" : "watermark " + std::to_string(time.micros));
  }
  void idle() noexcept override { note("idle"); }
  void barrier(Epoch epoch) noexcept override { note("barrier " + std::to_string(epoch.value)); }
  bool end_batch(Instant, std::size_t fire_budget) noexcept override {
    note("end_batch");
    script_.fire_budgets.push_back(fire_budget);
    script_.due -= std::min(script_.due, fire_budget);
    return script_.due > 0;
  }
  std::chrono::microseconds skew_limit() const noexcept override { return script_.skew_limit; }
  Instant wake_at() const noexcept override { return script_.wakes_at; }
  bool capture_more(std::size_t budget, SnapshotWriter&) noexcept override {
    ++script_.slices;
    script_.slice_budget = budget;
    return script_.captures;
  }
  std::size_t copied_bytes() const noexcept override { return script_.copied_bytes; }
  Status close() override {
    note("close");
    return script_.close_status;
  }
  bool flushed() noexcept override { return script_.has_left; }
  void request_space() noexcept override {}
  std::size_t queued_elements() const noexcept override { return 3; }
  std::size_t queue_capacity() const noexcept override { return 8; }

 private:
  void note(std::string what) { script_.log.push_back(std::move(what)); }

  Script& script_;
  TaskFailure* failure_ = nullptr;
};

inline Turn data(std::size_t records, std::size_t channel = 0) {
  return {.kind = TurnKind::kData, .records = records, .channel = channel, .control = {}};
}
inline Turn control(ElementHeader header, std::size_t channel = 0) {
  return {.kind = TurnKind::kControl, .records = 0, .channel = channel, .control = header};
}
inline Turn ended() {
  return {.kind = TurnKind::kEnded, .records = 0, .channel = 0, .control = {}};
}

struct TaskKit {
  explicit TaskKit(std::size_t channels, std::size_t aside = 0, SnapshotPort* port = nullptr) {
    script.aside = aside;
    TaskContext context;
    context.stage_name = "stage";
    context.task_index = 4;
    task = std::make_unique<Task>(std::make_unique<ScriptedBody>(script, channels), context, orders,
                                  port);
    EXPECT_TRUE(task->open().ok());
  }
  StepOutcome step() { return task->step(Instant{}, 16); }
  // Steps once on `turn` and says what the task did beyond polling.
  std::vector<std::string> after(Turn turn) {
    script.turns.push_back(turn);
    script.log.clear();
    step();
    std::erase(script.log, "poll");
    std::erase(script.log, "end_batch");
    return script.log;
  }

  Script script;
  TaskControl orders;
  std::unique_ptr<Task> task;
};

}  // namespace penstock
