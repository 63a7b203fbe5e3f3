// operators/side_output.h -- a second way out of an operator, by name and with a type of its own.
//
// An operator keeps a SideOutput<T> as a member, calls open(context) in its own open, and emits with collect(). The
// stream's side_output(...) reads it. What nobody reads is dropped and counted (side_unread).
// Cost       One indirect call per record that is emitted aside.
#pragma once

#include <string>
#include <utility>

#include "penstock/core/stream/record.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

template <class T>
class SideOutput {
 public:
  explicit SideOutput(std::string name) : name_(std::move(name)) {}

  const std::string& name() const noexcept { return name_; }

  void open(const TaskContext& context) {
    counters_ = context.counters;
    collector_ = context.side_output<T>(name_);
    read_ = context.has_side_output<T>(name_);
  }
  void collect(const Record<T>& record) noexcept {
    if (read_) {
      collector_.collect(record);
    } else {
      counters_->side_unread.add(1);
    }
  }

 private:
  std::string name_;
  AnyCollector<T> collector_;
  TaskCounters* counters_ = nullptr;
  bool read_ = false;
};

}  // namespace penstock
